import importlib.util
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from mmgb.compat import pkg_resources_finder


def test_the_pkg_resources_replacement_has_what_mmengine_uses():
    finder = pkg_resources_finder._PkgResourcesFinder()
    assert isinstance(finder.find_spec('pkg_resources'), ModuleSpec) and finder.find_spec('other') is None
    module = importlib.util.module_from_spec(finder.find_spec('pkg_resources'))
    finder.exec_module(module)
    torchs = module.get_distribution('torch')
    assert Path(torchs.location, 'torch') == Path(torch.__file__).parent
    assert not torchs.has_metadata('nothing.txt')
    assert torchs.get_metadata('METADATA') == metadata.distribution('torch').read_text('METADATA')
    with pytest.raises(module.DistributionNotFound):
        module.get_distribution('no-such-distribution')


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec('pkg_resources') is not None, reason='pkg_resources is installed here')
def test_mmengine_0_10_7_itself_does_not_work_without_pkg_resources(unpatched_originals):
    """Once it does, `provide_pkg_resources` goes."""
    assert unpatched_originals['is_installed'] == "No module named 'pkg_resources'"
