"""Print the FLOPs and parameters of each config's model, as in the ``Metadata`` of a metafile.

    python tools/analysis_tools/model_complexity.py configs/relay_bp/imagenet/*.py

FLOPs are multiply-adds for one image in testing; auxiliary classifiers don't count (see mmgb.analysis.complexity).
Invalid input ends with exit code 2 and one sentence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmengine.registry import MODELS, DefaultScope  # noqa: E402

from mmgb.analysis.complexity import complexity, input_shape  # noqa: E402
from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.errors import one_line  # noqa: E402


def measure(path: str, shape: tuple[int, int, int] | None) -> str:
    """Return the YAML entry of one config."""
    cfg = load_config(path, {}, ('model',))
    shape = shape or input_shape(path, cfg)
    if shape is None:
        raise ConfigError(f"config='{path}': expected a size like 224x224 in its name; give the size with --shape")
    size = 'x'.join(map(str, shape))
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')):
            found = complexity(MODELS.build(cfg.model), shape)
    except Exception as error:  # a model can raise anything
        raise ConfigError(
            f"config='{path}': its model can't be built or run on an image of {size} (see --shape): {one_line(error)}"
        ) from error
    return f'- Name: {Path(path).stem}\n  Input: {size}\n  FLOPs: {found.flops}\n  Parameters: {found.parameters}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='configs to measure')
    parser.add_argument(
        '--shape',
        nargs=3,
        type=int,
        metavar=('CHANNELS', 'HEIGHT', 'WIDTH'),
        help="shape of an image (default: the last size in the config's name, and the number of channels of its "
        "data_preprocessor's mean)",
    )
    args = parser.parse_args()
    if args.shape and min(args.shape) < 1:
        parser.error(f'--shape {" ".join(map(str, args.shape))}: expected three numbers of at least 1')
    for path in args.configs:
        print(measure(path, args.shape and tuple(args.shape)), flush=True)


if __name__ == '__main__':
    run_tool(main)
