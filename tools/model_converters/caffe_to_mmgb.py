"""Convert a .caffemodel into a checkpoint for a config's model, without Caffe.

Supports configs with the backbone PixelNetVGG or Places2Inception. Prints each unmapped layer and each parameter
of the model that got no value. Load the checkpoint with `load_from`, `init_cfg=dict(type='Pretrained', …)` or
tools/test.py. Exits with code 2 and one sentence if the file cannot be converted.

    python tools/model_converters/caffe_to_mmgb.py VGG_ILSVRC_16_layers.caffemodel CONFIG vgg16.pth --part backbone
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()

import torch  # noqa: E402
from mmengine.runner.checkpoint import get_state_dict  # noqa: E402

from mmgb.apis.config import load_config, type_name  # noqa: E402
from mmgb.apis.runner import build_model  # noqa: E402
from mmgb.conversion.caffe_layers import convert_layers  # noqa: E402
from mmgb.conversion.caffe_model import read_caffe_model  # noqa: E402
from mmgb.conversion.caffe_networks import NETWORKS  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.version import __version__  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('caffemodel', type=Path, help='file with the released weights')
    parser.add_argument('config', help='config of the model to fill')
    parser.add_argument('out', type=Path, help='checkpoint to write, .pth')
    parser.add_argument(
        '--part',
        help="fill only this part of the model, such as 'backbone', and write its weights without the part's prefix",
    )
    add_cfg_options(parser)
    return parser.parse_args()


def backbone_name(cfg):
    """Return the class name of the backbone, which selects the table of released networks."""
    # RelayBP wraps the model in `model.model` and keeps its parameter names.
    backbone = cfg.model.get('backbone') or cfg.model.get('model', {}).get('backbone', {})
    name = type_name(backbone, 'none')
    if name not in NETWORKS:
        raise ConfigError(
            f"config='{cfg.filename}': expected the backbone {' or '.join(NETWORKS)}, for which a Caffe network is "
            f'released, got {name}'
        )
    return name


def read_layers(path):
    """Read the layers of the file ``path``, and name the file in every error."""
    if not path.is_file():
        raise ConfigError(f"caffemodel='{path}' is not a file")
    try:
        return read_caffe_model(path.read_bytes())
    except ValueError as error:
        raise ConfigError(f"caffemodel='{path}' can't be read: {error}") from error


def shapes_to_fill(model, part):
    """Return the name and shape of each parameter of ``part``, or of the whole model if it is None."""
    shapes = {key: tuple(value.shape) for key, value in get_state_dict(model).items()}
    found = {key: shape for key, shape in shapes.items() if part is None or key.startswith(f'{part}.')}
    if not found:
        raise ConfigError(
            f"--part='{part}': expected a part of the model with parameters, one of "
            f'{", ".join(dict.fromkeys(key.partition(".")[0] for key in shapes))}'
        )
    return found


def report(conversion, network):
    """Print what was converted, and what was not."""
    print(f'{len(conversion.parameters)} parameters filled.')
    if conversion.without_parameters:
        print(f'Layers without parameters: {", ".join(conversion.without_parameters)}')
    print(f'Layers unmapped: {len(conversion.unmapped)}')
    for name, reason in conversion.unmapped.items():
        print(f'  {name}: {reason}')
    print(f'Parameters of the model left without a value: {len(conversion.unfilled)}')
    for key in conversion.unfilled:
        print(f'  {key}')
    print(f'These weights expect unscaled BGR images minus the mean {network.mean}.')


def main():
    args = parse_args()
    if args.out.suffix != '.pth':
        raise ConfigError(f"out='{args.out}': expected a file name that ends with .pth")
    cfg = load_config(args.config, args.cfg_options, ('model',))
    backbone = backbone_name(cfg)
    layers = read_layers(args.caffemodel)
    with torch.device('meta'):  # only the shapes of its parameters are needed
        model = build_model(cfg)
    network, shapes = NETWORKS[backbone], shapes_to_fill(model, args.part)
    try:
        conversion = convert_layers(layers, network.modules, shapes)
    except ValueError as error:
        raise ConfigError(f"caffemodel='{args.caffemodel}' can't be converted: {error}") from error
    if not conversion.parameters:
        raise ConfigError(
            f"caffemodel='{args.caffemodel}': expected layers of {backbone}, got "
            f'{", ".join(conversion.unmapped) or "no layer with parameters"}'
        )
    start = 0 if args.part is None else len(args.part) + 1
    weights = {key[start:]: torch.from_numpy(values) for key, values in conversion.parameters.items()}
    meta = dict(mmgb_version=__version__, caffemodel=args.caffemodel.name)
    with atomic_write(args.out, 'wb') as file:
        torch.save(dict(meta=meta, state_dict=weights), file)
    report(conversion, network)
    print(f'Wrote {args.out}')


if __name__ == '__main__':
    run_tool(main)
