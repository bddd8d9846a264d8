"""Tests a checkpoint by a config of mmsegmentation or mmpretrain."""

import argparse

from mmgb import compat

compat.apply()  # at the top: before a host is imported, in the workers of a dataloader too

import mmengine  # noqa: E402
from mmengine.dist import is_main_process  # noqa: E402

from mmgb.apis import testing_options as options  # noqa: E402
from mmgb.apis.arguments import add_common_arguments, parse  # noqa: E402
from mmgb.apis.checkpoint import check_architecture, read_checkpoint  # noqa: E402
from mmgb.apis.config import TEST_FIELDS, build_runner, load_config, set_work_dir  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    add_common_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out',
        help='mmseg: folder for predicted label images; mmpretrain: file for what '
        '--out-item says (predictions: .pkl; metrics: .json, .yaml or .pkl)',
    )
    parser.add_argument('--out-item', choices=['metrics', 'pred'], help='mmpretrain (default: pred)')
    parser.add_argument('--show', action='store_true', help='show each prediction in a window')
    parser.add_argument('--show-dir', help='folder for pictures of the predictions')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds that a window stays (default: 2)')
    parser.add_argument(
        '--interval', type=int, default=1, help='draw every N-th image (default: 1); onedl-mmsegmentation draws all'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help="test-time augmentation by the config's "
        'tta_pipeline; for mmpretrain the mirror image where the config has none',
    )
    return parse(parser)


def configure(args):
    """The config with everything merged into it that the command line says, checked against this machine."""
    if args.out_item and not args.out:
        raise ConfigError(f"--out-item='{args.out_item}' needs --out, the file to write")
    cfg = load_config(args.config, args.cfg_options, TEST_FIELDS)
    cfg.launcher = args.launcher
    cfg.load_from, cfg.resume = args.checkpoint, False
    set_work_dir(cfg, args.config, args.work_dir)
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir:
        options.enable_visualization(cfg, args.show, args.show_dir, args.wait_time, args.interval)
    if args.tta:
        options.enable_tta(cfg)
    if args.out:
        options.write_output(cfg, args.out, args.out_item)
    check_data_roots(cfg, ('test_dataloader',))
    set_dataloader_defaults(cfg, ('test_dataloader',), has_accelerator(), pin_memory=not args.no_pin_memory)
    return cfg


def main():
    args = parse_args()
    cfg = configure(args)
    checkpoint = read_checkpoint(args.checkpoint, 'checkpoint')
    launch(cfg)
    runner = build_runner(cfg, ('test_loop',))
    check_architecture(runner.model, checkpoint, args.checkpoint)
    del checkpoint
    metrics = runner.test()
    if args.out_item == 'metrics' and is_main_process():
        mmengine.dump(metrics, args.out)


if __name__ == '__main__':
    run_tool(main)
