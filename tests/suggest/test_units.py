"""Units are the modules whose input and output every path passes."""

import torch
from torch import nn

from mmgb.suggest.units import UnitTrace


class Block(nn.Module):
    """A convolution with a shortcut around it."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.conv(self.relu(x)))


class Net(nn.Module):
    """A stem, a stage of two blocks with a pooling layer, a block that runs twice, and a last convolution."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.backbone.stage = nn.Sequential(Block(4), Block(4), nn.MaxPool2d(2))
        self.backbone.twice = Block(4)
        self.backbone.last = nn.Conv2d(4, 8, 1)

    def forward(self, x, read_stem=False):
        stem = self.backbone.stem(x)
        features = self.backbone.stage(stem)
        features = self.backbone.last(self.backbone.twice(self.backbone.twice(features)))
        return features.sum() + (stem.sum() if read_stem else 0), features


def units_of(read_stem=False):
    net = Net()
    trace = UnitTrace(net)
    loss, features = net(torch.randn(2, 3, 8, 8), read_stem)
    trace.remove_hooks()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    return trace, features, trace.units([loss])


def test_units_are_blocks_and_stages_with_their_depth_and_shape():
    trace, features, units = units_of()
    assert [unit.path for unit in units] == [
        *('backbone.stem', 'backbone.stage.0', 'backbone.stage.1', 'backbone.stage.2', 'backbone.stage'),
        'backbone.last',
    ]
    depths = [(unit.begins * 6, unit.ends * 6) for unit in units]  # six layers run: two of them are one that runs twice
    assert [(round(begins), round(ends)) for begins, ends in depths] == [(0, 1), (1, 2), (2, 3), (3, 3), (1, 3), (5, 6)]
    assert [(unit.channels, unit.size) for unit in units[-2:]] == [(4, (4, 4)), (8, (4, 4))]
    assert trace.path_of(features) == 'backbone.last'
    assert trace.path_of(torch.zeros(1, requires_grad=True) * 2) is None


def test_what_is_between_two_levels_that_the_loss_reads_is_no_unit():
    assert [unit.path for unit in units_of(read_stem=True)[2]] == ['backbone.stem']
