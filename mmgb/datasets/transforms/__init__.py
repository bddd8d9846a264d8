"""Image transforms of the papers' input pipelines."""

from .random_channel_gain import RandomChannelGain
from .subtract_mean_image import SubtractMeanImage
from .whiten_inputs import WhitenInputs

__all__ = ['RandomChannelGain', 'SubtractMeanImage', 'WhitenInputs']
