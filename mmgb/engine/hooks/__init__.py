"""Hooks that check a run before its first step, watch its losses and gradients, and make it resume exactly."""

from .check_class_count_hook import CheckClassCountHook
from .check_crop_size_hook import CheckCropSizeHook
from .check_invalid_loss_hook import CheckInvalidLossHook
from .exact_resume_hook import ExactResumeHook
from .gradient_stats_hook import GradientStatsHook

__all__ = ['CheckClassCountHook', 'CheckCropSizeHook', 'CheckInvalidLossHook', 'ExactResumeHook', 'GradientStatsHook']
