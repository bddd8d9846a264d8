"""Train a config of mmsegmentation or mmpretrain."""

from mmgb import compat
from mmgb.utils.process_interrupt import end_when_interrupted, raise_when_interrupted

end_when_interrupted()  # during the imports below, which take seconds
compat.apply()  # before a host is imported; this line also runs in the worker processes of a dataloader

from mmgb.apis import training_options as options  # noqa: E402
from mmgb.apis.arguments import parse_train_arguments  # noqa: E402
from mmgb.apis.config import TRAIN_FIELDS, load_config, set_work_dir  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.finished_training import describe_results  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.apis.resume import build_with_resume  # noqa: E402
from mmgb.apis.runner import build_runner  # noqa: E402
from mmgb.apis.stopped_training import explain_how_to_continue  # noqa: E402
from mmgb.apis.unswapped_losses import log_unswapped_losses  # noqa: E402
from mmgb.apis.work_dir_lock import lock_work_dir  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.process_parent import end_with_parent  # noqa: E402


def configure(args):
    """Load the config, apply the command line to it, and check it against this machine."""
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


def launch_and_build(cfg):
    """Join the process group and build the runner."""
    launch(cfg)
    validates = cfg.get('val_cfg') is not None
    runner = build_runner(cfg, ('train_loop', 'val_loop') if validates else ('train_loop',))
    log_unswapped_losses(runner.model, runner.hooks)
    return runner


def main():
    args = parse_train_arguments(__doc__)
    end_with_parent(is_rank=args.launcher != 'none')
    raise_when_interrupted()
    cfg = configure(args)
    with explain_how_to_continue(cfg), lock_work_dir(cfg) as report_stale_lock:
        runner = build_with_resume(cfg, args.resume, launch_and_build)
        report_stale_lock()
        runner.train()
        runner.logger.info(describe_results(args.config, cfg.work_dir))  # of the first process only


if __name__ == '__main__':
    run_tool(main)
