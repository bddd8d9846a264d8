"""Float32 computations stay out of autocast on every device."""

import pytest
import torch

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.autocast import without_autocast


def test_a_product_keeps_float32_inside_autocast():
    matrix = torch.randn(4, 4)
    with torch.autocast('cpu', torch.bfloat16):
        assert (matrix @ matrix).dtype == torch.bfloat16
        with without_autocast(matrix.device):
            assert (matrix @ matrix).dtype == torch.float32


@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
def test_losses_run_on_the_meta_device_which_has_no_autocast(loss):
    scores = torch.empty(2, 5, 4, 4, device='meta', requires_grad=True)
    loss(scores, torch.empty(2, 4, 4, dtype=torch.long, device='meta')).backward()
    assert scores.grad.shape == scores.shape
