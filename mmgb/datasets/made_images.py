"""Data set of made images for a pipeline of either host, in place of one that is not on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from torch.utils.data import Dataset

from mmgb.registry import DATASETS

from .natural_images import colour, patterns, textures

USED_CLASSES = 10  # so that a few steps see each class often enough to learn it
TEXTURES = 24  # drawn once; an image is a shift of three of them
CELLS = 4  # of a pattern, in each direction
REGIONS = 3  # of a label map, the first of class 0
BACKGROUND = 0.8  # head start of the first region, in standard deviations of its field
BORDER = 0.05  # pixels whose two best fields differ by less are ignored, as VOC's borders are
IGNORED = 255


@DATASETS.register_module()
class MadeImages(Dataset):
    """Made images with natural statistics and labels that can be learnt, drawn when they are read.

    A sample depends on the seed and its index alone. Its class adds a fixed smooth pattern of colours to a random
    texture; in a label map, each region's class adds its own colour there. The labels come from ten classes, evenly
    spread over ``num_classes``. An image is passed on as the hosts' loading transforms return it, so ``pipeline`` has
    none of them.

    Args:
        num_classes (int): number of classes.
        size (tuple[int, int]): height and width of the images in pixels.
        length (int): number of images.
        pipeline (Sequence[dict]): transforms after loading.
        segmentation (bool): True for a label map ``gt_seg_map``, False for a class ``gt_label``. Default: False.
        channels (int): 3, or 1 for an (H, W) image. Default: 3.
        channel_order (str): ``'bgr'`` as image files are read, or ``'rgb'``. Default: ``'bgr'``.
        to_float32 (bool): whether the pixels, in 0...255, are float32 instead of uint8. Default: False.
        seed (int): seed of the images. Default: 0.
    """

    metainfo: dict = {}

    def __init__(
        self,
        num_classes: int,
        size: tuple[int, int],
        length: int,
        pipeline: Sequence[dict],
        segmentation: bool = False,
        channels: int = 3,
        channel_order: str = 'bgr',
        to_float32: bool = False,
        seed: int = 0,
    ) -> None:
        self.num_classes, self.size, self.length = num_classes, tuple(size), length
        self.segmentation, self.channels, self.channel_order = segmentation, channels, channel_order
        self.to_float32, self.seed = to_float32, seed
        self.pipeline = Compose(pipeline)
        self.used = np.linspace(0, num_classes - 1, min(num_classes, USED_CLASSES)).round().astype(int)
        rng = np.random.default_rng(seed)
        self._textures = textures(rng, TEXTURES, *self.size)
        cells = 1 if segmentation else CELLS
        self._patterns = patterns(rng, 3 * len(self.used), *self.size, cells).reshape(len(self.used), 3, *self.size)

    def __len__(self) -> int:
        return self.length

    def full_init(self) -> None:
        """Do nothing: mmengine's wrappers call it to load what the images don't need."""

    def get_gt_labels(self) -> np.ndarray:
        """Return the class of every image, (length,) int64."""
        return self.used[np.arange(self.length) % len(self.used)]

    def __getitem__(self, index: int) -> Any:
        rng = np.random.default_rng((self.seed, index))
        chosen = self._textures[rng.choice(TEXTURES, 3, replace=False)]
        texture = np.roll(chosen, rng.integers(self.size), axis=(1, 2)) * rng.choice([-1, 1], (3, 1, 1))
        if self.segmentation:
            labels, pattern = self._draw_regions(rng)
            results = dict(gt_seg_map=labels, seg_fields=['gt_seg_map'], reduce_zero_label=False)
        else:
            place = index % len(self.used)
            pattern = self._patterns[place]
            results = dict(gt_label=int(self.used[place]))
        image = colour(texture, pattern, self.channels)
        if self.channels == 3 and self.channel_order == 'bgr':
            image = image[..., ::-1]
        image = np.ascontiguousarray(image, dtype=np.float32 if self.to_float32 else np.uint8)
        results.update(img=image, img_path=f'made image {index}', img_shape=self.size, ori_shape=self.size)
        return self.pipeline(results)

    def _draw_regions(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw a label map, (H, W) uint8, and the patterns of its classes, (3, H, W)."""
        others = 1 + rng.choice(len(self.used) - 1, min(REGIONS, len(self.used)) - 1, replace=False)
        places = np.array([0, *others])
        fields = patterns(rng, len(places), *self.size, CELLS)
        fields[0] += BACKGROUND
        region = fields.argmax(axis=0)
        best = np.sort(fields, axis=0)
        labels = self.used[places][region].astype(np.uint8)
        labels[best[-1] - best[-2] < BORDER] = IGNORED
        pattern = np.take_along_axis(self._patterns[places], region[None, None], axis=0)[0]
        return labels, pattern
