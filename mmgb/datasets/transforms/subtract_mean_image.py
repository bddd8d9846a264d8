"""Input normalisation of *Relay Backpropagation*: subtract the training set's mean image, pixel by pixel."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmgb.datasets.array_files import read_npy
from mmgb.functional.errors import ConfigError
from mmgb.registry import TRANSFORMS


def subtract_mean(image: np.ndarray, mean_image: np.ndarray) -> np.ndarray:
    """Subtract the mean image if the sizes are equal, else its mean colour.

    The mean colour serves the fully-convolutional test on whole images, where no position of the mean image corresponds
    to a pixel. The paper's authors test their released network with the mean colour, too.

    Args:
        image (np.ndarray): (h, w, C).
        mean_image (np.ndarray): (H, W, C).

    Returns:
        (h, w, C) float32.
    """
    same_size = image.shape == mean_image.shape
    return image.astype(np.float32) - (mean_image if same_size else mean_image.mean((0, 1)))


def subtract_resized_mean(image: np.ndarray, mean_image: np.ndarray) -> np.ndarray:
    """Subtract the mean image, resized to the image.

    Each pixel loses the mean at its own place, whatever is cropped afterwards.

    Args:
        image (np.ndarray): (h, w, C).
        mean_image (np.ndarray): (H, W, C) float32, of whole images.

    Returns:
        (h, w, C) float32.
    """
    height, width = image.shape[:2]
    resized = cv2.resize(mean_image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image.astype(np.float32) - resized.reshape(height, width, -1)  # OpenCV drops a single channel's axis


@TRANSFORMS.register_module()
class SubtractMeanImage(BaseTransform):
    """Subtract a mean image from ``results['img']``, which becomes float32; see :func:`subtract_mean`.

    Place it after the crop, and before the flip if the mean image must not be mirrored together with the image. With
    ``resize=True`` place it before the crop; see :func:`subtract_resized_mean`.

    Args:
        mean_image (str): .npy file that ``tools/dataset_converters/compute_mean_image.py`` writes, (H, W, C) in the
            channel order of the pipeline's images.
        resize (bool): whether to resize the mean image to each image. It is then of whole images (``--whole``), not of
            central crops. Default: False.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if the file isn't such an array; in a pipeline, if an image has another number of channels.
    """

    def __init__(self, mean_image: str, resize: bool = False) -> None:
        self.path = mean_image
        self.resize = resize
        try:
            self.mean_image = read_npy(mean_image)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"mean_image='{mean_image}': no such file; tools/dataset_converters/compute_mean_image.py writes it"
            ) from error
        except ConfigError as error:
            raise ConfigError(f'mean_image={error}') from error
        if self.mean_image.ndim != 3 or self.mean_image.dtype.kind != 'f':
            raise ConfigError(
                f"mean_image='{mean_image}': expected floating-point numbers of shape (height, width, channels), got "
                f'{self.mean_image.dtype} of shape {self.mean_image.shape}'
            )
        if not np.isfinite(self.mean_image).all():
            raise ConfigError(f"mean_image='{mean_image}': expected finite numbers, got NaN or infinity")
        self.mean_image = self.mean_image.astype(np.float32)  # OpenCV can't resize float16

    def transform(self, results: dict) -> dict:
        image = results['img']
        if image.ndim != 3 or image.shape[2] != self.mean_image.shape[2]:
            raise ConfigError(
                f'image of shape {image.shape}: expected {self.mean_image.shape[2]} channels, as '
                f"mean_image='{self.path}' has"
            )
        results['img'] = (subtract_resized_mean if self.resize else subtract_mean)(image, self.mean_image)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(mean_image={self.path!r}, resize={self.resize})'
