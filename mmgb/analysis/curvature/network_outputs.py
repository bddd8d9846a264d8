"""Outputs and labels of a trained classification or segmentation network on its test data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmgb.functional.errors import ConfigError

PIXELS = 256  # per image


def head_loss(model: nn.Module) -> nn.Module:
    """Return the loss module of the model's head.

    Raises:
        ConfigError: if the model has no such loss, or several.
    """
    head = getattr(model, 'head', None) or getattr(model, 'decode_head', None)
    loss = getattr(head, 'loss_module', None) or getattr(head, 'loss_decode', None)
    if not isinstance(loss, nn.Module) or isinstance(loss, nn.ModuleList):
        raise ConfigError(
            'expected a model with one loss, as head.loss_module (mmpretrain) or decode_head.loss_decode '
            f'(mmsegmentation), got {type(loss).__name__}'
        )
    return loss


@torch.no_grad()
def network_outputs(model: nn.Module, dataloader: Iterable, count: int) -> tuple[Tensor, Tensor]:
    """Return the scores and labels of the first ``count`` images, on the CPU.

    Args:
        model (nn.Module): classifier of mmpretrain or segmentor of mmsegmentation.
        dataloader (Iterable): batches of the test data.
        count (int): maximum number of images. A segmented image contributes at most 256 labelled pixels, evenly
            spread.

    Returns:
        tuple[Tensor, Tensor]: float64 scores (N, C) and labels (N).

    Raises:
        ConfigError: if the model gives no scores of the expected shape or non-finite ones, or if labels are missing or
            out of range.
    """
    model.eval()
    segments = hasattr(model, 'decode_head')
    found, images = [], 0
    for batch in dataloader:
        data = model.data_preprocessor(batch, False)
        samples = data['data_samples'][: count - images]
        scores = model(**data, mode='tensor')
        _check_shape(scores, segments)
        scores = scores[: len(samples)].double().cpu()
        if segments:
            found.append(sampled_pixels(scores, samples, model.decode_head))
        else:
            found.append((scores, image_labels(samples)))
        images += len(samples)
        if images == count:
            break
    scores, labels = torch.cat([scores for scores, _ in found]), torch.cat([labels.cpu() for _, labels in found])
    _check_values(scores, labels)
    return scores, labels


def image_labels(samples: Sequence) -> Tensor:
    """Return the labels (N) of classified images.

    Raises:
        ConfigError: if an image has no label or several.
    """
    labels = [sample.get('gt_label') if 'gt_label' in sample else None for sample in samples]
    if any(label is None or label.numel() != 1 for label in labels):
        raise ConfigError('the test data set: expected one label for each image (gt_label)')
    return torch.cat([label.reshape(1) for label in labels])


def sampled_pixels(scores: Tensor, samples: Sequence, head: nn.Module) -> tuple[Tensor, Tensor]:
    """Return the scores (M, C) and labels (M) of evenly spread labelled pixels.

    As in prediction, the score maps are first enlarged to the size of the label maps.

    Args:
        scores (Tensor): score maps, (N, C, H, W).
        samples (Sequence): N data samples with label maps.
        head (nn.Module): decode head, which knows ``align_corners`` and ``ignore_index``.

    Raises:
        ConfigError: if an image has no label map.
    """
    found = []
    for logits, sample in zip(scores, samples):
        if 'gt_sem_seg' not in sample:
            raise ConfigError('the test data set: expected a label map for each image (gt_sem_seg)')
        labels = sample.gt_sem_seg.data[0].long().cpu()
        valid = (labels != head.ignore_index).flatten().nonzero()[:, 0]
        chosen = valid[torch.linspace(0, len(valid) - 1, min(PIXELS, len(valid))).round().long()]
        logits = interpolate(logits[None].double(), labels.shape, mode='bilinear', align_corners=head.align_corners)[0]
        found.append((logits.flatten(1).T[chosen], labels.flatten()[chosen]))
    return torch.cat([scores for scores, _ in found]), torch.cat([labels for _, labels in found])


def _check_shape(scores: object, segments: bool) -> None:
    """Check that the model gave one tensor of scores, (N, C), or (N, C, H, W) if it segments."""
    if not isinstance(scores, Tensor) or scores.dim() != (4 if segments else 2):
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else f'a {type(scores).__name__}'
        raise ConfigError(f'the model gives {shape}; expected scores {"(N, C, H, W)" if segments else "(N, C)"}')


def _check_values(scores: Tensor, labels: Tensor) -> None:
    """Check that there are labels, all of them in range, and that all scores are finite."""
    if not len(labels):
        raise ConfigError('the test data set: expected at least one labelled image or pixel, got none')
    if not scores.isfinite().all():
        raise ConfigError('the model gives non-finite scores: its training has diverged')
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ConfigError(
            f'the test data set has labels from {labels.min()} to {labels.max()}: expected 0 to {scores.shape[1] - 1}, '
            f'because the model gives {scores.shape[1]} scores'
        )
