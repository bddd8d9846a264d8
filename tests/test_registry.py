import sys
import types

import pytest
from mmengine.registry import DATA_SAMPLERS, HOOKS, MODELS, Registry

from mmgb.functional.errors import ConfigError
from mmgb.registry import HostBoundRegistry


@pytest.fixture
def registry(monkeypatch):
    """Return a registry with one entry, 'Bound', whose module registers it and counts its imports."""
    root = Registry('part', scope='mmengine')
    registry = HostBoundRegistry('part', parent=root, scope='mmgb', host_bound={'Bound': 'host_bound_of_this_test'})
    registry.imports = 0

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == 'host_bound_of_this_test':
                from importlib.machinery import ModuleSpec

                return ModuleSpec(name, self)

        def create_module(self, spec):
            return types.ModuleType(spec.name)

        def exec_module(self, module):
            registry.imports += 1
            registry.register_module(name='Bound', module=type('Bound', (), {}))

    monkeypatch.setattr(sys, 'meta_path', [Finder(), *sys.meta_path])
    yield registry
    sys.modules.pop('host_bound_of_this_test', None)


@pytest.mark.parametrize('name', ['Bound', 'mmgb.Bound'])
def test_the_module_of_a_host_bound_entry_is_imported_at_its_first_look_up(name, registry):
    assert registry.imports == 0
    assert registry.get(name) is registry.get(name) and registry.get(name).__name__ == 'Bound'
    assert registry.imports == 1


def test_other_names_and_other_scopes_import_nothing(registry):
    registry.register_module(name='Free', module=dict)
    assert registry.get('Free') is dict
    with pytest.raises(ConfigError):
        registry.get('Unknown')
    assert registry.imports == 0


@pytest.mark.parametrize('name', ['bund', 'mmgb.BOUND', 'Bounds'])
def test_an_unknown_name_is_refused_with_the_close_ones(name, registry):
    registry.register_module(name='Free', module=dict)
    with pytest.raises(ConfigError, match=r'expected a part of mmgb, such as mmgb.Bound; see docs/faq.md$'):
        registry.get(name)
    assert registry.imports == 0


def test_without_a_close_name_all_are_listed(registry):
    registry.register_module(name='Free', module=dict)
    with pytest.raises(ConfigError, match=r"^type='mmgb.Xyz': .* such as mmgb.Bound, mmgb.Free; "):
        registry.get('mmgb.Xyz')


@pytest.mark.parametrize(
    'root, misspelt, close',
    [
        (MODELS, 'mmgb.Pow3GBLos', 'mmgb.Pow3GBLoss'),
        (MODELS, 'mmgb.PixelnetHead', 'mmgb.PixelNetHead'),
        (DATA_SAMPLERS, 'mmgb.ClassAwareSample', 'mmgb.ClassAwareSampler'),
        (HOOKS, 'mmgb.GradientStatHook', 'mmgb.GradientStatsHook'),
    ],
)
def test_a_misspelt_name_in_a_config_lists_the_right_one(root, misspelt, close):
    with pytest.raises(ConfigError) as refusal:
        root.build(dict(type=misspelt))
    assert f"type='{misspelt}'" in str(refusal.value) and close in str(refusal.value)


def test_names_of_the_parents_and_paths_of_classes_are_found():
    from mmgb.models.losses import ExpGBLoss
    from mmgb.registry import MODELS as OURS

    assert OURS.get('Conv2d') is MODELS.get('Conv2d')
    assert MODELS.get('mmgb.models.losses.exp_gb.ExpGBLoss') is ExpGBLoss
