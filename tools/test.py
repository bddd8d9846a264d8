"""Test a checkpoint with a config of mmsegmentation or mmpretrain."""

from mmgb import compat
from mmgb.utils.process_interrupt import end_when_interrupted, raise_when_interrupted

end_when_interrupted()  # during the imports below, which take seconds
compat.apply()  # before a host is imported; this line also runs in the worker processes of a dataloader

import mmengine  # noqa: E402
from mmengine.dist import is_main_process  # noqa: E402

from mmgb.apis import testing_options as options  # noqa: E402
from mmgb.apis.arguments import parse_test_arguments  # noqa: E402
from mmgb.apis.checkpoint import check_architecture, read_checkpoint  # noqa: E402
from mmgb.apis.config import TEST_FIELDS, load_config, set_work_dir  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.apis.output_names import check_output_names  # noqa: E402
from mmgb.apis.runner import build_runner  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.process_parent import end_with_parent  # noqa: E402


def configure(args):
    """Load the config, apply the command line to it, and check it against this machine."""
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
        options.set_output(cfg, args.out, args.out_item)
    check_data_roots(cfg, ('test_dataloader',))
    set_dataloader_defaults(cfg, ('test_dataloader',), has_accelerator(), pin_memory=not args.no_pin_memory)
    return cfg


def main():
    args = parse_test_arguments(__doc__)
    end_with_parent(is_rank=args.launcher != 'none')
    raise_when_interrupted()
    cfg = configure(args)
    checkpoint = read_checkpoint(args.checkpoint, 'checkpoint')
    launch(cfg)
    runner = build_runner(cfg, ('test_loop',))
    if args.show_dir or (args.out and cfg.get('default_scope') == 'mmseg'):
        check_output_names(runner.test_loop.dataloader.dataset, '--show-dir' if args.show_dir else '--out')
    check_architecture(runner.model, checkpoint, args.checkpoint, training=False)
    del checkpoint  # free its memory before testing
    metrics = runner.test()
    if args.out_item == 'metrics' and is_main_process():
        mmengine.dump(options.without_tensors(metrics), args.out)


if __name__ == '__main__':
    run_tool(main)
