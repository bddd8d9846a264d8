"""The Relay paper's normalisation: the training set's mean image is subtracted, pixel by pixel."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


def subtract_mean(image: np.ndarray, mean_image: np.ndarray) -> np.ndarray:
    """``image`` (h, w, C) less ``mean_image`` (H, W, C) where they have one size, else less its mean colour; float32.

    The second case is the fully-convolutional test on whole images: no position of the mean image belongs to a pixel
    there, and the network that the paper's authors released is tested with the mean colour, too.
    """
    same_size = image.shape == mean_image.shape
    return image.astype(np.float32) - (mean_image if same_size else mean_image.mean((0, 1)))


@TRANSFORMS.register_module()
class SubtractMeanImage(BaseTransform):
    """Subtract a mean image from ``results['img']``, which becomes float32; see :func:`subtract_mean`.

    It goes behind the crop, and before the flip if the mean image shall not be mirrored with its image.

    Args:
        mean_image: .npy file that ``tools/dataset_converters/compute_mean_image.py`` writes, (H, W, C) in the channel
            order of the pipeline's images.

    Raises:
        FileNotFoundError, ValueError: when built, if the file isn't there or holds no such image; in a pipeline, for
            an image of other channels.
    """

    def __init__(self, mean_image: str) -> None:
        self.path = mean_image
        try:
            self.mean_image = np.load(mean_image, allow_pickle=False)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"mean_image='{mean_image}' isn't there: tools/dataset_converters/compute_mean_image.py writes it"
            ) from error
        except (EOFError, ValueError) as error:
            raise ConfigError(f"mean_image='{mean_image}' can't be read as an .npy file: {error}") from error
        if self.mean_image.ndim != 3 or self.mean_image.dtype.kind != 'f':
            raise ConfigError(
                f"mean_image='{mean_image}' is {self.mean_image.dtype} of the shape "
                f'{self.mean_image.shape}: expected floating-point numbers (height, width, channels)'
            )

    def transform(self, results: dict) -> dict:
        image = results['img']
        if image.ndim != 3 or image.shape[2] != self.mean_image.shape[2]:
            raise ConfigError(
                f"an image of the shape {image.shape} doesn't fit mean_image='{self.path}', which has "
                f'{self.mean_image.shape[2]} channels'
            )
        results['img'] = subtract_mean(image, self.mean_image)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(mean_image={self.path!r})'
