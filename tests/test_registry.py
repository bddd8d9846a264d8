import sys
import types

import pytest
from mmengine.registry import Registry

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
    assert registry.get('Unknown') is None
    assert registry.imports == 0
