"""Normalise the inputs of fully connected networks: zero mean, unit variance and, by PCA, no correlation."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmgb.datasets.array_files import read_npz
from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


def whitening_matrix(covariance: np.ndarray, decorrelate: bool, epsilon: float) -> np.ndarray:
    """Return the matrix that gives centred inputs unit variance.

    With ``decorrelate`` its rows are the principal components in decreasing order of variance (Karhunen-Loève
    expansion), each divided by its standard deviation; otherwise it is diagonal.

    Args:
        covariance (np.ndarray): (D, D) covariance of the inputs.
        decorrelate (bool): whether the outputs are uncorrelated.
        epsilon (float): multiple of the mean variance that is added to every variance. It keeps inputs that hardly
            vary, such as the border of MNIST's images, from being amplified.

    Returns:
        (D, D) matrix to multiply from the left.
    """
    floor = epsilon * np.trace(covariance) / len(covariance)
    if not decorrelate:
        return np.diag(1 / np.sqrt(np.diag(covariance) + floor))
    variances, components = np.linalg.eigh(covariance)
    variances = variances[::-1].clip(min=0)
    return components.T[::-1] / np.sqrt(variances + floor)[:, None]


@TRANSFORMS.register_module()
class WhitenInputs(BaseTransform):
    """Normalise all values of ``results['img']`` by the statistics of a training set; the image becomes float32.

    LeCun et al., *Efficient BackProp* (1998), Section 4.3. The transform is meant for fully connected networks, because
    decorrelated values have no spatial neighbourhood for a convolution.

    Args:
        statistics (str): .npz file with ``mean`` (D,) and ``covariance`` (D, D) of images of D values, which
            ``tools/dataset_converters/compute_input_statistics.py`` writes.
        decorrelate (bool): whether to decorrelate the values by PCA. The image keeps its shape, but its values are
            principal components instead of pixels. Default: False.
        epsilon (float): positive regularisation; see :func:`whitening_matrix`. Default: 0.01.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if the file or ``epsilon`` is invalid; in a pipeline, if an image has another number of values.
    """

    def __init__(self, statistics: str, decorrelate: bool = False, epsilon: float = 0.01) -> None:
        if not epsilon > 0:
            raise ConfigError(f'epsilon={epsilon!r}: expected a positive number')
        try:
            arrays = read_npz(statistics, ('mean', 'covariance'))
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"statistics='{statistics}': no such file; tools/dataset_converters/compute_input_statistics.py "
                'writes it'
            ) from error
        mean, covariance = arrays['mean'], arrays['covariance']
        if mean.ndim != 1 or covariance.shape != 2 * mean.shape:
            raise ConfigError(
                f"statistics='{statistics}': expected mean and covariance of shapes (D,) and (D, D), got {mean.shape} "
                f'and {covariance.shape}'
            )
        if not all(array.dtype.kind in 'iuf' and np.isfinite(array).all() for array in (mean, covariance)):
            raise ConfigError(
                f"statistics='{statistics}': expected finite numbers, got other values in mean or covariance"
            )
        self.settings = f'statistics={statistics!r}, decorrelate={decorrelate}, epsilon={epsilon}'
        self.mean = mean.astype(np.float32)
        self.matrix = whitening_matrix(covariance, decorrelate, epsilon).astype(np.float32)

    def transform(self, results: dict) -> dict:
        image = results['img']
        if image.size != len(self.mean):
            raise ConfigError(
                f'image of shape {image.shape}: expected {len(self.mean)} values as in the statistics, got {image.size}'
            )
        centred = image.reshape(-1).astype(np.float32) - self.mean
        results['img'] = (self.matrix @ centred).reshape(image.shape)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.settings})'
