import struct

import numpy as np
import pytest
from helpers import caffe_files as caffe

from mmgb.conversion.caffe_model import read_caffe_model

WEIGHT = np.random.default_rng(0).standard_normal((2, 3, 1, 5))
BIAS = np.array([1.5, -2.25])


def same(found, expected):
    assert found.shape == expected.shape and (found == expected).all()


def test_layers_of_the_new_format_keep_names_order_shapes_and_values():
    data = caffe.model(caffe.layer('conv/a', caffe.blob(WEIGHT), caffe.blob(BIAS)), caffe.layer('relu', kind='ReLU'))
    first, second = read_caffe_model(data)
    assert (first.name, second.name) == ('conv/a', 'relu') and second.blobs == ()
    same(first.blobs[0], WEIGHT.astype(np.float32))
    same(first.blobs[1], BIAS)


def test_layers_of_the_old_format_have_four_sizes():
    first, second = read_caffe_model(
        caffe.model(
            caffe.old_layer('conv', caffe.old_blob(WEIGHT), caffe.old_blob(BIAS)), caffe.old_layer('pool', kind=17)
        )
    )
    same(first.blobs[0], WEIGHT.astype(np.float32))
    same(first.blobs[1], BIAS.reshape(1, 1, 1, 2))
    assert second == ('pool', ())


def test_double_data_keeps_its_precision():
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', caffe.blob(WEIGHT, double=True))))
    assert layer.blobs[0].dtype == np.float64
    same(layer.blobs[0], WEIGHT)


def test_numbers_that_are_not_packed_or_packed_in_pieces_are_read_as_well():
    single = b''.join(caffe.varint(8 * 5 + 5) + struct.pack('<f', value) for value in (1, 2, 3))
    pieces = caffe.field(5, struct.pack('<f', 4)) + caffe.field(5, struct.pack('<2f', 5, 6))
    dims = caffe.field(7, caffe.field(1, 2) + caffe.field(1, 3))
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', dims + single + pieces)))
    same(layer.blobs[0], np.array([[1, 2, 3], [4, 5, 6.0]]))


def test_gradients_beside_the_values_are_passed_over():
    both = caffe.blob(BIAS) + caffe.field(6, struct.pack('<2f', 7, 8))
    (layer,) = read_caffe_model(caffe.model(caffe.layer('fc', both)))
    same(layer.blobs[0], BIAS)


def test_every_truncation_of_a_file_is_an_error_or_leaves_out_whole_layers():
    data = caffe.model(caffe.layer('a', caffe.blob(BIAS)), caffe.layer('b', caffe.blob(BIAS)))
    whole = 0
    for size in range(len(data)):
        try:
            layers = read_caffe_model(data[:size])
        except ValueError:
            continue
        whole += 1
        assert [layer.name for layer in layers] == ['a']
        same(layers[0].blobs[0], BIAS)
    assert whole == 1  # the cut between both


@pytest.mark.parametrize(
    'data, sentence',
    [
        (b'', 'it holds no layers of Caffe'),
        (b'name: "a net"\nlayer {}', 'its byte 0 begins no field of a protobuf message'),
        (b'\x89HDF\r\n\x1a\n' + bytes(64), 'begins no field'),
        (b'PK\x03\x04' + bytes(64), 'begins no field'),
        (b'\xff' * 40, 'it is truncated, or its byte 0 begins no integer'),
        (caffe.field(1, 'no layers'), 'it holds no layers of Caffe'),
        (caffe.field(100, 5), 'its field 100 has wire type 0'),
        (caffe.model(caffe.layer('fc', caffe.blob(BIAS)))[:-3], 'it is truncated: its field 100 at byte 13 has'),
        (caffe.model(caffe.layer('fc', caffe.blob(BIAS)[:-1])), "parameter 0 of the layer 'fc': it is truncated"),
        (
            caffe.model(caffe.layer('fc', caffe.blob(BIAS) + caffe.field(5, bytes(8)))),
            "parameter 0 of the layer 'fc': its 4 values don't fit its shape (2,)",
        ),
        (caffe.model(caffe.layer('fc', caffe.field(5, bytes(7)))), 'holds no numbers of 4 bytes'),
        (caffe.model(caffe.layer('fc', caffe.field(7, caffe.field(1, 6)))), "its 0 values don't fit its shape (6,)"),
        (caffe.field(2, caffe.field(1, caffe.field(1, 'conv1'))), 'first format (V0)'),
    ],
)
def test_what_is_no_model_is_refused_in_one_sentence(data, sentence):
    with pytest.raises(ValueError) as error:
        read_caffe_model(data)
    assert sentence in str(error.value) and '\n' not in str(error.value)
