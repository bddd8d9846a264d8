"""Necks between a backbone and a classification head."""

from .spatial_pyramid_pooling import SpatialPyramidPooling

__all__ = ['SpatialPyramidPooling']
