"""Convert the layers of a Caffe model into named parameters, and account for every layer and parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from mmgb.functional.errors import ConfigError

from .caffe_model import CaffeLayer

PARAMETERS = ('weight', 'bias')  # in the order of a layer's blobs


class Conversion(NamedTuple):
    """Result of a conversion.

    Attributes:
        parameters (dict[str, np.ndarray]): parameter name to float32 values, in the shape of the model's parameter.
        unmapped (dict[str, str]): name of each layer whose parameters were not used, to the reason.
        without_parameters (list[str]): names of the layers without parameters, such as pooling.
        unfilled (list[str]): names of the model's parameters that no layer provides.
    """

    parameters: dict[str, np.ndarray]
    unmapped: dict[str, str]
    without_parameters: list[str]
    unfilled: list[str]


def convert_layers(
    layers: Sequence[CaffeLayer], modules: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
) -> Conversion:
    """Convert the parameters of ``layers`` to the names and shapes of a model.

    The order of the input channels (BGR) is kept.

    Args:
        layers (Sequence[CaffeLayer]): layers of the Caffe model.
        modules (Mapping[str, str]): name of a Caffe layer to the path of the module that it fills.
        shapes (Mapping[str, tuple[int, ...]]): name of each parameter of the model to its shape.

    Raises:
        ConfigError: if a parameter does not fit, or if two layers fill the same module.
    """
    parameters, unmapped, without_parameters, source = {}, {}, [], {}
    for name, blobs in layers:
        module = modules.get(name)
        if not blobs:
            without_parameters.append(name)
        elif module is None:
            unmapped[name] = 'no module corresponds to it'
        elif f'{module}.weight' not in shapes:
            unmapped[name] = f'it corresponds to {module}, which is not among the modules to fill'
        else:
            if module in source:
                raise ConfigError(f"the layers '{source[module]}' and '{name}' correspond to one module, {module}")
            source[module] = name
            if len(blobs) > len(PARAMETERS):
                raise ConfigError(f"the layer '{name}': expected a weight and a bias, got {len(blobs)} parameters")
            for kind, blob in zip(PARAMETERS, blobs):
                key = f'{module}.{kind}'
                if key not in shapes or not fits(blob.shape, shapes[key]):
                    expected = (
                        f'shape {shapes[key]} of {key}' if key in shapes else f'none, because the model has no {key}'
                    )
                    raise ConfigError(f"the {kind} of the layer '{name}': expected {expected}, got {blob.shape}")
                parameters[key] = blob.reshape(shapes[key]).astype(np.float32)
    return Conversion(parameters, unmapped, without_parameters, [key for key in shapes if key not in parameters])


def fits(found: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return True if parameters of the shape ``found`` can be reshaped to ``wanted`` without changing their meaning.

    Old files store four sizes for every parameter: a fully connected layer is (1, 1, out, in), a bias (1, 1, 1, n). A
    fully connected layer (out, c*h*w) equals a convolution (out, c, h, w) over the whole map, because Caffe flattens a
    map in the order c, h, w, as PyTorch does.
    """
    if found == wanted:
        return True
    if len(wanted) == 1:
        return found[-1:] == wanted and prod(found) == wanted[0]
    if len(found) == 4 and found[:2] == (1, 1):
        found = found[2:]
    return 2 in (len(found), len(wanted)) and found[:1] == wanted[:1] and prod(found) == prod(wanted)
