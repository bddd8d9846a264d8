"""The one exception for invalid input."""

import pytest
import torch

from mmgb import functional
from mmgb.functional.errors import ConfigError


def test_invalid_settings_raise_a_config_error_that_is_a_value_error():
    assert issubclass(ConfigError, ValueError) and functional.ConfigError is ConfigError
    with pytest.raises(ConfigError, match='alpha=-1.0: expected a positive number'):
        functional.exp_gb_loss(torch.zeros(1, 2), torch.tensor([0]), alpha=-1.0)
