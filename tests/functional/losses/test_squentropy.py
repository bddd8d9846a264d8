"""Squentropy against its formula, written out in numpy."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from mmgb.functional.losses.squentropy import squentropy_loss


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def loss_of_one(x, label):
    """Return the loss of one sample from its scores x, (C,)."""
    wrong = [score for c, score in enumerate(x) if c != label]
    return -math.log(softmax(x)[label]) + sum(score**2 for score in wrong) / len(wrong)


def gradient_of_one(x, label):
    gradient = softmax(x) + 2 * x / (len(x) - 1)
    gradient[label] = softmax(x)[label] - 1
    return gradient


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return 3 * torch.randn(6, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2, 0])


@pytest.fixture
def pixels():
    """Two images of 3×5 pixels, some with the label 255."""
    torch.manual_seed(1)
    labels = torch.randint(4, (2, 3, 5))
    labels[0, 1] = labels[1, :, 2] = 255
    return torch.randn(2, 4, 3, 5, dtype=torch.float64), labels


def each(scores, labels):
    return np.array([loss_of_one(x, y) for x, y in zip(scores.numpy(), labels.tolist())])


@pytest.mark.parametrize('classes', [2, 3, 10])
def test_value_and_gradient_are_the_formulas(classes):
    torch.manual_seed(classes)
    scores = 3 * torch.randn(7, classes, dtype=torch.float64)
    labels = torch.randint(classes, (7,))
    variable = scores.clone().requires_grad_()
    losses = squentropy_loss(variable, labels, reduction='none')
    losses.sum().backward()
    np.testing.assert_allclose(losses.detach().numpy(), each(scores, labels), rtol=1e-12)
    expected = np.stack([gradient_of_one(x, y) for x, y in zip(scores.numpy(), labels.tolist())])
    np.testing.assert_allclose(variable.grad.numpy(), expected, rtol=1e-12, atol=1e-14)


def test_first_and_second_derivatives_agree_with_finite_differences(pixels):
    scores, labels = pixels
    weight = torch.rand(labels.shape, dtype=torch.float64)

    def scaled(x):
        return -3 * squentropy_loss(x, labels, weight=weight, ignore_index=255)

    scores.requires_grad_()
    assert gradcheck(scaled, scores) and gradgradcheck(scaled, scores)


def test_mean_and_sum_are_over_the_samples(batch):
    losses = each(*batch)
    assert squentropy_loss(*batch).item() == pytest.approx(losses.mean(), rel=1e-12)
    assert squentropy_loss(*batch, reduction='sum').item() == pytest.approx(losses.sum(), rel=1e-12)
    assert squentropy_loss(*batch, avg_factor=2.5).item() == pytest.approx(losses.sum() / 2.5, rel=1e-12)


def test_ignored_pixels_contribute_neither_loss_nor_gradient(pixels):
    scores, labels = pixels
    ignored = labels == 255
    valid = each(scores.movedim(1, -1)[~ignored], labels[~ignored])
    scores = scores.masked_fill(ignored.unsqueeze(1), math.nan).requires_grad_()
    loss = squentropy_loss(scores, labels, ignore_index=255)
    loss.backward()
    assert loss.item() == pytest.approx(valid.mean(), rel=1e-12)
    gradients = scores.grad.movedim(1, -1)
    assert (gradients[ignored] == 0).all() and (gradients[~ignored] != 0).all()
    over_all = squentropy_loss(scores, labels, ignore_index=255, avg_non_ignore=False)
    assert over_all.item() == pytest.approx(valid.sum() / labels.numel(), rel=1e-12)


def test_a_batch_of_ignored_samples_has_zero_loss_and_gradient(batch):
    scores = batch[0].requires_grad_()
    loss = squentropy_loss(scores, torch.full((6,), 255), ignore_index=255)
    loss.backward()
    assert loss.item() == 0 and (scores.grad == 0).all()


def test_weights_multiply_the_losses_and_only_class_weights_change_the_normalizer(batch):
    losses = each(*batch)
    weight = torch.tensor([0.5, 0.0, 2.0, 1.0, 0.1, 3.0], dtype=torch.float64)
    class_weight = torch.tensor([0.2, 1.0, 4.0, 0.5], dtype=torch.float64)
    of_class = class_weight[batch[1]].numpy()
    assert squentropy_loss(*batch, weight=weight).item() == pytest.approx((losses * weight.numpy()).mean(), rel=1e-12)
    assert squentropy_loss(*batch, class_weight=class_weight).item() == pytest.approx(
        (losses * of_class).sum() / of_class.sum(), rel=1e-12
    )
    both = squentropy_loss(*batch, weight=weight, class_weight=class_weight, reduction='none')
    np.testing.assert_allclose(both.numpy(), losses * of_class * weight.numpy(), rtol=1e-12)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision_scores_are_computed_in_float32(dtype, autocast):
    scores = torch.tensor([[300.0, -2.0, 1.0]], dtype=dtype)  # 300² overflows float16
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=autocast):
        loss = squentropy_loss(scores, torch.tensor([1]))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(loss_of_one(np.array([300.0, -2.0, 1.0]), 1), rel=1e-6)


@pytest.mark.parametrize(
    'scores, labels, options, message',
    [
        (torch.zeros(2, 3), torch.zeros(2, 3), {}, r'labels of shape \(2, 3\).*not defined for class scores'),
        (torch.zeros(2, 3), torch.tensor([0, 3]), {}, 'label=3: expected a class from 0 to 2'),
        (
            torch.zeros(2, 3),
            torch.tensor([0, -100]),
            dict(ignore_index=255),
            'label=-100: .* or ignore_index=255',
        ),
        (torch.zeros(2, 3), torch.tensor([0]), {}, r'target of shape \(1,\): expected labels of shape \(2,\)'),
        (torch.zeros(2, 1), torch.tensor([0, 0]), {}, 'at least two classes'),
        (torch.zeros(2, 3), torch.tensor([0.0, 1.0]), {}, 'labels of type torch.float32: expected integers'),
        (torch.zeros(2, 3, dtype=torch.int64), torch.tensor([0, 1]), {}, 'scores of type torch.int64'),
        (torch.zeros(2, 3), torch.tensor([0, 1]), dict(reduction='avg'), "reduction='avg'"),
        (
            torch.zeros(2, 3),
            torch.tensor([0, 1]),
            dict(reduction='sum', avg_factor=2),
            "avg_factor=2: expected None with reduction='sum'",
        ),
        (torch.zeros(2, 3), torch.tensor([0, 1]), dict(class_weight=torch.ones(2)), r'class_weight of shape \(2,\)'),
    ],
)
def test_invalid_input_is_named(scores, labels, options, message):
    with pytest.raises(ValueError, match=message):
        squentropy_loss(scores, labels, **options)
