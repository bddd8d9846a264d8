"""Evaluate losses that are a sum over the classes of a function of each output alone.

Softmax + cross-entropy couples the outputs of a sample through its normaliser. The losses of mmgb do not: a
:class:`mmgb.functional.losses.formula.Formula` gives the contribution of one output, and this module sums, weights and
reduces the contributions in the same way for all of them.
"""

from __future__ import annotations

from torch import Tensor

from ..autocast import without_autocast
from ..errors import ConfigError
from .error_delta import potentials
from .formula import Formula
from .kernels.dispatch import fused_loss
from .label_smoothing import check_label_smoothing
from .matched_units import check_matched, classes_of_outputs
from .reduction import ReductionOptions, check_class_weight, check_reduction, mask_zero_weights, sample_weights
from .targets import check_target, check_target_kind, check_values


class ElementwiseOptions(ReductionOptions, total=False):
    """Keyword arguments that the public functions pass on to :func:`elementwise_loss`."""

    target_kind: str
    label_smooth_val: float
    label_smooth_mode: str


def elementwise_loss(
    scores: Tensor,
    target: Tensor,
    formula: Formula,
    *,
    matched: bool = False,
    fused: bool = False,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    ignore_index: int | None = None,
    avg_non_ignore: bool = True,
    reduction: str = 'mean',
    avg_factor: float | None = None,
    target_kind: str = 'class',
    label_smooth_val: float = 0.0,
    label_smooth_mode: str = 'original',
) -> Tensor:
    """Sum the potentials over the classes and reduce them over the samples (images or pixels).

    Args:
        scores (Tensor): linear outputs, (N, C) or (N, C, ...). float16 and bfloat16 scores are computed in float32,
            also under autocast.
        target (Tensor): labels, integers of shape (N) or (N, ...); class scores in [0, 1] of the scores' shape; or
            with ``target_kind='value'`` real-valued targets of the scores' shape. All tensors are on one device.
        formula (Formula): the loss.
        matched (bool): whether to use the formula in matched units for the C classes of the scores. Default: False.
        fused (bool): whether to use the formula's kernel, if it has one for this device and type. Default: False.
        weight (Tensor | None): factor of each sample, of the labels' shape or of one that broadcasts to it.
        class_weight (Tensor | None): (C,) finite factors >= 0. What they multiply depends on ``target_kind``.
        ignore_index (int | None): label of the ignored samples. Default: None, no sample is ignored.
        avg_non_ignore (bool): whether ``'mean'`` divides by the number of samples that are not ignored, or by the
            number of all samples. Default: True.
        reduction (str): ``'mean'``, ``'sum'`` or ``'none'``. If class weights multiply samples, the mean divides by
            their sum over the samples, as cross-entropy does. It never divides by the sum of ``weight``.
        avg_factor (float | None): normalizer of ``'mean'``, > 0. Default: None, the number of samples.
        target_kind (str): what the target is, and what ``class_weight`` multiplies:

            - ``'class'``: labels, or class scores that are a distribution over the classes (one-hot, smoothed or
              mixed labels). Each sample is multiplied by the weight of its class, or by the mean weight of its
              classes ``sum_c p_c * w_c / sum_c p_c`` (1 without a class).
            - ``'multi_label'``: class scores with any number of classes per sample. Each class's term is multiplied
              by its weight, ``sum_c w_c * F(x_c, t_c)``, and the mean divides by the number of samples.
            - ``'value'``: real values, for regression (Section 3 of the gradient-boosting paper). The formula's
              ``targets`` are not used. Class weights multiply the terms.
        label_smooth_val (float): smoothing of the labels or class scores, in [0, 1). Default: 0, none.
        label_smooth_mode (str): mode of mmpretrain's ``LabelSmoothLoss``, see
            :func:`mmgb.functional.losses.label_smoothing.smoothed_probabilities`. Default: ``'original'``.

    Returns:
        Tensor: a scalar, or with ``reduction='none'`` one loss per sample, of the labels' shape. Ignored and
            zero-weight samples contribute neither loss nor gradient, even if their scores are NaN. If all samples are
            ignored the loss is 0. NaN or infinite scores of any other sample make the loss NaN or infinite.

    Raises:
        ConfigError: if an option is unknown or does not fit the others, or a tensor does not fit the scores.
    """
    check_reduction(reduction, avg_factor)
    check_target_kind(target_kind)
    check_matched(matched, target_kind)
    check_label_smoothing(label_smooth_val, label_smooth_mode, target_kind)
    valid = None
    if target_kind == 'value':
        check_values(scores, target, formula.target_range)
        formula = formula.for_values()
    else:
        valid = check_target(scores, target, ignore_index)
        if target_kind == 'multi_label' and target.shape != scores.shape:
            raise ConfigError(
                f"target of shape {tuple(target.shape)} with target_kind='multi_label': expected class scores of shape "
                f'{tuple(scores.shape)}'
            )
    if matched:
        formula = formula.matched(scores.shape[1])
    formula = formula.smoothed(label_smooth_val, label_smooth_mode, classes_of_outputs(scores.shape[1]))
    term_weight = None
    if class_weight is not None:
        check_class_weight(class_weight, scores)
        if target_kind != 'class':
            term_weight, class_weight = class_weight, None

    with without_autocast(scores.device):  # autocast would weight class scores in half precision
        sample_weight, normalizer = sample_weights(
            scores,
            target,
            valid,
            weight=weight,
            class_weight=class_weight,
            avg_non_ignore=avg_non_ignore,
            reduction=reduction,
            avg_factor=avg_factor,
        )
        if fused and term_weight is None:
            loss = fused_loss(formula, scores, target, sample_weight, 1 / normalizer, per_sample=reduction == 'none')
            if loss is not None:
                return loss
        scores = mask_zero_weights(scores, sample_weight)
        factor = (sample_weight / normalizer).unsqueeze(1)
        if term_weight is not None:
            term_weight = term_weight.to(normalizer.dtype).view(-1, *[1] * (scores.dim() - 2))
            scores, factor = scores.masked_fill(term_weight == 0, 0), factor * term_weight
        # Scale before summing: a sum over a million pixels overflows long before any of its terms does.
        losses = (potentials(formula, scores, target) * factor).sum(1)
        return losses if reduction == 'none' else losses.sum()
