"""Markdown tables of measured second derivatives."""

from __future__ import annotations

from collections.abc import Mapping

from mmgb.utils.markdown import table

from .measurement import CHAIN, QUANTILES


def measured_tables(found: dict[str, object]) -> str:
    """Return one network's tables: distributions of all quantities, and how often each inequality holds.

    Args:
        found (dict[str, object]): result of :func:`~mmgb.analysis.curvature.measurement.measure`.
    """
    groups = {group: found[group] for group in ('right', 'wrong')}
    rows = [['s = Σ exp(x)', '', *map(_number, list(found['normaliser'].values())[:-1])]]
    rows += [
        [name, group, *map(_number, values[name].values())]
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
    """Return a table that compares networks by Section 4's main claims, one column each.

    A cell with two numbers describes the target-class outputs and the other outputs.

    Args:
        networks (Mapping[str, dict]): name to result of :func:`~mmgb.analysis.curvature.measurement.measure`.
    """

    def both(get, form='.1f'):
        """One cell per network: a number of the target-class outputs and one of the other outputs."""
        return [
            ' / '.join(format(get(found[group], found), form) for group in ('right', 'wrong'))
            for found in networks.values()
        ]

    rows = [
        ['test error, %', *(f'{100 * found["error"]:.1f}' for found in networks.values())],
        ['s > 1, % of samples', *(f'{100 * found["normaliser"]["s > 1"]:.1f}' for found in networks.values())],
        ['s, median', *(_number(found['normaliser']['50%']) for found in networks.values())],
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


def _number(value: float) -> str:
    """Return ``value`` with three significant digits."""
    return f'{value:.3g}'
