r"""Boosted losses in the units of cross-entropy's logits, for which the learning rate of a config was chosen.

A boosted loss F has its own scale of outputs and of gradients. With the head's outputs z and C classes, the matched
loss is :math:`F(s z + x_0) / k`, with three conditions:

- z = 0 is the uniform prior 1/C, so zero outputs need no initialiser (:math:`x_0`).
- The fits of the wrong classes and of the target class are 10 apart, as far as trained logits of cross-entropy get (s).
  exp-GB keeps :math:`s = 1`: the exponential's unit is that of the logits, and its wrong classes have no fit.
- k sets the size of the gradient. pow3-GB: the second derivatives of the C outputs at the fit sum to 0.3, so their mean
  over ten outputs is 0.03, as measured for cross-entropy. exp-GB: they sum to 1, so the delta is that of cross-entropy
  with :math:`e^z / C` in the place of the softmax. Both numbers were chosen by held-out errors
  (docs/losses.md, "Matched units").

An affine change of the outputs leaves the losses in their families. exp-GB becomes exp-GB with targets {0, 1} and
alpha = 1 / C, whatever alpha and T were:

.. math::
    \delta(z, p) = e^z / C - p

pow3-GB with beta at the negative target becomes, whatever alpha and the targets were,

.. math::
    \delta(z, p) = \left(\tfrac{z}{10} + C^{-1/3}\right)^3 - p

Unless ``max_delta`` is given, the delta is clipped to [-1, 1], where that of cross-entropy always is. Its learning
rates rely on it: the step after one that puts the outputs far beyond the fit has a bounded size.
"""

from __future__ import annotations

from ..errors import ConfigError

FIT_DISTANCE = 10.0  # logits between the fits of the wrong classes and the target class
MAX_DELTA = 1.0  # largest magnitude of the error delta, that of cross-entropy
# Sums of the outputs' second derivatives where all of them fit.
EXP_GB_CURVATURE = 1.0
POW3_GB_CURVATURE = 0.3


def check_matched(matched: bool, target_kind: str) -> None:
    """Raise a ConfigError if matched units are requested for real-valued targets, which have no classes."""
    if matched and target_kind == 'value':
        raise ConfigError(
            "matched=True with target_kind='value': expected matched=False, since only classes have a prior"
        )


def classes_of_outputs(num_outputs: int) -> int:
    """Return the number of classes; a single output distinguishes two."""
    return max(2, num_outputs)
