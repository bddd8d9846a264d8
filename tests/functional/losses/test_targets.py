"""Labels, class scores and real-valued targets are validated."""

import math

import pytest
import torch
from helpers.loss_cases import PATHS, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, pow3_gb_loss, squared_error_loss
from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.targets import check_target, class_labels


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x, y: exp_gb_loss(x, y + 3), r'label=\d: expected a class from 0 to 2 or ignore_index=None'),
        (
            lambda x, y: exp_gb_loss(x, y - 3, ignore_index=255),
            r'label=-\d: .* or ignore_index=255',
        ),
        (
            lambda x, y: exp_gb_loss(x, y[:3]),
            r'target of shape \(3,\): expected labels of shape \(4,\) or class',
        ),
        (lambda x, y: exp_gb_loss(x, y.float()), r'labels of type torch.float32: expected integers'),
        (lambda x, y: exp_gb_loss(x, x.abs() + 2), r'class score=\d.*: expected a number in \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x, x.abs() - 2), r'class score=-.*: expected a number in \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x, x * math.nan), r'class score=nan: expected a number in \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x.long(), y), r'scores of type torch.int64: expected a floating-point type'),
        (
            lambda x, y: exp_gb_loss(x[:, :1], 0 * y),
            r'scores of shape \(4, 1\): expected at least two classes',
        ),
        (lambda x, y: exp_gb_loss(x[0], y), r'scores of shape \(3,\): expected \(N, C\)'),
    ],
)
def test_invalid_input_is_named_in_one_sentence(call, message):
    scores = torch.linspace(-1, 1, 12).view(4, 3)
    with pytest.raises(ValueError, match=message) as error:
        call(scores, torch.tensor([0, 1, 2, 0]))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    'call, message',
    [
        (
            lambda x: exp_gb_loss(x, x - 9, target_kind='value'),
            r'target value=-\d.*: .* from 0 to inf',
        ),
        (lambda x: pow3_gb_loss(x, x * math.inf, target_kind='value'), r'target value=inf: expected a finite number'),
        (
            lambda x: pow3_gb_loss(x, x[:1], target_kind='value'),
            r'target of shape \(1, 3\).* expected the scores. shape',
        ),
        (lambda x: pow3_gb_loss(x, x, target_kind='real'), r"target_kind='real': expected 'class' or 'value'"),
    ],
)
def test_invalid_real_valued_targets_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.ones(2, 3))


def test_the_mask_holds_the_samples_that_are_not_ignored():
    scores, labels = torch.zeros(4, 3), torch.tensor([0, 255, 2, 255])
    assert check_target(scores, labels, ignore_index=255).tolist() == [True, False, True, False]
    assert check_target(scores, labels.where(labels != 255, 1)) is None


def test_class_labels_are_an_index_into_the_scores():
    index = class_labels(torch.tensor([[0, 255, 2]], dtype=torch.uint8), 3)
    assert index.dtype == torch.int64 and index.tolist() == [[[0, 2, 2]]]


def test_rounding_of_mixed_labels_is_allowed():
    scores = torch.zeros(1, 2)
    assert check_target(scores, torch.tensor([[1 + 5e-5, 0.0]])) is None
    with pytest.raises(ValueError, match='class score=1.0002'):
        check_target(scores, torch.tensor([[1 + 2e-4, 0.0]]))


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('target_kind', ['class', 'multi_label', 'value'])
@settings(max_examples=10)
@given(shape=st.sampled_from([(), (1,), (4,)]))
def test_scores_without_a_class_dimension_are_refused(path, target_kind, shape):
    with pytest.raises(ConfigError, match=r'scores of shape \(.*\): expected \(N, C\).* scores.unsqueeze\(1\)'):
        value_and_gradient(
            path, squared_error_loss, torch.ones(shape), torch.zeros(shape), target_kind=target_kind, reduction='sum'
        )


@pytest.mark.parametrize('path', PATHS)
def test_one_output_per_sample_is_a_column(path):
    value, gradient = value_and_gradient(
        path, squared_error_loss, torch.arange(1.0, 5)[:, None], torch.zeros(4, 1), target_kind='value'
    )
    assert value.item() == 3.75 and gradient.flatten().tolist() == [0.25, 0.5, 0.75, 1.0]


def test_several_labels_are_class_scores():
    with pytest.raises(ConfigError, match=r"target of shape \(4,\) with target_kind='multi_label': expected class sc"):
        exp_gb_loss(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long), target_kind='multi_label')


@pytest.mark.parametrize('ignore_index', [1.5, True, '255', [255], math.nan, 10**400])
def test_the_ignored_label_is_one_integer(ignore_index):
    with pytest.raises(ConfigError, match=r'ignore_index=.*: expected one integer of 64 bits or None'):
        exp_gb_loss(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long), ignore_index=ignore_index)


@pytest.mark.parametrize('dtype', [torch.bool, torch.float32, torch.complex64, torch.uint16, torch.uint64])
def test_labels_of_other_types_are_refused(dtype):
    with pytest.raises(ConfigError, match=r'labels of type torch.*: expected integers, int64'):
        exp_gb_loss(torch.zeros(4, 3), torch.zeros(4).to(dtype))


@pytest.mark.parametrize('ignore_index', [255, -100, 300, 1000])
def test_labels_of_a_narrow_type_are_compared_as_numbers(ignore_index):
    labels = torch.tensor([44, 156, 232], dtype=torch.uint8)
    assert check_target(torch.zeros(3, 300), labels, ignore_index).all()
    assert check_target(torch.zeros(3, 1000), labels, ignore_index).all()
