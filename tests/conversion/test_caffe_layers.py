import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmgb.conversion.caffe_layers import convert_layers, fits
from mmgb.conversion.caffe_model import CaffeLayer

RNG = np.random.default_rng(0)


def layer(name, *shapes):
    return CaffeLayer(name, tuple(RNG.standard_normal(shape) for shape in shapes))


def test_a_fully_connected_layer_becomes_the_convolution_that_gives_the_same_outputs():
    linear = layer('fc6', (4, 3 * 2 * 5), (4,))
    shapes = {'fc.weight': (4, 3, 2, 5), 'fc.bias': (4,)}
    converted = convert_layers([linear], {'fc6': 'fc'}, shapes).parameters
    features = torch.randn(7, 3, 2, 5)  # Caffe flattens (N, C, H, W) in this order
    weight, bias = (torch.as_tensor(blob, dtype=torch.float32) for blob in linear.blobs)
    torch.testing.assert_close(
        F.conv2d(features, torch.as_tensor(converted['fc.weight']), torch.as_tensor(converted['fc.bias'])).flatten(1),
        F.linear(features.flatten(1), weight, bias),
    )


def test_every_layer_and_every_parameter_is_accounted_for():
    layers = [
        layer('data'),
        layer('conv', (2, 3, 3, 3), (2,)),
        layer('bn', (2,)),
        layer('fc', (5, 2)),
        layer('elsewhere', (1, 1)),
    ]
    shapes = {'a.weight': (2, 3, 3, 3), 'a.bias': (2,), 'b.weight': (5, 2), 'b.bias': (5,), 'c.running_mean': (2,)}
    modules = {'conv': 'a', 'fc': 'b', 'elsewhere': 'd', 'absent': 'e'}
    converted = convert_layers(layers, modules, shapes)
    assert list(converted.parameters) == ['a.weight', 'a.bias', 'b.weight']
    assert converted.without_parameters == ['data']
    assert converted.unmapped == {
        'bn': 'no module corresponds to it',
        'elsewhere': 'it corresponds to d, which is not among the modules to fill',
    }
    assert converted.unfilled == ['b.bias', 'c.running_mean']
    assert {values.dtype for values in converted.parameters.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    'found, wanted',
    [
        ((4, 3, 2, 2), (4, 3, 2, 2)),
        ((4,), (4,)),
        ((1, 1, 1, 4), (4,)),
        ((1, 1, 4, 6), (4, 6)),
        ((4, 6), (4, 6, 1, 1)),
        ((1, 1, 4, 12), (4, 3, 2, 2)),
        ((4, 3, 2, 2), (4, 12)),
        ((1, 1, 3, 3), (1, 1, 3, 3)),
        ((1, 1, 1, 6), (1, 6)),
        ((1, 6), (1, 6, 1, 1)),
        ((1, 12), (1, 3, 2, 2)),
    ],
)
def test_shapes_fit_if_they_differ_only_in_notation(found, wanted):
    assert fits(found, wanted)


@pytest.mark.parametrize(
    'found, wanted',
    [
        ((4, 3, 2, 2), (3, 4, 2, 2)),
        ((4, 3, 3, 2), (4, 3, 2, 3)),
        ((12, 4), (4, 12)),
        ((2, 2), (4,)),
        ((4,), (2, 2)),
        ((4, 1, 1, 1), (4,)),
        ((1, 3, 2, 2), (3, 4)),
        ((4, 3, 2, 2), (4, 12, 1, 1)),
        ((5,), (4,)),
        ((), (4,)),
        ((), (4, 1)),
    ],
)
def test_shapes_with_another_meaning_do_not_fit_even_with_the_same_size(found, wanted):
    assert not fits(found, wanted)


@pytest.mark.parametrize(
    'layers, sentence',
    [
        ([layer('conv', (2, 3, 3, 3), (3,))], r"bias of the layer 'conv': expected shape \(2,\) of a.bias, got \(3,\)"),
        (
            [layer('conv', (2, 3, 5, 5))],
            r"weight of the layer 'conv': expected shape \(2, 3, 3, 3\) of a.weight, got \(2, 3, 5, 5\)",
        ),
        (
            [layer('conv', (2, 3, 3, 3)), layer('same', (2, 3, 3, 3))],
            "layers 'conv' and 'same' correspond to one module, a",
        ),
        ([layer('conv', (2, 3, 3, 3), (2,), (2,))], "the layer 'conv': expected a weight and a bias, got 3 parameters"),
        ([layer('plain', (2, 2), (2,))], "bias of the layer 'plain': expected none, because the model has no b.bias"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_and_named(layers, sentence):
    shapes = {'a.weight': (2, 3, 3, 3), 'a.bias': (2,), 'b.weight': (2, 2)}
    with pytest.raises(ValueError, match=sentence):
        convert_layers(layers, {'conv': 'a', 'same': 'a', 'plain': 'b'}, shapes)
