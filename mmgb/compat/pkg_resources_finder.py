"""Provide the module ``pkg_resources``, which mmengine imports and setuptools no longer has."""

import importlib.util
import sys
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec


def provide_pkg_resources():
    """Provide ``pkg_resources`` for mmengine <= 0.10.7.

    mmengine imports it in ``utils/package_utils.py``, and setuptools 82 has removed it. mmengine also *reloads* the
    module, so an entry in ``sys.modules`` is not enough; this adds an import finder. Does nothing for a newer mmengine,
    or if ``pkg_resources`` is installed.
    """
    import mmengine
    from mmengine.utils import digit_version

    wanted = digit_version(mmengine.__version__) <= digit_version('0.10.7')
    if wanted and importlib.util.find_spec('pkg_resources') is None:
        sys.meta_path.append(_PkgResourcesFinder())


class _PkgResourcesFinder(MetaPathFinder, Loader):
    """Import finder for a ``pkg_resources`` with the two names that mmengine uses, made from importlib.metadata."""

    def find_spec(self, fullname, path=None, target=None):
        return ModuleSpec(fullname, self) if fullname == 'pkg_resources' else None

    def exec_module(self, module):
        class Distribution:
            def __init__(self, name):
                self._found = metadata.distribution(name)
                self.location = str(self._found.locate_file(''))

            def has_metadata(self, filename):
                return self._found.read_text(filename) is not None

            def get_metadata(self, filename):
                return self._found.read_text(filename)

        module.DistributionNotFound = metadata.PackageNotFoundError
        module.get_distribution = Distribution
