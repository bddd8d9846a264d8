"""Image transforms of the papers' input pipelines."""

from .crop_at import CropAt
from .random_channel_gain import RandomChannelGain
from .subtract_mean_image import SubtractMeanImage
from .whiten_inputs import WhitenInputs

__all__ = ['CropAt', 'RandomChannelGain', 'SubtractMeanImage', 'WhitenInputs']
