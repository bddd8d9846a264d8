"""Trains a config of mmsegmentation or mmpretrain."""

import argparse
import logging

from mmgb import compat

compat.apply()  # at the top: before a host is imported, in the workers of a dataloader too

from mmengine.logging import print_log  # noqa: E402

from mmgb.apis import training_options as options  # noqa: E402
from mmgb.apis.arguments import add_common_arguments, parse  # noqa: E402
from mmgb.apis.checkpoint import (  # noqa: E402
    check_architecture,
    check_file,
    check_resumable,
    read_checkpoint,
)
from mmgb.apis.config import TRAIN_FIELDS, build_runner, load_config, set_work_dir  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='PATH',
        help='go on from this checkpoint; without PATH from the latest one of the work dir',
    )
    parser.add_argument('--no-validate', action='store_true', help='train without validating')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the batch size, as auto_scale_lr of the config says',
    )
    parser.add_argument(
        '--no-persistent-workers', action='store_true', help='switch persistent_workers of the dataloaders off'
    )
    return parse(parser)


def configure(args):
    """The config with everything merged into it that the command line says, checked against this machine."""
    cfg = load_config(args.config, args.cfg_options, TRAIN_FIELDS)
    cfg.launcher = args.launcher
    set_work_dir(cfg, args.config, args.work_dir)
    if args.no_validate:
        options.skip_validation(cfg)
    if args.amp:
        options.enable_amp(cfg)
    if args.auto_scale_lr:
        options.scale_learning_rate(cfg)
    options.check_amp(cfg, has_accelerator())
    loaders = ('train_dataloader', 'val_dataloader')
    check_data_roots(cfg, loaders)
    set_dataloader_defaults(
        cfg,
        loaders,
        has_accelerator(),
        pin_memory=not args.no_pin_memory,
        persistent_workers=not args.no_persistent_workers,
    )
    return cfg


def main():
    args = parse_args()
    cfg = configure(args)
    asked_to_resume = args.resume or cfg.get('resume')
    resumed = options.choose_checkpoint_to_resume(cfg, args.resume)
    checkpoint = None
    if resumed:
        checkpoint = read_checkpoint(resumed, '--resume')
        check_resumable(checkpoint, resumed)
        options.check_sampling_seed(cfg, checkpoint)
    elif cfg.get('load_from'):
        check_file(cfg.load_from, 'load_from')

    launch(cfg)
    validates = cfg.get('val_cfg') is not None
    runner = build_runner(cfg, ('train_loop', 'val_loop') if validates else ('train_loop',))
    if checkpoint:
        check_architecture(runner.model, checkpoint, resumed)
        del checkpoint
    elif asked_to_resume:
        print_log(f'Nothing to resume in {cfg.work_dir}: training starts afresh.', 'current', logging.WARNING)
    runner.train()


if __name__ == '__main__':
    run_tool(main)
