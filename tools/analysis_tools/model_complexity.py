"""Prints the FLOPs and the parameters of each config's model, as a metafile's ``Metadata`` has them.

    python tools/analysis_tools/model_complexity.py configs/relay_bp/imagenet/*.py

What they count: mmgb.analysis.complexity.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # at the top: before a host is imported

from mmengine.registry import MODELS, DefaultScope  # noqa: E402

from mmgb.analysis.complexity import complexity, input_shape  # noqa: E402
from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.errors import one_line  # noqa: E402


def measure(path: str, shape: tuple[int, int, int] | None) -> str:
    """The lines of one config, in YAML."""
    cfg = load_config(path, {}, ('model',))
    shape = shape or input_shape(path, cfg)
    if shape is None:
        raise ConfigError(f"config='{path}' has no size like 224x224 in its name: say --shape")
    size = 'x'.join(map(str, shape))
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')):
            found = complexity(MODELS.build(cfg.model), shape)
    except Exception as error:  # a model can fail in any way
        raise ConfigError(
            f"config='{path}' can't be built or run on an image of {size} (--shape changes it): {one_line(error)}"
        ) from error
    return f'- Name: {Path(path).stem}\n  Input: {size}\n  FLOPs: {found.flops}\n  Parameters: {found.parameters}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG')
    parser.add_argument(
        '--shape',
        nargs=3,
        type=int,
        metavar=('CHANNELS', 'HEIGHT', 'WIDTH'),
        help="of the image (default: the size that ends the config's name, and the channels of its "
        "data_preprocessor's mean)",
    )
    args = parser.parse_args()
    if args.shape and min(args.shape) < 1:
        parser.error(f'--shape {" ".join(map(str, args.shape))}: expected three numbers of at least 1')
    for path in args.configs:
        print(measure(path, args.shape and tuple(args.shape)), flush=True)


if __name__ == '__main__':
    run_tool(main)
