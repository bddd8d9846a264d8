"""Normalised inputs for fully connected networks: zero mean, unit variance and, by PCA, no correlation."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmgb.datasets.array_files import read_npz
from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


def whitening_matrix(covariance: np.ndarray, decorrelate: bool, epsilon: float) -> np.ndarray:
    """The (D, D) matrix that gives inputs of this covariance, (D, D), unit variance.

    With ``decorrelate`` its rows are the principal components, those of largest variance first (Karhunen-Loève
    expansion), each divided by its standard deviation; else it is diagonal. ``epsilon`` times the mean variance is
    added to each variance: it keeps inputs that hardly vary, like the border of MNIST's images, from being blown up.
    """
    floor = epsilon * np.trace(covariance) / len(covariance)
    if not decorrelate:
        return np.diag(1 / np.sqrt(np.diag(covariance) + floor))
    variances, components = np.linalg.eigh(covariance)
    variances = variances[::-1].clip(min=0)
    return components.T[::-1] / np.sqrt(variances + floor)[:, None]


@TRANSFORMS.register_module()
class WhitenInputs(BaseTransform):
    """Normalise ``results['img']``, of D values in all, by the statistics of a training set; it becomes float32.

    LeCun et al., *Efficient BackProp* (1998), Section 4.3. For networks that are fully connected; a convolution wants
    its inputs in their places.

    Args:
        statistics: .npz file with ``mean`` (D,) and ``covariance`` (D, D), which
            ``tools/dataset_converters/compute_input_statistics.py`` writes.
        decorrelate: whether by PCA; the values are no longer pixels then, but the image keeps its shape.
        epsilon: see :func:`whitening_matrix`, > 0.

    Raises:
        FileNotFoundError, ValueError: when built, if the file isn't there or isn't right, or for an ``epsilon`` out of
            range; in a pipeline, for an image of another number of values.
    """

    def __init__(self, statistics: str, decorrelate: bool = False, epsilon: float = 0.01) -> None:
        if not epsilon > 0:
            raise ConfigError(f'epsilon={epsilon!r}: expected a positive number')
        try:
            arrays = read_npz(statistics, ('mean', 'covariance'))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"statistics='{statistics}' isn't there: tools/dataset_converters/compute_input_statistics.py writes it"
            ) from error
        mean, covariance = arrays['mean'], arrays['covariance']
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape:
            raise ConfigError(
                f"statistics='{statistics}': mean and covariance have the shapes {mean.shape} and "
                f'{covariance.shape}, expected (D,) and (D, D)'
            )
        self.settings = f'statistics={statistics!r}, decorrelate={decorrelate}, epsilon={epsilon}'
        self.mean = mean.astype(np.float32)
        self.matrix = whitening_matrix(covariance, decorrelate, epsilon).astype(np.float32)

    def transform(self, results: dict) -> dict:
        image = results['img']
        if image.size != len(self.mean):
            raise ConfigError(
                f'an image of the shape {image.shape} has {image.size} values, but the statistics are of '
                f'{len(self.mean)}'
            )
        centred = image.reshape(-1).astype(np.float32) - self.mean
        results['img'] = (self.matrix @ centred).reshape(image.shape)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.settings})'
