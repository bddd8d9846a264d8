"""Costs of a model, compared with counts by hand."""

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.models import ImageClassifier
from torch import nn

from mmgb.analysis.complexity import complexity, input_shape


class Model(nn.Module):
    """Convolution, linear layer and an auxiliary head that testing doesn't use."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 5 * 6, 7)
        self.auxiliary_head = nn.Linear(100, 100)

    def forward(self, inputs, mode):
        assert mode == 'tensor' and not self.training
        return self.fc(self.conv(inputs).flatten(1))


def test_multiply_adds_and_parameters_leave_out_auxiliary_classifiers():
    found = complexity(Model(), (3, 5, 6))
    assert found.flops == 5 * 6 * 9 * 3 * 4 + 120 * 7
    assert found.parameters == 9 * 3 * 4 + 4 + 120 * 7 + 7


def test_a_classifier_of_mmpretrain_is_run_without_labels():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = ImageClassifier(dict(type='LeNet5', num_classes=2), head=dict(type='ClsHead'))
    assert complexity(model, (1, 32, 32)).parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    'name, cfg, shape',
    [
        ('net_4xb32-2e_mnist-28x28.py', dict(model={}, data_preprocessor=dict(mean=[33.0])), (1, 28, 28)),
        ('net_100x100_224x256.py', dict(model=dict(data_preprocessor=dict(mean=[1.0, 2.0, 3.0]))), (3, 224, 256)),
        ('net_32x32.py', dict(model={}), (3, 32, 32)),
        ('resnext50-32x4d_8xb32_in1k.py', dict(model={}), None),
        ('resnext50-32x4d_8xb32_in1k-64x64.py', dict(model={}), (3, 64, 64)),
        ('32x32/net.py', dict(model={}), None),
    ],
)
def test_input_shape_is_the_last_size_of_the_name_with_the_channels_of_the_mean(name, cfg, shape):
    assert input_shape(name, Config(cfg)) == shape
