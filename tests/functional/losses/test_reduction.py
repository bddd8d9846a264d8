"""Sample weights, class weights and normalizers."""

import math

import pytest
import torch
from helpers.loss_cases import EXP, IGNORE, LOSSES, PATHS, POW3, make_case, paper_delta, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss, pow3_gb_loss, squared_error_loss, squentropy_loss
from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.reduction import mask_zero_weights, sample_weights
from mmgb.functional.losses.squared_error import SquaredError


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


ALL_LOSSES = [
    pytest.param(loss, setting, id=loss.__name__)
    for loss, setting in [
        (exp_gb_loss, EXP),
        (pow3_gb_loss, POW3),
        (mirrored_exp_gb_loss, {}),
        (squared_error_loss, {}),
        (squentropy_loss, {}),
    ]
]


def grows(shape, labels_shape):
    """Return True if broadcasting fails or has another result than the labels' shape."""
    try:
        return torch.broadcast_shapes(shape, labels_shape) != torch.Size(labels_shape)
    except RuntimeError:
        return True


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('loss, setting', ALL_LOSSES)
@settings(max_examples=20)
@given(
    scores_shape=st.sampled_from([(3, 3), (5, 2), (1, 3, 4, 5), (2, 4, 2, 4)]),
    weight_shape=st.lists(st.integers(1, 5), max_size=4),
    soft=st.booleans(),
)
def test_a_weight_broadcasts_to_the_labels_or_is_refused(path, loss, setting, scores_shape, weight_shape, soft):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(scores_shape, generator=generator)
    of_labels = scores_shape[:1] + scores_shape[2:]
    target = torch.randint(scores_shape[1], of_labels, generator=generator)
    if soft and loss is not squentropy_loss:
        target = torch.rand(scores_shape, generator=generator)
    weight = torch.rand(weight_shape, generator=generator)
    if grows(weight_shape, of_labels):
        with pytest.raises(ConfigError, match=r'weight of shape \(.*expected .* that broadcasts to it'):
            value_and_gradient(path, loss, scores, target, weight=weight, **setting)
        return
    found, gradient = value_and_gradient(path, loss, scores, target, weight=weight, **setting)
    each = loss(scores.double(), target, reduction='none', **setting)
    assert found.item() == pytest.approx((each * weight).mean().item(), rel=1e-5)
    assert gradient.shape == scores.shape


@pytest.mark.parametrize('path', PATHS)
def test_a_weight_of_one_column_is_refused(path):
    ones = torch.ones(5, 1)
    with pytest.raises(ConfigError, match=r"weight of shape \(5, 1\) .*: expected .* labels' shape \(5,\)"):
        value_and_gradient(path, squared_error_loss, ones, 0 * ones, target_kind='value', weight=ones)
    value, _ = value_and_gradient(path, squared_error_loss, ones, 0 * ones, target_kind='value', weight=torch.ones(5))
    assert value.item() == 0.5


def written_out(formula, scores, target, class_weight, target_kind):
    """Return the mean loss in float64, sample by sample and class by class."""
    total, divisor = 0.0, 0.0
    for x, t in zip(scores.double(), target):
        if target_kind == 'class':
            share = torch.nn.functional.one_hot(t, len(x)).double() if t.dim() == 0 else t.double()
            mass = share.sum().item()
            of_sample = (share * class_weight).sum().item() / mass if mass else 1.0
            weights = [of_sample] * len(x)
            divisor += of_sample
        else:
            share, weights = t.double(), class_weight.tolist()
            divisor += 1
        for c, weight in enumerate(weights):
            total += weight * formula.potential(x[c : c + 1], formula.target_of(share[c : c + 1])).item()
    return total / (divisor or 1.0)


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize(
    'loss, formula',
    [
        pytest.param(exp_gb_loss, ExpGB(0.1, (0.0, 16.0)), id='exp'),
        pytest.param(pow3_gb_loss, Pow3GB(0.001, 0.4, (-2.0, 10.0)), id='pow3'),
        pytest.param(mirrored_exp_gb_loss, MirroredExpGB(0.1, 0.0, (0.0, 16.0)), id='mirrored'),
        pytest.param(squared_error_loss, SquaredError('linear', (0.0, 1.0)), id='squared'),
    ],
)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**31),
    rows=st.sampled_from(['labels', 'one-hot', 'mixed', 'multi-label', 'no label', 'any']),
    weights=st.sampled_from(['ones', 'any', 'some zero', 'small']),
    target_kind=st.sampled_from(['class', 'multi_label']),
)
def test_class_weights_multiply_samples_or_terms(path, loss, formula, seed, rows, weights, target_kind):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(6, 4, generator=generator) * 2
    labels = torch.randint(4, (6,), generator=generator)
    one_hot = torch.nn.functional.one_hot(labels, 4).float()
    target = {
        'labels': labels if target_kind == 'class' else one_hot,
        'one-hot': one_hot,
        'mixed': 0.3 * one_hot + 0.7 * one_hot.roll(1, 0),
        'multi-label': (torch.rand(6, 4, generator=generator) < 0.5).float(),
        'no label': torch.zeros(6, 4),
        'any': torch.rand(6, 4, generator=generator),
    }[rows]
    class_weight = torch.rand(4, generator=generator)
    class_weight = {
        'ones': torch.ones(4),
        'any': class_weight * 3,
        'some zero': class_weight * torch.tensor([1.0, 0.0, 1.0, 0.0]),
        'small': class_weight * 1e-6,
    }[weights]
    options = {name: getattr(formula, name) for name in vars(formula) if name != 'shift'}
    found, gradient = value_and_gradient(
        path, loss, scores, target, class_weight=class_weight, target_kind=target_kind, **options
    )
    expected = written_out(formula, scores, target, class_weight, target_kind)
    assert found.item() == pytest.approx(expected, rel=2e-5)
    if weights == 'ones':
        same, same_gradient = value_and_gradient(path, loss, scores, target, target_kind=target_kind, **options)
        torch.testing.assert_close(found, same, rtol=1e-6, atol=0)
        torch.testing.assert_close(gradient, same_gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('path', PATHS)
def test_class_weights_of_regression_multiply_the_outputs_terms(path):
    scores, target = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2, 2)
    value, gradient = value_and_gradient(
        path, squared_error_loss, scores, target, target_kind='value', class_weight=torch.tensor([1.0, 0.5])
    )
    assert value.item() == (0.5 * 1 + 0.25 * 4 + 0.5 * 9 + 0.25 * 16) / 2
    assert gradient.tolist() == [[0.5, 0.5], [1.5, 1.0]]


@pytest.mark.parametrize('path', PATHS)
def test_a_class_of_weight_0_contributes_nothing_even_if_its_scores_are_nan(path):
    scores = torch.tensor([[1.0, math.nan], [3.0, math.inf]])
    value, gradient = value_and_gradient(
        path,
        exp_gb_loss,
        scores,
        torch.tensor([[1.0, 1.0], [0.0, 1.0]]),
        target_kind='multi_label',
        class_weight=torch.tensor([1.0, 0.0]),
    )
    assert value.isfinite() and gradient.isfinite().all() and gradient[:, 1].tolist() == [0, 0]


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('loss, setting', ALL_LOSSES)
@pytest.mark.parametrize('bad', [math.nan, math.inf, -1.0])
def test_class_weights_are_finite_and_not_negative(path, loss, setting, bad):
    with pytest.raises(ConfigError, match=r'class_weight=(nan|inf|-1\.0): expected finite numbers >= 0'):
        value_and_gradient(
            path, loss, torch.zeros(2, 3), torch.tensor([0, 1]), class_weight=torch.tensor([1.0, bad, 1.0]), **setting
        )


@pytest.mark.parametrize('loss, setting', ALL_LOSSES)
@pytest.mark.parametrize(
    'avg_factor', [0, 0.0, -1, math.nan, math.inf, True, '3', [3], torch.tensor(0.0), torch.tensor(math.nan), 10**400]
)
def test_a_normalizer_is_a_positive_number(loss, setting, avg_factor):
    with pytest.raises(ConfigError, match='avg_factor=.*: expected a positive number') as error:
        loss(torch.zeros(2, 3), torch.tensor([0, 1]), avg_factor=avg_factor, **setting)
    assert len(str(error.value)) <= 500


def test_a_normalizer_may_be_a_tensor():
    case = torch.ones(2, 3), torch.tensor([0, 1])
    assert exp_gb_loss(*case, avg_factor=torch.tensor(4)) == exp_gb_loss(*case, avg_factor=4)


@pytest.mark.parametrize('loss, setting', ALL_LOSSES)
@pytest.mark.parametrize('name', ['target', 'weight', 'class_weight'])
def test_tensors_of_another_device_are_refused(loss, setting, name):
    target, options = torch.tensor([0, 1]), {name: torch.ones(3 if name == 'class_weight' else 2, device='meta')}
    if name == 'target':
        target, options = target.to('meta'), {}
    with pytest.raises(ConfigError, match=rf"{name} on meta: expected the scores' device, cpu"):
        loss(torch.zeros(2, 3), target, **options, **setting)
    if name != 'target':
        with pytest.raises(ConfigError, match=rf'{name}=0.5: expected a tensor'):
            loss(torch.zeros(2, 3), target, **{name: 0.5}, **setting)
