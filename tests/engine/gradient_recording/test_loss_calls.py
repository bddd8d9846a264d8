"""Losses of both hosts: which modules they are, and by how many samples they divide."""

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.losses import CrossEntropyLoss as ClassificationLoss
from mmpretrain.models.losses import LabelSmoothLoss
from mmseg.models.losses import CrossEntropyLoss, OhemCrossEntropy
from torch import nn

from mmgb.engine.gradient_recording.loss_calls import loss_call, loss_modules
from mmgb.models.losses import ExpGBLoss

IGNORED = 255


def head(name, loss):
    module = nn.Module()
    setattr(module, name, loss)
    return module


def test_losses_of_heads_are_found_but_not_those_inside_another_loss():
    model = nn.ModuleDict(
        dict(
            classifier=head('loss_module', LabelSmoothLoss(0.1)),  # contains a cross-entropy loss
            segmentor=head('loss_decode', nn.ModuleList([CrossEntropyLoss(), OhemCrossEntropy()])),
            single=head('loss_decode', OhemCrossEntropy()),
            other=head('criterion', ExpGBLoss()),
            none=head('layer', nn.Linear(1, 1)),
        )
    )
    assert list(loss_modules(model)) == [
        'classifier.loss_module',
        'segmentor.loss_decode.0',
        'segmentor.loss_decode.1',
        'single.loss_decode',
        'other.criterion',
    ]


def pixels():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 4, 3, 3, generator=generator, requires_grad=True)
    labels = torch.randint(4, (2, 3, 3), generator=generator)
    labels[0, :2] = IGNORED
    return scores, labels


SOFTMAX = dict(loss_weight=1.0)
CASES = {
    'mmseg': (CrossEntropyLoss(**SOFTMAX), dict(ignore_index=IGNORED)),
    'mmseg, valid pixels': (CrossEntropyLoss(avg_non_ignore=True, **SOFTMAX), dict(ignore_index=IGNORED)),
    'exp-GB': (ExpGBLoss(), dict(ignore_index=IGNORED)),
    'exp-GB, all pixels': (ExpGBLoss(avg_non_ignore=False), dict(ignore_index=IGNORED)),
    'exp-GB, its own ignore_index': (ExpGBLoss(ignore_index=IGNORED), {}),
    'exp-GB, sum': (ExpGBLoss(reduction='sum'), dict(ignore_index=IGNORED)),
    'exp-GB, sum by the call': (ExpGBLoss(), dict(ignore_index=IGNORED, reduction_override='sum')),
    'exp-GB, avg_factor': (ExpGBLoss(), dict(ignore_index=IGNORED, avg_factor=7)),
}


@pytest.mark.parametrize('name', CASES)
def test_the_gradient_times_the_divisor_is_the_delta_of_a_pixel(name):
    loss, options = CASES[name]
    scores, labels = pixels()
    call = loss_call(loss, (scores, labels), options)
    (gradient,) = torch.autograd.grad(loss(scores, labels, **options), scores)
    target = F.one_hot(labels.where(labels != IGNORED, 0), 4).movedim(-1, 1)
    delta = scores.softmax(1) - target if isinstance(loss, CrossEntropyLoss) else 0.1 * scores.exp() - 16 * target
    delta = delta * (labels != IGNORED).unsqueeze(1)
    assert torch.allclose(gradient * call.divisor, delta, rtol=1e-5, atol=1e-6)
    assert call.valid.equal(labels != IGNORED) and call.scores is scores


@pytest.mark.parametrize('loss', [ClassificationLoss(), LabelSmoothLoss(0.1), ExpGBLoss()])
def test_the_divisor_of_a_classifiers_loss_is_avg_factor_or_the_number_of_samples(loss):
    scores, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    assert loss_call(loss, (scores, labels), dict(avg_factor=4)).divisor == 4
    call = loss_call(loss, (), dict(cls_score=scores, label=labels))
    assert call.divisor == 5 and call.valid is None


def test_inputs_other_than_a_tensor_of_scores_are_skipped():
    assert loss_call(nn.Identity(), (torch.ones(3),), {}) is None
    assert loss_call(nn.Identity(), ([torch.ones(3, 2)],), {}) is None
