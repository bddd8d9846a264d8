"""Prints the FLOPs and the parameters of each config's model, as a metafile's ``Metadata`` has them.

    python tools/analysis_tools/model_complexity.py configs/relay_bp/imagenet/*.py

FLOPs are OpenMMLab's: multiply-adds of the convolutions and matrix products, for one image, in testing. They are those
that torch's own FlopCounterMode meets, halved, since it counts a multiply-add twice. Auxiliary classifiers take no part
in testing: they count neither here nor among the parameters.
"""
import argparse
import re
from pathlib import Path
from typing import NamedTuple, Optional

from mmgb import compat

compat.apply()  # at the top: before a host is imported

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.registry import MODELS, DefaultScope  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from mmgb.engine.config import load_config  # noqa: E402
from mmgb.engine.usage import UsageError, one_line, run_tool  # noqa: E402

AUXILIARIES = ('auxiliaries', 'auxiliary_head')  # RelayBP's, mmsegmentation's


class Complexity(NamedTuple):
    """Multiply-adds, and numbers that training learns."""
    flops: int
    parameters: int


def complexity(model: nn.Module, shape: tuple[int, int, int]) -> Complexity:
    """What one image (C, H, W) costs ``model``, that of a host, in testing."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *shape), mode='tensor')
    parameters = sum(parameter.numel() for name, parameter in model.named_parameters()
                     if name.partition('.')[0] not in AUXILIARIES)
    return Complexity(counter.get_total_flops() // 2, parameters)


def input_shape(path: str, cfg: Config) -> tuple[int, int, int]:
    """(C, H, W): the size that ends the config's name, and the channels that its preprocessor has means of (or 3).

    Raises:
        UsageError: if the name has no size.
    """
    sizes = re.findall(r'(\d+)x(\d+)', Path(path).stem)
    if not sizes:
        raise UsageError(f"config='{path}' has no size like 224x224 in its name: say --shape")
    preprocessor = cfg.model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    mean = preprocessor.get('mean')
    return len(mean) if isinstance(mean, (list, tuple)) else 3, int(sizes[-1][0]), int(sizes[-1][1])


def measure(path: str, shape: Optional[tuple[int, int, int]]) -> str:
    """The lines of one config, in YAML."""
    cfg = load_config(path, {}, ('model',))
    shape = shape or input_shape(path, cfg)
    size = 'x'.join(map(str, shape))
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')):
            found = complexity(MODELS.build(cfg.model), shape)
    except Exception as error:  # a model can fail in any way
        raise UsageError(f"config='{path}' can't be built or run on an image of {size} (--shape changes it): "
                         f'{one_line(error)}') from error
    return (f'- Name: {Path(path).stem}\n  Input: {size}\n  FLOPs: {found.flops}\n'
            f'  Parameters: {found.parameters}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG')
    parser.add_argument('--shape', nargs=3, type=int, metavar=('CHANNELS', 'HEIGHT', 'WIDTH'),
                        help="of the image (default: the size that ends the config's name, and the channels of its "
                        "data_preprocessor's mean)")
    args = parser.parse_args()
    if args.shape and min(args.shape) < 1:
        parser.error(f'--shape {" ".join(map(str, args.shape))}: expected three numbers of at least 1')
    for path in args.configs:
        print(measure(path, args.shape and tuple(args.shape)), flush=True)


if __name__ == '__main__':
    run_tool(main)
