"""Turns the layers of a Caffe model into named parameters, and accounts for all of both."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from mmgb.functional.errors import ConfigError

from .caffe_model import CaffeLayer

PARAMETERS = ('weight', 'bias')  # the order of a layer's blobs


class Conversion(NamedTuple):
    """What became of the layers.

    Attributes:
        parameters: key to values, float32, in the shape of ours.
        unmapped: name of each layer that has parameters and went nowhere, to the reason.
        without_parameters: names of the layers that have none, such as pooling: nothing to convert.
        unfilled: our keys that no layer gave a value.
    """

    parameters: dict[str, np.ndarray]
    unmapped: dict[str, str]
    without_parameters: list[str]
    unfilled: list[str]


def convert_layers(
    layers: Sequence[CaffeLayer], modules: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
) -> Conversion:
    """Gives the parameters of ``layers`` our names and shapes. The order of the input channels (BGR) stays.

    Args:
        layers: of the Caffe model.
        modules: name of a layer to the path of our module.
        shapes: each of our keys to its shape.

    Raises:
        ValueError: for a parameter that doesn't fit ours, and for two layers that would become the same module.
    """
    parameters, unmapped, without_parameters, source = {}, {}, [], {}
    for name, blobs in layers:
        module = modules.get(name)
        if not blobs:
            without_parameters.append(name)
        elif module is None:
            unmapped[name] = 'no module of ours is known for it'
        elif f'{module}.weight' not in shapes:
            unmapped[name] = f'it would be {module}, and there is none to fill'
        else:
            if module in source:
                raise ConfigError(f"the layers '{source[module]}' and '{name}' would both become {module}")
            source[module] = name
            if len(blobs) > len(PARAMETERS):
                raise ConfigError(f"the layer '{name}' has {len(blobs)} parameters; expected weight and bias")
            for kind, blob in zip(PARAMETERS, blobs):
                key = f'{module}.{kind}'
                if key not in shapes or not fits(blob.shape, shapes[key]):
                    raise ConfigError(
                        f"the {kind} of the layer '{name}' is {blob.shape}, which doesn't fit {key}, "
                        + (f'{shapes[key]}' if key in shapes else 'which our model lacks')
                    )
                parameters[key] = blob.reshape(shapes[key]).astype(np.float32)
    return Conversion(parameters, unmapped, without_parameters, [key for key in shapes if key not in parameters])


def fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether parameters of the shape ``found`` can be reshaped into ``wanted`` and mean the same.

    Old files have four sizes for everything: a fully connected layer is (1, 1, out, in), a bias (1, 1, 1, n). A fully
    connected layer (out, c*h*w) is a convolution (out, c, h, w) over the whole map, and the other way round, since
    Caffe flattens a map in the order c, h, w, as PyTorch does.
    """
    if found == wanted:
        return True
    if len(wanted) == 1:
        return found[-1:] == wanted and prod(found) == wanted[0]
    if len(found) == 4 and found[:2] == (1, 1):
        found = found[2:]
    return 2 in (len(found), len(wanted)) and found[:1] == wanted[:1] and prod(found) == prod(wanted)
