"""Registries of mmgb, through which a config of any host finds ``type='mmgb.X'`` without ``custom_imports``.

Each is a child of one of mmengine's root registries. mmengine imports ``mmgb.registry`` at the first name with the
scope ``mmgb``, and a registry imports its ``locations`` at its first look-up. This also works in the hosts' own tools.
"""

from __future__ import annotations

import difflib
from importlib import import_module

from mmengine.registry import DATA_SAMPLERS as ROOT_DATA_SAMPLERS
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import HOOKS as ROOT_HOOKS
from mmengine.registry import LOOPS as ROOT_LOOPS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

from mmgb.functional.errors import ConfigError


class NamingRegistry(Registry):
    """A registry whose error for an unknown name lists the close ones."""

    def names(self) -> list[str]:
        """Return the registered names, sorted."""
        return sorted(self.module_dict)

    def get(self, key: str) -> type | None:
        """Return the class registered as ``key`` in this registry or, without a scope in ``key``, in its parents.

        Raises:
            ConfigError: if there is none; the message lists close names.
        """
        found = super().get(key)
        name = key.removeprefix(f'{self.scope}.')
        if found is None and '.' not in name:  # with a dot it may be the path of a class, which mmengine imports
            names = self.names()
            lower = {known.lower(): known for known in names}
            close = [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3)] or names
            raise ConfigError(
                f"type='{self.scope}.{name}': expected a {self.name} of {self.scope}, such as "
                f'{", ".join(f"{self.scope}.{known}" for known in close)}; see docs/faq.md'
            )
        return found


class HostBoundRegistry(NamingRegistry):
    """A registry with entries that subclass a host's classes.

    The module of such an entry is imported at the first look-up of its name, so that a run with one host does not
    import the other one, which may not be installed.

    Args:
        host_bound (dict[str, str]): name of each such entry to the module that registers it.
    """

    def __init__(self, *args, host_bound: dict[str, str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.host_bound = host_bound

    def names(self) -> list[str]:
        return sorted({*self.module_dict, *self.host_bound})

    def get(self, key: str) -> type | None:
        """Return the class registered as ``key``; import its module first if it is bound to a host.

        Raises:
            ConfigError: if there is none; the message lists close names.
        """
        scope, name = self.split_scope_key(key)
        if scope in (None, self.scope) and name in self.host_bound:
            import_module(self.host_bound[name])
        return super().get(key)


MODELS = HostBoundRegistry(
    'model',
    parent=ROOT_MODELS,
    scope='mmgb',
    locations=['mmgb.models'],
    host_bound={
        'AuxiliaryClsHead': 'mmgb.models.heads.auxiliary_cls_head',
        'FullResolutionLoss': 'mmgb.models.heads.full_resolution_loss',
        'PixelNetHead': 'mmgb.models.heads.pixelnet_head',
        'AverageClsScoreTTA': 'mmgb.models.average_cls_score_tta',
        'BoostedSegTTAModel': 'mmgb.models.boosted_seg_tta',
        'BoostedLinearClsHead': 'mmgb.models.heads.boosted_cls_head',
        'BoostedMultiLabelLinearClsHead': 'mmgb.models.heads.boosted_cls_head',
    },
)
DATASETS = HostBoundRegistry(
    'dataset',
    parent=ROOT_DATASETS,
    scope='mmgb',
    locations=['mmgb.datasets.fault_tolerant_dataset'],
    host_bound={
        'Places2': 'mmgb.datasets.places2',
        'ArrayDataset': 'mmgb.datasets.array_dataset',
    },
)
DATA_SAMPLERS = NamingRegistry(
    'data sampler', parent=ROOT_DATA_SAMPLERS, scope='mmgb', locations=['mmgb.datasets.samplers']
)
HOOKS = NamingRegistry('hook', parent=ROOT_HOOKS, scope='mmgb', locations=['mmgb.engine.hooks'])
LOOPS = Registry('loop', parent=ROOT_LOOPS, scope='mmgb', locations=['mmgb.engine.loops'])
METRICS = NamingRegistry('metric', parent=ROOT_METRICS, scope='mmgb', locations=['mmgb.evaluation'])
TRANSFORMS = NamingRegistry('transform', parent=ROOT_TRANSFORMS, scope='mmgb', locations=['mmgb.datasets.transforms'])
WEIGHT_INITIALIZERS = NamingRegistry(
    'weight initializer', parent=ROOT_WEIGHT_INITIALIZERS, scope='mmgb', locations=['mmgb.models.initializers']
)
