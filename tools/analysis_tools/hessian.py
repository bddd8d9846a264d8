"""Check Section 4 of the gradient-boosting paper: its statements, and its Hessians at the outputs of networks.

    python tools/analysis_tools/hessian.py
    python tools/analysis_tools/hessian.py softmax=A.py,A.pth exp-GB=B.py,B.pth --out-dir figures --json hessian.json

Prints a verdict for each statement with computed evidence. For each NAME=CONFIG,CHECKPOINT the first images of the
config's test data go through the model. Printed are, separately for the scores of the target classes and of all other
classes: quantiles of the scores, second derivatives of the loss that the network was trained with (without weights and
averages), those of squared error on linear, softmax, exponential and cubic outputs with targets {0, 1}, and the share
of outputs for which the paper's inequalities hold. In segmentation the samples are pixels, at most 256 per image,
spread evenly over the labelled ones. With --out-dir the text is also written as hessian.md, and curves and output
densities as hessian.png and hessian.svg. Invalid input ends with exit code 2 and one sentence.
"""

import argparse
import json
import tempfile
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmengine.runner import load_state_dict  # noqa: E402

from mmgb.analysis.curvature.figure import curvature_figure  # noqa: E402
from mmgb.analysis.curvature.loss_curvature import loss_curvature  # noqa: E402
from mmgb.analysis.curvature.measurement import measure  # noqa: E402
from mmgb.analysis.curvature.network_outputs import head_loss, network_outputs  # noqa: E402
from mmgb.analysis.curvature.section_4 import section_4_statements  # noqa: E402
from mmgb.analysis.curvature.statement import statements_text  # noqa: E402
from mmgb.analysis.curvature.tables import measured_tables  # noqa: E402
from mmgb.apis.checkpoint import check_architecture, read_checkpoint  # noqa: E402
from mmgb.apis.config import TEST_FIELDS, load_config  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.apis.runner import build_runner  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.named_arguments import parse_named  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402
from mmgb.utils.save_figure import save_figure  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('networks', nargs='*', metavar='NAME=CONFIG,CHECKPOINT', help='trained networks to measure')
    parser.add_argument(
        '--samples',
        type=int,
        default=1000,
        metavar='N',
        help='number of images to take from the start of each test data set (default: 1000)',
    )
    parser.add_argument('--out-dir', type=Path, help='folder for hessian.md, hessian.png and hessian.svg')
    parser.add_argument('--json', type=Path, metavar='FILE', help='JSON file for all numbers')
    add_cfg_options(parser, 'override entries of the configs')
    return parser.parse_args()


def parse_networks(arguments):
    """Return {name: (config, checkpoint)}."""
    form = 'NAME=CONFIG,CHECKPOINT'
    networks = {}
    for name, files in parse_named(arguments, form).items():
        config, _, checkpoint = files.rpartition(',')
        if not (config and checkpoint):
            raise ConfigError(f"'{name}={files}': expected {form}")
        networks[name] = config, checkpoint
    return networks


def read(config, path, options):
    """Return the config and the checkpoint's weights, after all checks that need no model."""
    cfg = load_config(config, options, TEST_FIELDS)
    checkpoint = read_checkpoint(path, 'checkpoint')
    check_data_roots(cfg, ('test_dataloader',))
    set_dataloader_defaults(cfg, ('test_dataloader',), has_accelerator())
    weights = checkpoint.get('state_dict', checkpoint)
    return cfg, {key.removeprefix('module.'): value for key, value in weights.items()}


def build(cfg, weights, path, work_dir, name):
    """Return a runner whose model has these weights."""
    # mmengine shares one visualizer and its folder among runs with the same name that start in the same second.
    cfg.experiment_name = f'{Path(work_dir).name}_{name}'
    cfg.launcher, cfg.work_dir, cfg.log_level = 'none', work_dir, 'WARNING'
    cfg.load_from, cfg.resume = None, False
    launch(cfg)
    runner = build_runner(cfg, ('test_loop',))
    check_architecture(runner.model, weights, path)
    load_state_dict(runner.model, weights)
    return runner


def run_network(runner, count, config):
    """Return the outputs of the runner's model, and the name and the second derivative of its loss."""
    try:
        loss, curvature = loss_curvature(head_loss(runner.model))
        return network_outputs(runner.model, runner.test_loop.dataloader, count), loss, curvature
    except ConfigError as error:
        raise ConfigError(f"config='{config}': {error}") from error


def main():
    args = parse_args()
    if args.samples < 1:
        raise ConfigError(f'--samples={args.samples}: expected at least 1')
    networks, found, outputs = parse_networks(args.networks), {}, {}
    inputs = {name: read(*paths, args.cfg_options) for name, paths in networks.items()}
    statements = section_4_statements()
    text = '## Section 4, statement by statement\n\n' + statements_text(statements)
    print(text)
    with tempfile.TemporaryDirectory() as work_dir:
        for name, (config, checkpoint) in networks.items():
            runner = build(*inputs.pop(name), checkpoint, work_dir, name)
            outputs[name], loss, curvature = run_network(runner, args.samples, config)
            found[name] = dict(config=config, checkpoint=checkpoint, **measure(*outputs[name], loss, curvature))
            tables = f'## {name}\n\n{measured_tables(found[name])}\n'
            print(tables, flush=True)
            text += '\n' + tables
    written = []
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        content = dict(
            environment=environment(), statements=[statement._asdict() for statement in statements], networks=found
        )
        args.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
        written.append(args.json)
    if args.out_dir:
        args.out_dir.mkdir(parents=True, exist_ok=True)
        (args.out_dir / 'hessian.md').write_text(text, encoding='utf-8')
        written += [args.out_dir / 'hessian.md', *save_figure(curvature_figure(outputs), args.out_dir / 'hessian')]
    if written:
        print('Written: ' + ', '.join(map(str, written)))


if __name__ == '__main__':
    run_tool(main)
