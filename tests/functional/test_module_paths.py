"""Modules are found by path; wrong paths and compiled modules are rejected by name."""

import pytest
import torch
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.module_paths import find_module


def network():
    return nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Identity())


def test_a_path_leads_to_its_module():
    model = network()
    assert find_module(model, '0.1', 'source') is model[0][1]
    assert find_module(model, '1', 'source') is model[1]


def test_a_wrong_path_is_rejected_with_the_field_and_close_matches():
    model = nn.ModuleDict(dict(first=nn.Identity(), last=nn.Identity()))
    with pytest.raises(ConfigError, match=r"^lowest='frist': no such module; close matches: first$"):
        find_module(model, 'frist', 'lowest')
    with pytest.raises(ConfigError, match=r"^lowest='first\.weight': no such module"):
        find_module(model, 'first.weight', 'lowest')
    with pytest.raises(ConfigError, match=r"^source='': no such module"):
        find_module(model, '', 'source')


@pytest.mark.parametrize('compiled', ['wrapped', 'in place'])
def test_a_module_inside_a_compiled_one_is_rejected(compiled):
    model = network()
    if compiled == 'wrapped':
        model[0] = torch.compile(model[0])
    else:
        model[0].compile()
    with pytest.raises(ConfigError, match=r"^source='0\.1': expected .* but '0' is compiled"):
        find_module(model, '0.1', 'source')
    assert find_module(model, '1', 'source') is model[1]
