"""Child registries of mmengine's roots, so that a config of any host finds ``type='mmgb.X'`` by itself.

mmengine imports ``mmgb.registry`` when it meets the scope ``mmgb`` for the first time, and a registry imports
its ``locations`` at its first look-up: no ``custom_imports`` is needed, under any host's own tools.
"""
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

MODELS = Registry('model', parent=ROOT_MODELS, scope='mmgb', locations=['mmgb.models'])
TRANSFORMS = Registry('transform', parent=ROOT_TRANSFORMS, scope='mmgb', locations=['mmgb.datasets.transforms'])
WEIGHT_INITIALIZERS = Registry('weight initializer', parent=ROOT_WEIGHT_INITIALIZERS, scope='mmgb',
                               locations=['mmgb.models.initializers'])
