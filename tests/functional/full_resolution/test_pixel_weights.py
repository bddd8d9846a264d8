"""The factor of each pixel in the reduced loss of enlarged scores."""

import pytest
import torch

from mmgb.functional.errors import ConfigError
from mmgb.functional.full_resolution.pixel_weights import pixel_weights

SCORES = torch.zeros(1, 3, 1, 2)
LABELS = torch.tensor([[[0, 1, 2, 255]]])


@pytest.mark.parametrize(
    'options, expected',
    [
        (dict(), [1 / 3, 1 / 3, 1 / 3, 0]),
        (dict(avg_non_ignore=False), [1 / 4, 1 / 4, 1 / 4, 0]),
        (dict(reduction='sum'), [1, 1, 1, 0]),
        (dict(avg_factor=2.0), [1 / 2, 1 / 2, 1 / 2, 0]),
        (dict(class_weight=torch.tensor([1.0, 3.0, 0.0])), [1 / 4, 3 / 4, 0, 0]),
        (dict(weight=torch.tensor([2.0, 1.0, 1.0, 1.0])), [2 / 3, 1 / 3, 1 / 3, 0]),
    ],
)
def test_weights_are_those_of_the_reduction(options, expected):
    found = pixel_weights(SCORES, LABELS, ignore_index=255, **options)
    torch.testing.assert_close(found, torch.tensor([[expected]], dtype=torch.float32))


def test_single_losses_and_targets_without_rows_are_refused():
    with pytest.raises(ConfigError, match="^reduction='none': expected 'mean' or 'sum'"):
        pixel_weights(SCORES, LABELS, reduction='none')
    with pytest.raises(ConfigError, match=r'^target of shape \(4,\): expected labels \(N, H, W\) or class scores'):
        pixel_weights(SCORES, LABELS.flatten())
