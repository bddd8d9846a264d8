"""Section 4 of the gradient-boosting paper at the outputs of a trained network: its Hessians, and what it says of them.

The formulas are in :mod:`mmgb.analysis.curvature.output_curvature`. The paper's four Hessians of squared error are
evaluated at the network's outputs with targets {0, 1}, whatever loss the network was trained with; s is each sample's
own. Only a network trained with squared error on such targets is near their fit; the first terms are H wherever y = t.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from mmgb.utils.markdown import table

from .output_curvature import Curvature, softmax_squared_error_curvature, squared_error_hessians

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ABOUT_ZERO = 0.01  # |H| up to this is H ≈ 0; H_linear is 1
ABOUT_EQUAL = 0.1  # difference of two terms, relative to the larger one
CHAIN = ('pow3', 'exp', 'softmax', 'linear')
FIRST_TERMS = dict(zip(CHAIN, ('9x⁴', 'e^{2x}', 'e^{2x}/s²', '1')))


def measure(scores: Tensor, labels: Tensor, loss: str, curvature: Curvature) -> dict[str, object]:
    """All that is reported of a network.

    Args:
        scores: float64 (N, C), finite.
        labels: (N) in [0, C); pixels count as samples.
        loss: the name of the one it was trained with.
        curvature: that loss's.

    Returns:
        For JSON: ``loss``, ``samples``, ``classes`` (how many occur), ``error`` (share), ``normaliser``, and for the
        ``right`` and the ``wrong`` classes' outputs ``distributions`` ({quantity: {'mean', '5%', …}}), ``first_terms``
        and ``hessians`` ({'a > b': share}) and ``terms`` ({activation: shares}).
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
    return condition.double().mean().item()


def distribution(values: Tensor) -> dict[str, float]:
    """Mean and quantiles."""
    ordered = values.sort().values  # torch.quantile refuses more than 16 million values
    places = [round(quantile * (len(ordered) - 1)) for quantile in QUANTILES]
    return {
        'mean': values.mean().item(),
        **{f'{quantile:.0%}': ordered[place].item() for quantile, place in zip(QUANTILES, places)},
    }


def chain(terms: dict[str, Tensor]) -> dict[str, float]:
    """The share of outputs at which each term exceeds the next one, and at which all do."""
    names = list(terms)
    links = {f'{a} > {b}': terms[a] > terms[b] for a, b in zip(names, names[1:])}
    return {
        **{name: share(link) for name, link in links.items()},
        'all of them': share(torch.stack(list(links.values())).all(0)),
    }


def term_shares(first: Tensor, second: Tensor) -> dict[str, float]:
    """Of the outputs: where H ≈ 0, where first ≈ second term (the paper's claim), where second ≈ 0 beside the first."""
    larger = torch.maximum(first.abs(), second.abs())
    return {
        'H ≈ 0': share((first - second).abs() <= ABOUT_ZERO),
        'first ≈ second': share((first - second).abs() <= ABOUT_EQUAL * larger),
        'second ≪ first': share(second.abs() <= ABOUT_EQUAL * first.abs()),
    }


def measured_tables(found: dict[str, object]) -> str:
    """Markdown of what :func:`measure` has found."""
    groups = {group: found[group] for group in ('right', 'wrong')}
    rows = [['s = Σ exp(x)', '', *map(number, list(found['normaliser'].values())[:-1])]]
    rows += [
        [name, group, *map(number, values[name].values())]
        for name in groups['right']['distributions']
        for group, values in ((group, part['distributions']) for group, part in groups.items())
    ]
    text = (
        f'{found["samples"]} samples of {found["classes"]} classes, error {100 * found["error"]:.2f} %; '
        f's > 1 for {100 * found["normaliser"]["s > 1"]:.1f} % of them\n\n'
    )
    text += table(['', 'class', 'mean', *(f'{quantile:.0%}' for quantile in QUANTILES)], rows)
    rows = [
        [link, *(100 * part[kind][link] for part in groups.values())]
        for kind in ('first_terms', 'hessians')
        for link in groups['right'][kind]
        if link != 'all of them'
    ]
    rows += [
        [f'all of them, {kind}', *(100 * part[key]['all of them'] for part in groups.values())]
        for key, kind in (('first_terms', 'first terms'), ('hessians', 'H'))
    ]
    rows += [
        [f'{name}: {claim}', *(100 * part['terms'][name][claim] for part in groups.values())]
        for name in CHAIN
        for claim in groups['right']['terms'][name]
    ]
    return text + '\n' + table(['holds for %', 'right class', 'wrong classes'], rows)


def summary_table(networks: Mapping[str, dict]) -> str:
    """Markdown with one column a network, {name: what :func:`measure` has found}: what Section 4 says of them all.

    Cells of two numbers are of the right and of the wrong classes' outputs.
    """

    def both(get, form='.1f'):
        return [
            ' / '.join(format(get(found[group], found), form) for group in ('right', 'wrong'))
            for found in networks.values()
        ]

    rows = [
        ['test error, %', *(f'{100 * found["error"]:.1f}' for found in networks.values())],
        ['s > 1, % of samples', *(f'{100 * found["normaliser"]["s > 1"]:.1f}' for found in networks.values())],
        ['s, median', *(number(found['normaliser']['50%']) for found in networks.values())],
        [
            'H_pow3 > H_exp > H_softmax > H_linear, % of outputs',
            *both(lambda part, _: 100 * part['hessians']['all of them']),
        ],
        ['… of their first terms, % of outputs', *both(lambda part, _: 100 * part['first_terms']['all of them'])],
    ]
    rows += [
        [f'H_{name} ≈ 0, % of outputs', *both(lambda part, _, name=name: 100 * part['terms'][name]['H ≈ 0'])]
        for name in CHAIN
        if name != 'linear'
    ]
    rows.append(
        [
            'H of the loss it was trained with, mean',
            *both(lambda part, found: part['distributions'][f'H of {found["loss"]}']['mean'], '.3g'),
        ]
    )
    return table(['', *networks], rows)


def number(value: float) -> str:
    return f'{value:.3g}'
