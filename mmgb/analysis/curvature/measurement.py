"""Second derivatives at the outputs of a trained network, and how often Section 4's inequalities hold there.

The paper's four Hessians of squared error (:mod:`mmgb.analysis.curvature.hessians`) are evaluated at the network's
outputs with targets {0, 1}, whatever loss the network was trained with, and with each sample's own normaliser s. Only a
network trained with squared error on these targets is close to their fit. The first terms equal H wherever y = t.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .hessians import softmax_squared_error_curvature, squared_error_hessians
from .loss_curvature import Curvature

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ABOUT_ZERO = 0.01  # largest |H| that counts as H ≈ 0; H_linear is 1
ABOUT_EQUAL = 0.1  # largest difference of two terms that counts as equal, relative to the larger one
CHAIN = ('pow3', 'exp', 'softmax', 'linear')
FIRST_TERMS = dict(zip(CHAIN, ('9x⁴', 'e^{2x}', 'e^{2x}/s²', '1')))


def measure(scores: Tensor, labels: Tensor, loss: str, curvature: Curvature) -> dict[str, object]:
    """Measure the scores and second derivatives of a network's target-class outputs and of its other outputs.

    Args:
        scores (Tensor): finite float64 outputs, (N, C).
        labels (Tensor): target classes in [0, C), (N). In segmentation each pixel is a sample.
        loss (str): name of the loss that the network was trained with.
        curvature (Curvature): second derivative of that loss.

    Returns:
        dict[str, object]: results for JSON. ``loss``, ``samples``, ``classes`` (number of classes that occur),
        ``error`` (share of wrong predictions) and ``normaliser`` (distribution of s). ``right`` (outputs of the target
        classes) and ``wrong`` (all other outputs) each hold ``distributions`` ({quantity: {'mean', '5%', …}}),
        ``first_terms`` and ``hessians`` ({'a > b': share of outputs}) and ``terms`` ({activation: shares}).
    """
    targets = one_hot(labels, scores.shape[1]).to(scores)
    hessians = squared_error_hessians(scores, targets)
    quantities = {
        'score x': scores,
        f'H of {loss}': curvature(scores, targets),
        **{f'H_{name}': hessians[name].total for name in CHAIN},
        'H_softmax, s not fixed': softmax_squared_error_curvature(scores, targets),
    }
    log_s = scores.logsumexp(1)
    found = dict(
        loss=loss,
        samples=len(labels),
        classes=len(labels.unique()),
        error=share(scores.argmax(1) != labels),
        normaliser={**distribution(log_s.exp()), 's > 1': share(log_s > 0)},
    )
    for group, chosen in (('right', targets == 1), ('wrong', targets == 0)):
        found[group] = dict(
            distributions={name: distribution(values[chosen]) for name, values in quantities.items()},
            first_terms=chain({FIRST_TERMS[name]: hessians[name].first[chosen] for name in CHAIN}),
            hessians=chain({f'H_{name}': hessians[name].total[chosen] for name in CHAIN}),
            terms={name: term_shares(hessians[name].first[chosen], hessians[name].second[chosen]) for name in CHAIN},
        )
    return found


def share(condition: Tensor) -> float:
    """Return the share of true elements."""
    return condition.double().mean().item()


def distribution(values: Tensor) -> dict[str, float]:
    """Return the mean and the quantiles of ``values``."""
    ordered = values.sort().values  # torch.quantile accepts at most 16 million values
    places = [round(quantile * (len(ordered) - 1)) for quantile in QUANTILES]
    return {
        'mean': values.mean().item(),
        **{f'{quantile:.0%}': ordered[place].item() for quantile, place in zip(QUANTILES, places)},
    }


def chain(terms: dict[str, Tensor]) -> dict[str, float]:
    """Return the share of outputs where each term exceeds the next one, and where all of them do."""
    names = list(terms)
    links = {f'{a} > {b}': terms[a] > terms[b] for a, b in zip(names, names[1:])}
    return {
        **{name: share(link) for name, link in links.items()},
        'all of them': share(torch.stack(list(links.values())).all(0)),
    }


def term_shares(first: Tensor, second: Tensor) -> dict[str, float]:
    """Return the shares of outputs with H ≈ 0, with equal terms (as the paper claims) and with a small second term."""
    larger = torch.maximum(first.abs(), second.abs())
    return {
        'H ≈ 0': share((first - second).abs() <= ABOUT_ZERO),
        'first ≈ second': share((first - second).abs() <= ABOUT_EQUAL * larger),
        'second ≪ first': share(second.abs() <= ABOUT_EQUAL * first.abs()),
    }
