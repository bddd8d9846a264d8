"""IterationRecording against autograd, without a training loop."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmgb.engine.gradient_recording.iteration_recording import IterationRecording
from mmgb.utils.gradient_records import scalar_name


def has_hooks(model):
    return any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks for module in model.modules()
    )


def assert_close(found, expected):
    assert found == pytest.approx(expected, rel=1e-6, abs=0)


def test_with_relay_a_layer_has_the_summed_gradient_of_the_losses_that_update_it():
    head = dict(type='LinearClsHead', num_classes=3, loss=dict(type='CrossEntropyLoss'))
    config = dict(
        type='mmgb.RelayBP',
        primary_lowest='backbone.stages.1',
        model=dict(
            type='ImageClassifier',
            head=dict(head, in_channels=4),
            backbone=dict(type='mmgb.MLP', in_features=9, hidden_features=(8, 7, 6, 4)),
        ),
        auxiliaries=[dict(source='backbone.stages.2', loss_weight=0.5, head=dict(head, in_channels=6))],
    )
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(ConfigDict(config)).double().train()
    images = torch.randn(5, 1, 3, 3, dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 0, 1])
    layers = [f'backbone.stages.{i}.{1 if i == 0 else 0}' for i in range(4)]
    recording = IterationRecording(model, layers)
    losses = model.loss(images, [DataSample().set_gt_label(label) for label in labels])
    (losses['loss'] + losses['aux_0.loss']).backward()
    recording.remove_hooks()
    assert not has_hooks(model)
    outputs, features = [], [images.flatten(1)]
    for path in layers:
        outputs.append(model.get_submodule(path)(features[-1]))
        features.append(F.relu(outputs[-1]))
    auxiliary_scores = model.auxiliaries[0].fc(features[3])
    primary = F.cross_entropy(model.head.fc(features[4]), labels)
    auxiliary = F.cross_entropy(auxiliary_scores, labels) * 0.5
    from_primary = torch.autograd.grad(primary, outputs, retain_graph=True)
    from_auxiliary = torch.autograd.grad(auxiliary, outputs[:3], retain_graph=True)
    expected = [
        from_auxiliary[0],
        from_primary[1] + from_auxiliary[1],
        from_primary[2] + from_auxiliary[2],
        from_primary[3],
    ]
    scalars = recording.scalars(1.0)
    assert_close(
        [scalars[scalar_name('error_rms', path)] for path in layers],
        [value.square().mean().sqrt().item() for value in expected],
    )
    assert list(recording.histograms(1.0)) == ['head.loss_module', 'auxiliaries.0.loss_module']
    assert_close(
        scalars[scalar_name('softmax_normaliser_sum', 'auxiliaries.0.loss_module')],
        auxiliary_scores.exp().sum().item(),
    )


@pytest.mark.parametrize('use_reentrant', [True, False])
def test_a_checkpointed_layer_is_counted_once(use_reentrant):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    plain = model[0](x)
    (gradient,) = torch.autograd.grad(model[2](model[1](plain)).square().mean(), plain)
    recording = IterationRecording(model, ['0', '2'])
    model[2](checkpoint(model[:2], x, use_reentrant=use_reentrant)).square().mean().backward()
    scalars = recording.scalars(1.0)
    assert_close(scalars[scalar_name('error_rms', '0')], gradient.square().mean().sqrt().item())
    assert_close(scalars[scalar_name('activation_variance', '0')], plain.var(correction=0).item())


def test_losses_with_the_same_scores_are_recorded_as_the_first():
    class CrossEntropy(nn.Module):
        def forward(self, cls_score, label):
            return F.cross_entropy(cls_score, label)

    model = nn.ModuleDict(dict(first=CrossEntropy(), second=CrossEntropy()))
    scores, other = torch.randn(2, 4, 3, requires_grad=True).unbind()
    labels = torch.tensor([0, 1, 2, 0])
    recording = IterationRecording(model, [])
    (model['first'](scores, labels) + model['second'](scores, labels)).backward()
    deltas = 2 * (scores.softmax(1) - F.one_hot(labels, 3))
    (binned,) = recording.histograms(1.0).values()
    assert list(recording.histograms(1.0)) == ['first'] and sum(binned.counts) == 12
    assert_close([binned.edges[0], binned.edges[-1]], [deltas.min().item(), deltas.max().item()])

    recording = IterationRecording(model, [])
    (model['first'](scores, labels) + model['second'](other, labels)).backward()
    assert list(recording.histograms(1.0)) == ['first', 'second']


def test_a_module_without_a_tensor_output_is_refused():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    model = nn.Sequential(Pair())
    IterationRecording(model, ['0'])
    with pytest.raises(ValueError, match="^layers='0': expected a module whose output is one tensor, got .* tuple$"):
        model(torch.ones(1, 2))
