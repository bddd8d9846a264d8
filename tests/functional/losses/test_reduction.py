"""Sample weights, class weights and normalizers."""

import math

import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, make_case, paper_delta

from mmgb.functional import exp_gb_loss
from mmgb.functional.losses.reduction import mask_zero_weights, sample_weights


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('avg_non_ignore', [True, False])
@pytest.mark.parametrize('avg_factor', [None, 7.0])
@pytest.mark.parametrize('class_weighted', [False, True])
def test_gradient_is_the_papers_delta_times_the_weights(loss, setting, avg_non_ignore, avg_factor, class_weighted):
    scores, labels, weight, class_weight = make_case(1)
    if not class_weighted:
        class_weight = None
    negative, positive = setting['targets']
    loss(
        scores,
        labels,
        weight=weight,
        class_weight=class_weight,
        ignore_index=IGNORE,
        avg_non_ignore=avg_non_ignore,
        avg_factor=avg_factor,
        **setting,
    ).backward()

    expected = torch.zeros_like(scores)
    divisor = 0.0
    for n, i, j in torch.cartesian_prod(*(torch.arange(s) for s in labels.shape)).tolist():
        label = labels[n, i, j].item()
        if label == IGNORE:
            divisor += 0.0 if avg_non_ignore or class_weighted else 1.0  # an ignored pixel has no class weight
            continue
        of_class = class_weight[label].item() if class_weighted else 1.0
        divisor += of_class
        for c in range(scores.shape[1]):
            t = torch.tensor(positive if c == label else negative, dtype=torch.float64)
            expected[n, c, i, j] = paper_delta(loss, scores[n, c, i, j].detach(), t) * weight[n, i, j] * of_class
    assert torch.allclose(scores.grad, expected / (avg_factor or divisor), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
@pytest.mark.parametrize('at_ignored', [0.0, float('inf'), float('nan')])
def test_a_batch_of_ignored_pixels_has_zero_loss_and_gradient(loss, setting, reduction, at_ignored):
    scores = torch.full((2, 3, 4, 4), at_ignored, requires_grad=True)
    value = loss(scores, torch.full((2, 4, 4), IGNORE), ignore_index=IGNORE, reduction=reduction, **setting)
    value.backward()
    assert value.item() == 0
    assert torch.equal(scores.grad, torch.zeros_like(scores))


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x, y: exp_gb_loss(x, y, reduction='average'), r"reduction='average': expected 'mean', 'sum' or 'none'"),
        (
            lambda x, y: exp_gb_loss(x, y, reduction='sum', avg_factor=3),
            r"avg_factor=3: expected None with reduction='sum'",
        ),
        (lambda x, y: exp_gb_loss(x, y, class_weight=torch.ones(4)), r'class_weight of shape \(4,\).* the 3 classes'),
    ],
)
def test_invalid_input_is_named_in_one_sentence(call, message):
    scores = torch.linspace(-1, 1, 12).view(4, 3)
    with pytest.raises(ValueError, match=message) as error:
        call(scores, torch.tensor([0, 1, 2, 0]))
    assert '\n' not in str(error.value)


def test_sample_weights_are_the_product_of_mask_weight_and_class_weight():
    scores, labels = torch.zeros(4, 3), torch.tensor([0, 1, 2, IGNORE])
    weight, class_weight = torch.tensor([1.0, 0.5, 2.0, 3.0]), torch.tensor([0.1, 1.0, 10.0])
    found, normalizer = sample_weights(
        scores,
        labels,
        labels != IGNORE,
        weight=weight,
        class_weight=class_weight,
        avg_non_ignore=True,
        reduction='mean',
        avg_factor=None,
    )
    torch.testing.assert_close(found, torch.tensor([0.1, 0.5, 20.0, 0.0]))
    torch.testing.assert_close(normalizer, torch.tensor(11.1))


def test_zero_weight_samples_are_masked_in_float32():
    scores = torch.tensor([[1.0, math.nan], [3.0, -2.0]], dtype=torch.float16)
    masked = mask_zero_weights(scores, torch.tensor([0.0, 0.5]))
    assert masked.dtype == torch.float32 and masked.tolist() == [[0.0, 0.0], [3.0, -2.0]]
