"""Measure the error of exp-GB's loss at full resolution on the scores of a trained network, and on white noise.

exp-GB is computed by quadrature, with a bound: the mean error delta of a cell is off by at most 0.001 of the distance
of the targets. The reference enlarges the scores in double precision. The network is one that was trained with
ExpGBLoss; its scores are those of the config's training images. Its loss is measured as it is and, if it clips the
error delta, without clipping, where more outputs depend on the bound.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
import torch.nn.functional as F
from measuring import write_results  # beside this file
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor

from mmgb.analysis.full_resolution_tables import quadrature_error_table
from mmgb.apis.runner import build_trained_model
from mmgb.functional import ConfigError, upsampled_loss
from mmgb.functional.full_resolution.axis import Axis, enlarged_axes
from mmgb.functional.full_resolution.loss import MOST_ROUGH
from mmgb.functional.full_resolution.rough_outputs import TOLERANCE, rough_outputs
from mmgb.functional.losses.elementwise import elementwise_loss
from mmgb.functional.losses.exp_gb import ExpGB


def quadrature_error(scores: Tensor, labels: Tensor, formula: ExpGB, align_corners: bool, ignore_index: int) -> dict:
    """Compare the gradient of scores (N, C, h, w) with that of the enlarged scores in double precision.

    Returns:
        ``relative_error``, the norm of the error over that of the gradient; ``of_bound``, the largest error of a mean
        error delta as a share of its bound; ``at_pixels``, the share of the outputs evaluated at their pixels, 1 if the
        loss is computed in strips.
    """
    options = dict(ignore_index=ignore_index, reduction='sum')
    single, double = (scores.detach().to(dtype).requires_grad_() for dtype in (torch.float32, torch.float64))
    upsampled_loss(single, labels, formula, align_corners=align_corners, **options).backward()
    enlarged = F.interpolate(double, labels.shape[1:], mode='bilinear', align_corners=align_corners)
    elementwise_loss(enlarged, labels, formula, fused=False, **options).backward()
    error = (single.grad - double.grad).abs()
    axes = enlarged_axes(scores, tuple(labels.shape[1:]), align_corners)
    bound = TOLERANCE * (formula.targets[1] - formula.targets[0]) * _pixels_of_samples(axes)
    rough = rough_outputs(formula, single.detach(), axes)
    at_pixels = 0.0 if rough is None else rough.double().mean().item()
    return dict(
        relative_error=(error.norm() / double.grad.norm()).item(),
        of_bound=(error / bound).max().item(),
        at_pixels=at_pixels if at_pixels <= MOST_ROUGH else 1.0,
    )


def _pixels_of_samples(axes: tuple[Axis, Axis]) -> Tensor:
    """Return the number of pixels of the cells around each sample, (h, w)."""
    rows, columns = (
        sum(torch.bincount(samples, minlength=axis.samples) for samples in axis.corners(axis.cell)) for axis in axes
    )
    return rows.unsqueeze(1) * columns


def trained_scores(cfg: Config, checkpoint: str) -> tuple[Tensor, Tensor, torch.nn.Module]:
    """Return the scores (N, C, h, w) of the training images, their labels (N, H, W) and the decode head."""
    model = build_trained_model(cfg, checkpoint).eval()
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False)
    set_random_seed(0)  # of the augmentations
    scores, labels = [], []
    for batch in Runner.build_dataloader(cfg.train_dataloader):
        data = model.data_preprocessor(batch, training=False)
        with torch.no_grad():
            scores.append(model.decode_head(model.extract_feat(data['inputs'])))
        labels.append(torch.stack([sample.gt_sem_seg.data[0] for sample in data['data_samples']]))
    return torch.cat(scores), torch.cat(labels).long(), model.decode_head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path, help='config of a segmentation model with ExpGBLoss')
    parser.add_argument('checkpoint', help='checkpoint of its training')
    parser.add_argument('--out', type=Path, default=Path('docs/results/quadrature_error.json'), help='JSON to write')
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    scores, labels, head = trained_scores(cfg, args.checkpoint)
    formula = head.loss_decode.formula_for(scores.shape[1]) if hasattr(head.loss_decode, 'formula_for') else None
    if not isinstance(formula, ExpGB):
        raise ConfigError(f'loss_decode.type={type(head.loss_decode).__name__!r}: expected ExpGBLoss')
    formulas = {'exp-GB without clipping': dataclasses.replace(formula, max_delta=None)}
    if formula.max_delta is not None:
        formulas[f'exp-GB, delta clipped at {formula.max_delta:g}'] = formula
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(scores.shape, generator=generator)
    cases = {
        f'of the trained network, {scores.amin():.1f} to {scores.amax():.1f}': scores,
        'white noise, standard deviation 1': noise,
        'white noise, standard deviation 3': 3 * noise,
    }
    results = [
        dict(loss=loss, scores=name) | quadrature_error(case, labels, form, head.align_corners, head.ignore_index)
        for loss, form in formulas.items()
        for name, case in cases.items()
    ]
    report = dict(results=results, shape=list(scores.shape), size=list(labels.shape[1:]))
    print(quadrature_error_table(report))
    write_results(args.out, **report)


if __name__ == '__main__':
    main()
