"""Section 4 of the gradient-boosting paper: a verdict for each statement, and its Hessians at networks' outputs.

    python tools/analysis_tools/hessian.py
    python tools/analysis_tools/hessian.py softmax=A.py,A.pth exp-GB=B.py,B.pth --out-dir figures --json hessian.json

Prints which statements hold as mathematics, with what is computed for or against them. For each NAME=CONFIG,CHECKPOINT
the first images of the config's test data go through the model, and for the scores of the right and of the wrong
classes it prints quantiles, second derivatives of the loss that the network was trained with (without weights and
averages), those of squared error on linear, softmax, exponential and cubic outputs with targets {0, 1}, and the share
of outputs at which the paper's inequalities hold. In segmentation a sample is one of at most 256 pixels of an image,
spread evenly over those with a label. With --out-dir all of it is written as hessian.md, and curves and outputs as
hessian.png and hessian.svg. Exit code 2 and one sentence for bad input.
"""

import argparse
import json
import tempfile
from pathlib import Path

from mmgb import compat

compat.apply()  # at the top: before a host is imported

import torch  # noqa: E402
from mmengine.runner import load_state_dict  # noqa: E402
from torch.nn.functional import interpolate  # noqa: E402

from mmgb.analysis.curvature.boosting_statements import section_4_statements, statements_text  # noqa: E402
from mmgb.analysis.curvature.figure import curvature_figure  # noqa: E402
from mmgb.analysis.curvature.measured import measure, measured_tables  # noqa: E402
from mmgb.analysis.curvature.output_curvature import loss_curvature  # noqa: E402
from mmgb.apis.checkpoint import check_architecture, read_checkpoint  # noqa: E402
from mmgb.apis.config import TEST_FIELDS, load_config  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults  # noqa: E402
from mmgb.apis.launch import has_accelerator, launch  # noqa: E402
from mmgb.apis.runner import build_runner  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.trials.figure import save_figure  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.named_arguments import parse_named  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402

PIXELS = 256  # of an image


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('networks', nargs='*', metavar='NAME=CONFIG,CHECKPOINT')
    parser.add_argument(
        '--samples',
        type=int,
        default=1000,
        metavar='N',
        help='images of each test data set, its first ones (default: 1000)',
    )
    parser.add_argument('--out-dir', type=Path, help='folder for hessian.md, hessian.png and hessian.svg')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all numbers there')
    add_cfg_options(parser, 'override entries of the configs')
    return parser.parse_args()


def parse_networks(arguments):
    """{name: (config, checkpoint)}"""
    form = 'NAME=CONFIG,CHECKPOINT'
    networks = {}
    for name, files in parse_named(arguments, form).items():
        config, _, checkpoint = files.rpartition(',')
        if not (config and checkpoint):
            raise ConfigError(f"'{name}={files}' should be {form}")
        networks[name] = config, checkpoint
    return networks


def read(config, path, options):
    """The config and the checkpoint's weights; what can be known to be wrong without building anything is."""
    cfg = load_config(config, options, TEST_FIELDS)
    checkpoint = read_checkpoint(path, 'checkpoint')
    check_data_roots(cfg, ('test_dataloader',))
    set_dataloader_defaults(cfg, ('test_dataloader',), has_accelerator())
    weights = checkpoint.get('state_dict', checkpoint)
    return cfg, {key.removeprefix('module.'): value for key, value in weights.items()}


def build(cfg, weights, path, work_dir, name):
    """The runner with these weights in its model."""
    # mmengine shares one visualizer, and its folder, among runs of one name that begin in the same second.
    cfg.experiment_name = f'{Path(work_dir).name}_{name}'
    cfg.launcher, cfg.work_dir, cfg.log_level = 'none', work_dir, 'WARNING'
    cfg.load_from, cfg.resume = None, False
    launch(cfg)
    runner = build_runner(cfg, ('test_loop',))
    check_architecture(runner.model, weights, path)
    load_state_dict(runner.model, weights)
    return runner


def trained_loss(model, config):
    """The name and the curvature of the loss in the model's head."""
    head = getattr(model, 'head', None) or getattr(model, 'decode_head', None)
    loss = getattr(head, 'loss_module', None) or getattr(head, 'loss_decode', None)
    if not isinstance(loss, torch.nn.Module) or isinstance(loss, torch.nn.ModuleList):
        raise ConfigError(
            f"config='{config}': expected a model with one loss, as head.loss_module (mmpretrain) or "
            f'decode_head.loss_decode (mmsegmentation), got {type(loss).__name__}'
        )
    try:
        return loss_curvature(loss)
    except ValueError as error:
        raise ConfigError(f"config='{config}': {error}") from error


def image_outputs(scores, samples):
    """Scores (N, C) and labels (N) of classified images."""
    labels = [sample.get('gt_label') if 'gt_label' in sample else None for sample in samples]
    if any(label is None or label.numel() != 1 for label in labels):
        raise ConfigError('the test data set: expected one label for each image (gt_label)')
    return scores, torch.cat([label.reshape(1) for label in labels])


def pixel_outputs(scores, samples, head):
    """Scores and labels of pixels spread over each image; the maps are brought to the labels' size as in prediction."""
    found = []
    for logits, sample in zip(scores, samples):
        if 'gt_sem_seg' not in sample:
            raise ConfigError('the test data set: expected a label map for each image (gt_sem_seg)')
        labels = sample.gt_sem_seg.data[0].long().cpu()
        valid = (labels != head.ignore_index).flatten().nonzero()[:, 0]
        chosen = valid[torch.linspace(0, len(valid) - 1, min(PIXELS, len(valid))).round().long()]
        logits = interpolate(logits[None].double(), labels.shape, mode='bilinear', align_corners=head.align_corners)[0]
        found.append((logits.flatten(1).T[chosen], labels.flatten()[chosen]))
    return tuple(torch.cat(parts) for parts in zip(*found))


@torch.no_grad()
def outputs(runner, count, config):
    """Scores, float64 (N, C), and labels (N) of the first ``count`` images of the test data, on the CPU."""
    model, found, images = runner.model.eval(), [], 0
    for batch in runner.test_loop.dataloader:
        data = model.data_preprocessor(batch, False)
        samples = data['data_samples'][: count - images]
        scores = model(**data, mode='tensor')
        segments = hasattr(model, 'decode_head')
        if not isinstance(scores, torch.Tensor) or scores.dim() != (4 if segments else 2):
            shape = tuple(scores.shape) if isinstance(scores, torch.Tensor) else f'a {type(scores).__name__}'
            raise ConfigError(
                f"config='{config}': the model gives {shape}; expected scores "
                f'{"(N, C, H, W)" if segments else "(N, C)"}'
            )
        scores = scores[: len(samples)].double().cpu()
        found.append(pixel_outputs(scores, samples, model.decode_head) if segments else image_outputs(scores, samples))
        images += len(samples)
        if images == count:
            break
    scores, labels = torch.cat([scores for scores, _ in found]), torch.cat([labels.cpu() for _, labels in found])
    if not len(labels):
        raise ConfigError(f"config='{config}': its test data have no labels")
    if not scores.isfinite().all():
        raise ConfigError(f"config='{config}': the model gives scores that aren't finite: the training has diverged")
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ConfigError(
            f"config='{config}': labels from {labels.min()} to {labels.max()} in the test data, and "
            f'{scores.shape[1]} scores'
        )
    return scores, labels


def main():
    args = parse_args()
    if args.samples < 1:
        raise ConfigError(f'--samples={args.samples}: expected at least 1')
    networks, found, drawn = parse_networks(args.networks), {}, {}
    inputs = {name: read(*paths, args.cfg_options) for name, paths in networks.items()}
    statements = section_4_statements()
    text = '## Section 4, statement by statement\n\n' + statements_text(statements)
    print(text)
    with tempfile.TemporaryDirectory() as work_dir:
        for name, (config, checkpoint) in networks.items():
            runner = build(*inputs.pop(name), checkpoint, work_dir, name)
            loss, curvature = trained_loss(runner.model, config)
            drawn[name] = outputs(runner, args.samples, config)
            found[name] = dict(config=config, checkpoint=checkpoint, **measure(*drawn[name], loss, curvature))
            tables = f'## {name}\n\n{measured_tables(found[name])}\n'
            print(tables, flush=True)
            text += '\n' + tables
    written = []
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        content = dict(
            environment=environment(), statements=[statement._asdict() for statement in statements], networks=found
        )
        args.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')
        written.append(args.json)
    if args.out_dir:
        args.out_dir.mkdir(parents=True, exist_ok=True)
        (args.out_dir / 'hessian.md').write_text(text)
        written += [args.out_dir / 'hessian.md', *save_figure(curvature_figure(drawn), args.out_dir / 'hessian')]
    if written:
        print('Written: ' + ', '.join(map(str, written)))


if __name__ == '__main__':
    run_tool(main)
