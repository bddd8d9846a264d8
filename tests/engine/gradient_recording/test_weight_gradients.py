"""Weight gradient statistics on small numbers that can be checked by hand."""

import pytest
import torch
from torch import nn

from mmgb.engine.gradient_recording.weight_gradients import weight_gradient_scalars


def parameter(values, gradient):
    weight = nn.Parameter(torch.tensor(values))
    weight.grad = None if gradient is None else torch.tensor(gradient)
    return weight


@pytest.mark.parametrize('scale', [None, 8.0])
def test_mean_magnitude_and_its_ratio_to_the_weights(scale):
    weights = dict(
        conv=parameter([[1.0, -3.0]], [[0.5, -1.5]]), unused=parameter([1.0], None), fc=parameter([4.0], [-1.0])
    )
    found = weight_gradient_scalars(weights, None if scale is None else torch.tensor(scale))
    expected = {
        'grad_stats/weight_grad_mean/conv': 1.0,
        'grad_stats/weight_grad_mean/fc': 1.0,
        'grad_stats/weight_grad_ratio/conv': 0.5,
        'grad_stats/weight_grad_ratio/fc': 0.25,
    }
    assert found == {name: value / (scale or 1) for name, value in expected.items()}


def test_weights_without_gradients_give_no_scalars():
    assert weight_gradient_scalars(dict(fc=parameter([1.0], None))) == {}
