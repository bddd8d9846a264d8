"""AuxiliaryClsHead against its layers written out."""

import math
import re

import pytest
import torch
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmpretrain.models.backbones.inception_v3 import InceptionAux
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn

EXP_GB = dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))


def build(**settings):
    return MODELS.build(dict(type='mmgb.AuxiliaryClsHead', **{**dict(num_classes=7, in_channels=6), **settings}))


def samples(labels):
    return [DataSample().set_gt_label(label) for label in labels]


def googlenet_branch(head, channels, classes):
    """Return GoogLeNet's branch for a 14x14 map (Szegedy et al. 2015, Section 5) with the weights of ``head``."""
    layers = nn.Sequential(
        nn.AvgPool2d(5, 3),
        nn.Conv2d(channels, 128, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 1024),
        nn.ReLU(),
        nn.Dropout(0.7),
        nn.Linear(1024, classes),
    ).to(next(head.parameters()).dtype)
    with torch.no_grad():
        for target, source in zip(layers.parameters(), head.parameters()):
            target.copy_(source)
    return layers


@pytest.mark.parametrize('training', [True, False])
def test_defaults_equal_googlenets_branch_in_values_and_gradients(training):
    torch.manual_seed(0)
    head = build().double().train(training)
    reference = googlenet_branch(head, 6, 7).train(training)
    mine, theirs = (
        torch.randn(3, 6, 14, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
        for _ in range(2)
    )
    torch.manual_seed(2)
    scores = head((mine,))
    torch.manual_seed(2)  # so that the same units are dropped
    expected = reference(theirs)
    torch.testing.assert_close(scores, expected, rtol=1e-12, atol=1e-12)
    scores.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-12, atol=1e-12)
    for parameter, other in zip(head.parameters(), reference.parameters()):
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('training', [True, False])
def test_settings_of_inception_v3_equal_its_own_auxiliary_classifier(training):
    """mmpretrain's layers have the same parameters in the same order, the hidden ones as a 5x5 convolution."""
    (path,) = CONFIGS.glob('relay_bp/imagenet/inception-v3_relay-bp_8xb32-120e_in1k-299x299.py')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        head = MODELS.build(Config.fromfile(path).model.auxiliaries[0].head).double().train(training)
    head.init_weights()
    for layer, std in ((head.conv, 0.01), (head.hidden, 0.01), (head.fc, 0.001)):
        assert layer.weight.std().item() == pytest.approx(std, rel=0.02)
    own = InceptionAux(768, 1000).double().train(training)
    with torch.no_grad():
        for target, source in zip(own.parameters(), head.parameters()):
            target.copy_(source.view_as(target))
    features = torch.randn(3, 768, 17, 17, dtype=torch.float64)
    torch.testing.assert_close(head((features,)), own(features), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('height, width', [(2, 2), (8, 8), (17, 17), (12, 33), (3, 65)])
def test_maps_of_any_size_are_averaged_over_equal_windows_that_cover_them(height, width):
    torch.manual_seed(0)
    head = build(pooled_size=2).double().eval()
    features = torch.randn(2, 6, height, width, dtype=torch.float64)
    cells = []
    for side in (height, width):
        window = side - side // 2
        cells.append([slice(0, window), slice(side - window, side)])
        assert cells[-1][0].stop >= cells[-1][1].start, 'the windows cover the map'
    pooled = torch.stack([features[:, :, row, column].mean((2, 3)) for row in cells[0] for column in cells[1]], 2)
    hidden = torch.einsum('oc,ncp->nop', head.conv.weight[:, :, 0, 0], pooled) + head.conv.bias[None, :, None]
    hidden = hidden.clamp(min=0).flatten(1) @ head.hidden.weight.T + head.hidden.bias
    expected = hidden.clamp(min=0) @ head.fc.weight.T + head.fc.bias
    torch.testing.assert_close(head((features,)), expected, rtol=1e-12, atol=1e-12)


def test_a_wider_kernel_sees_the_neighbours_of_each_cell_in_a_frame_of_zeros():
    torch.manual_seed(0)
    head = build(pooled_size=2, conv_channels=5, kernel_size=3).double().eval()
    features = torch.randn(2, 6, 2, 2, dtype=torch.float64)
    framed = torch.zeros(2, 6, 4, 4, dtype=torch.float64)
    framed[:, :, 1:3, 1:3] = features
    cells = [framed[:, :, row : row + 3, column : column + 3] for row in (0, 1) for column in (0, 1)]
    hidden = torch.stack([torch.einsum('ocij,ncij->no', head.conv.weight, cell) for cell in cells], 2)
    hidden = (hidden + head.conv.bias[:, None]).clamp(min=0).flatten(1) @ head.hidden.weight.T + head.hidden.bias
    expected = hidden.clamp(min=0) @ head.fc.weight.T + head.fc.bias
    torch.testing.assert_close(head(features), expected, rtol=1e-12, atol=1e-12)


def test_input_is_one_tensor_or_the_last_of_several():
    head = build().eval()
    features = torch.randn(2, 6, 5, 5)
    assert torch.equal(head(features), head((features,)))
    assert torch.equal(head(features), head([torch.randn(2, 3, 9, 9), features]))


@pytest.mark.parametrize(
    'settings, expected',
    [
        (dict(), 6 * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 7 + 7),
        (dict(norm_cfg=dict(type='BN')), 6 * 128 + 2 * 128 + 2048 * 1024 + 1024 + 1024 * 7 + 7),
        (dict(pooled_size=1, conv_channels=5, fc_channels=3), 6 * 5 + 5 + 5 * 3 + 3 + 3 * 7 + 7),
    ],
)
def test_number_of_parameters_is_that_of_the_layers(settings, expected):
    head = build(**settings)
    assert sum(parameter.numel() for parameter in head.parameters()) == expected


def test_he_initialization_with_zero_biases_is_the_default():
    torch.manual_seed(0)
    head = build(in_channels=1024, num_classes=1000, norm_cfg=dict(type='BN'))
    head.init_weights()
    for layer, fan_in in ((head.conv, 1024), (head.hidden, 2048), (head.fc, 1024)):
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.02)
        assert layer.bias is None or not layer.bias.any()
    assert (head.norm.weight == 1).all()


def test_exp_gb_loss_and_accuracy_are_those_of_the_scores_and_training_lowers_the_loss():
    torch.manual_seed(0)
    head = build(loss=EXP_GB, dropout_ratio=0.0, cal_acc=True, topk=(1, 2), fc_channels=32)
    features, labels = torch.randn(4, 6, 8, 8), torch.tensor([0, 3, 3, 6])
    losses = head.loss((features,), samples(labels))
    scores = head(features)
    delta_free = 0.1 * scores.exp()
    true = scores.gather(1, labels[:, None])
    # alpha e^x for every class; the target class adds 16 (ln(16 / alpha) - 1 - x), which puts the minimum at 16
    expected = (delta_free.sum(1, keepdim=True) + 16 * (math.log(160.0) - 1 - true)).mean()
    torch.testing.assert_close(losses['loss'], expected, rtol=1e-5, atol=1e-5)
    assert set(losses) == {'loss', 'accuracy_top-1', 'accuracy_top-2'}
    optimizer = OptimWrapper(torch.optim.SGD(head.parameters(), lr=1e-3))
    for _ in range(20):
        optimizer.update_params(head.loss((features,), samples(labels))['loss'])
    assert head.loss((features,), samples(labels))['loss'] < losses['loss']


def test_mixed_labels_train_as_in_every_head_of_the_host():
    head = build(dropout_ratio=0.0)
    features = torch.randn(2, 6, 4, 4)
    scores = torch.tensor([[0.7, 0.3, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0.5, 0.5]])
    losses = head.loss((features,), [DataSample().set_gt_score(row) for row in scores])
    expected = -(scores * head(features).log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(losses['loss'], expected)


@pytest.mark.parametrize(
    'settings, sentence',
    [
        (dict(num_classes=0), 'num_classes=0: expected an integer of at least 1'),
        (dict(in_channels=-3), 'in_channels=-3: expected an integer of at least 1'),
        (dict(pooled_size=2.5), 'pooled_size=2.5: expected an integer of at least 1'),
        (dict(conv_channels='many'), "conv_channels='many': expected an integer of at least 1"),
        (dict(kernel_size=2), 'kernel_size=2: expected an odd integer of at least 1'),
        (dict(dropout_ratio=1.0), 'dropout_ratio=1.0: expected a number in [0, 1)'),
    ],
)
def test_invalid_settings_raise(settings, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build(**settings)


@pytest.mark.parametrize(
    'shape, sentence',
    [
        ((2, 5, 8, 8), 'in_channels=6: expected a feature map with 6 channels, got (2, 5, 8, 8)'),
        (
            (2, 6, 8, 3),
            'pooled_size=4: expected a feature map of at least 4x4 cells, got (2, 6, 8, 3); set pooled_size to at '
            'most 3 or use larger images',
        ),
        ((2, 6), 'expected a feature map (N, C, H, W) from its source, got (2, 6)'),
    ],
)
def test_unsuitable_features_raise(shape, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build()((torch.zeros(shape),))
