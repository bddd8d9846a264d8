from .spatial_pyramid_pooling import SpatialPyramidPooling

__all__ = ['SpatialPyramidPooling']
