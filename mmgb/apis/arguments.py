"""Command-line arguments of ``tools/train.py`` and ``tools/test.py``."""

from __future__ import annotations

import argparse
import os

from mmgb.utils.cli.cfg_options import add_cfg_options


def parse_train_arguments(description: str) -> argparse.Namespace:
    """Parse the command line of ``tools/train.py``."""
    parser = argparse.ArgumentParser(description=description)
    _add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='PATH',
        help='resume from the checkpoint PATH; without PATH from the latest checkpoint in the work dir',
    )
    parser.add_argument('--no-validate', action='store_true', help='train without validation')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help="scale the learning rate linearly with the total batch size, relative to the config's auto_scale_lr",
    )
    parser.add_argument(
        '--no-persistent-workers', action='store_true', help='disable persistent_workers of the dataloaders'
    )
    return _parse(parser)


def parse_test_arguments(description: str) -> argparse.Namespace:
    """Parse the command line of ``tools/test.py``."""
    parser = argparse.ArgumentParser(description=description)
    _add_common_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument(
        '--out',
        help='mmseg: folder for predicted label images; mmpretrain: file for the item chosen by --out-item '
        '(predictions: .pkl; metrics: .json, .yaml or .pkl)',
    )
    parser.add_argument('--out-item', choices=['metrics', 'pred'], help='content of --out, mmpretrain (default: pred)')
    parser.add_argument('--show', action='store_true', help='show each prediction in a window')
    parser.add_argument('--show-dir', help='folder for pictures of the predictions')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds that a window stays open (default: 2)')
    parser.add_argument(
        '--interval', type=int, default=1, help='draw every N-th image (default: 1); onedl-mmsegmentation draws all'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help="test-time augmentation by the config's tta_pipeline; mmpretrain's default is horizontal flipping",
    )
    return _parse(parser)


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that both tools and the hosts' stock scripts share."""
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument(
        '--work-dir',
        help="folder for logs and checkpoints (default: the config's work_dir, or ./work_dirs/CONFIG)",
    )
    parser.add_argument('--amp', action='store_true', help='use automatic mixed precision')
    parser.add_argument('--no-pin-memory', action='store_true', help='disable pin_memory of the dataloaders')
    add_cfg_options(
        parser,
        'override entries of the config, e.g. train_cfg.max_iters=100 train_pipeline.1.scale="(64,64)"; '
        'merged before the other options are applied',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='launcher that started this process (default: none)',
    )
    # Launchers before torch 2 pass the first spelling.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def _parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse ``sys.argv``, and set ``LOCAL_RANK``, which mmengine reads, unless the launcher has set it."""
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args
