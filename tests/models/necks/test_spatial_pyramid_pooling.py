"""The neck's pyramid and hidden layers, and the fully-convolutional test that they allow."""

import pytest
import torch
from helpers.host_stacks import STACKS, stack_path
from helpers.tiny_runs import run, succeeded
from mmengine.registry import init_default_scope
from torch import nn

from mmgb.models.necks import SpatialPyramidPooling
from mmgb.registry import MODELS

SIZES = (224, 256, 320, 384, 448)


@pytest.fixture
def neck():
    torch.manual_seed(0)
    return SpatialPyramidPooling(4, fc_channels=(6, 5)).double().eval()


def classifier(backbone, channels):
    return dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(type=f'mmgb.{backbone}', width=1 / 16),
        neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=channels, fc_channels=(24, 24)),
        head=dict(type='mmgb.BoostedLinearClsHead', num_classes=5, in_channels=24, loss=dict(type='mmgb.ExpGBLoss')),
    )


def test_hidden_layers_are_two_of_4096_units_with_relu_and_dropout():
    neck = SpatialPyramidPooling(8)
    assert [tuple(layer.weight.shape) for layer in neck.fc if isinstance(layer, nn.Linear)] == [
        (4096, 8 * 63),
        (4096, 4096),
    ]
    assert [type(layer) for layer in neck.fc] == 2 * [nn.Linear, nn.ReLU, nn.Dropout]
    assert [layer.p for layer in neck.fc if isinstance(layer, nn.Dropout)] == [0.5, 0.5]
    assert neck.out_channels == 4096


def test_a_linear_output_layer_returns_the_mean_of_the_windows_scores(neck):
    output = nn.Linear(5, 3).double()
    features = torch.randn(2, 4, 16, 15, dtype=torch.float64)
    scores = [
        output(neck(features[:, :, top : top + 14, left : left + 14])[0]) for top in range(3) for left in range(2)
    ]
    assert torch.allclose(output(neck(features)[0]), torch.stack(scores).mean(0), atol=1e-12)


def test_the_last_of_several_maps_is_used(neck):
    first, last = torch.zeros(1, 4, 28, 28).double(), torch.randn(1, 4, 14, 14).double()
    assert torch.equal(neck((first, last))[0], neck(last)[0])


@pytest.mark.parametrize('side', [5, 14, 20])
def test_adaptive_pooling_accepts_maps_of_any_size(side):
    neck = SpatialPyramidPooling(4, fc_channels=(6, 5), pooling='adaptive')
    assert neck(torch.randn(2, 4, side, side))[0].shape == (2, 5)


def test_he_initialization_is_the_default():
    torch.manual_seed(0)
    neck = SpatialPyramidPooling(16, fc_channels=(512, 512))
    neck.init_weights()
    for layer in (neck.fc[0], neck.fc[3]):
        assert abs(layer.weight.var().item() * layer.in_features / 2 - 1) < 0.05 and not layer.bias.any()


@pytest.mark.parametrize('backbone, channels', [('Places2VGG', 16), ('Places2Inception', 32)])
@pytest.mark.parametrize('height, width', [*((size, size) for size in SIZES), (224, 298)])
def test_models_predict_at_every_image_size_of_the_papers_test(backbone, channels, height, width):
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    model = MODELS.build(classifier(backbone, channels)).eval()
    with torch.no_grad():
        (prediction,) = model(torch.randn(1, 3, height, width), mode='predict')
    assert prediction.pred_score.shape == (5,) and prediction.pred_score.sum().item() == pytest.approx(1)


def test_an_image_whose_map_is_smaller_than_the_window_raises():
    init_default_scope('mmpretrain')
    model = MODELS.build(classifier('Places2VGG', 16)).eval()
    with pytest.raises(ValueError, match='feature map of 13x14 cells is smaller than the window of 14x14'):
        model(torch.zeros(1, 3, 208, 224), mode='predict')


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(pooling='average'), "pooling='average': expected 'windows' or 'adaptive'"),
        (dict(dropout_ratio=1), r'dropout_ratio=1: expected a number in \[0, 1\)'),
        (dict(bins=(1, 15)), '15 bins a side are impossible in a window of 14 cells'),
    ],
)
def test_invalid_settings_raise(setting, message):
    with pytest.raises(ValueError, match=message):
        SpatialPyramidPooling(4, **setting)


def test_features_with_other_channels_raise(neck):
    with pytest.raises(ValueError, match=r'in_channels=4: expected a feature map \(N, 4, H, W\), got \(1, 3, 14, 14\)'):
        neck(torch.zeros(1, 3, 14, 14))


@pytest.mark.slow
@pytest.mark.parametrize('stack', STACKS)
def test_relay_trains_both_models_on_each_stack(stack, tmp_path):
    """Stages of models A and B work as RelayBP's sources and lowest modules with either distribution of the hosts."""
    configs = {
        stage: classifier(backbone, channels)
        for stage, backbone, channels in (
            ('backbone.stages.3', 'Places2VGG', 16),
            ('backbone.stages.2', 'Places2Inception', 32),
        )
    }
    succeeded(
        run(
            tmp_path,
            '-c',
            f"""
import mmgb.compat
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
init_default_scope('mmpretrain')
for stage, config in {configs!r}.items():
    head = dict(type='mmgb.AuxiliaryClsHead', num_classes=5, in_channels=32)
    model = MODELS.build(dict(type='mmgb.RelayBP', model=config, auxiliaries=[dict(source=stage, head=head)],
                              primary_lowest=stage)).train()
    model.init_weights()
    samples = [DataSample().set_gt_label(label) for label in (0, 4)]
    loss, log = model.parse_losses(model.loss(torch.randn(2, 3, 224, 224), samples))
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())
    assert len(model.eval()(torch.randn(2, 3, 224, 224), mode='predict')) == 2
""",
            path=stack_path(stack),
        )
    )
