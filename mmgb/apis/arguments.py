"""The command line that ``tools/train.py`` and ``tools/test.py`` have in common."""

import argparse
import os

from mmgb.utils.cli.cfg_options import add_cfg_options


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that both tools take and both hosts' stock scripts know."""
    parser.add_argument('config', help='config file, of mmsegmentation or mmpretrain')
    parser.add_argument(
        '--work-dir',
        help="folder for logs and checkpoints (default: the config's work_dir, else ./work_dirs/NAME_OF_THE_CONFIG)",
    )
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--no-pin-memory', action='store_true', help='load data without pin_memory')
    add_cfg_options(
        parser,
        'override entries of the config, e.g. train_cfg.max_iters=100 '
        'train_pipeline.1.scale="(64,64)"; merged before the other options are applied',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started this process (default: none)',
    )
    # Launchers before torch 2 pass the first spelling.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parses ``sys.argv``, and sets ``LOCAL_RANK``, which mmengine reads, where the launcher hasn't."""
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args
