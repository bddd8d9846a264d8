"""Places2Inception has the shapes of the Relay paper's Table 2 and the released network's layers."""

import torch
import torch.nn.functional as F
from torch import nn

from mmgb.models.backbones import Places2Inception
from mmgb.models.backbones.places2_inception import ModifiedInception
from mmgb.models.necks import SpatialPyramidPooling


def inception_parameters(channels, k):
    weights = channels * k + 9 * channels * k + 9 * channels * 2 * k + 9 * 2 * k * 2 * k
    return weights + k + k + 2 * k + 2 * k


def test_stage_shapes_match_table_2_and_the_pyramid_has_32256_values():
    network = Places2Inception(out_indices=range(4)).eval()
    pyramid = SpatialPyramidPooling(512, fc_channels=())
    with torch.no_grad():
        outputs = network(torch.zeros(1, 3, 224, 224))
        assert pyramid(outputs)[0].shape == (1, 32_256)
    assert [tuple(output.shape[1:]) for output in outputs] == [
        (128, 56, 56),
        (256, 28, 28),
        (512, 14, 14),
        (512, 14, 14),
    ]
    assert pyramid.out_channels == 32_256


def test_parameters_are_those_of_one_convolution_and_twelve_modules():
    expected = 3 * 49 * 128 + 128
    for channels, k in [(128, 64), *3 * [(256, 64)], (256, 128), *7 * [(512, 128)]]:
        expected += inception_parameters(channels, k)
    network = Places2Inception()
    assert sum(p.numel() for p in network.parameters()) == expected
    assert [sum(isinstance(m, ModifiedInception) for m in stage) for stage in network.stages] == [0, 4, 4, 4]
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


def test_a_module_concatenates_1x1_3x3_and_two_3x3_convolutions_with_relu():
    torch.manual_seed(0)
    module = ModifiedInception(6, 4).double()
    x = torch.randn(2, 6, 5, 7, dtype=torch.float64)
    (w1, b1), (w3, b3), (wa, ba), (wb, bb) = zip(*[iter(module.parameters())] * 2)
    assert [tuple(w.shape) for w in (w1, w3, wa, wb)] == [(4, 6, 1, 1), (4, 6, 3, 3), (8, 6, 3, 3), (8, 8, 3, 3)]
    expected = torch.cat(
        [
            F.conv2d(x, w1, b1).relu(),
            F.conv2d(x, w3, b3, padding=1).relu(),
            F.conv2d(F.conv2d(x, wa, ba, padding=1).relu(), wb, bb, padding=1).relu(),
        ],
        dim=1,
    )
    assert torch.allclose(module(x), expected, atol=1e-12) and expected.shape == (2, 16, 5, 7)


def test_pools_round_up_as_in_caffe():
    """228 pixels: 114 after the convolution, then 57, 29 and 15; rounding down would leave 14."""
    with torch.no_grad():
        assert Places2Inception(width=1 / 32)(torch.zeros(1, 3, 228, 228))[0].shape[2:] == (15, 15)
