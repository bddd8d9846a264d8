"""The losses' settings are validated."""

import math

import pytest
import torch

from mmgb.functional import exp_gb_loss, pow3_gb_loss


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x, y: exp_gb_loss(x, y, targets=(16, 0)), r'targets=\(16, 0\): expected finite numbers'),
        (lambda x, y: exp_gb_loss(x, y, targets=(4, 4)), r'targets=\(4, 4\): expected finite numbers'),
        (lambda x, y: pow3_gb_loss(x, y, targets=(10, -2)), r'targets=\(10, -2\): expected finite numbers'),
        (lambda x, y: exp_gb_loss(x, y, targets=(-1, 16)), r'targets=\(-1, 16\).*expected a negative target >= 0'),
        (lambda x, y: exp_gb_loss(x, y, targets=16.0), r'targets=16.0: expected two numbers'),
        (lambda x, y: exp_gb_loss(x, y, alpha=0), r'alpha=0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, alpha=-1.0), r'alpha=-1.0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, beta=math.nan), r'beta=nan: expected a finite number'),
        (lambda x, y: exp_gb_loss(x, y, max_delta=0), r'max_delta=0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, max_delta=math.inf), r'max_delta=inf: expected a positive number'),
    ],
)
def test_invalid_settings_are_named_in_one_sentence(call, message):
    scores = torch.linspace(-1, 1, 12).view(4, 3)
    with pytest.raises(ValueError, match=message) as error:
        call(scores, torch.tensor([0, 1, 2, 0]))
    assert '\n' not in str(error.value)
