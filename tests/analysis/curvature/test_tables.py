"""Tables of measured second derivatives."""

import math

import torch

from mmgb.analysis.curvature.loss_curvature import cross_entropy_curvature
from mmgb.analysis.curvature.measurement import measure
from mmgb.analysis.curvature.tables import measured_tables, summary_table

SCORES = torch.tensor([[2.0, 0.0, -1.0], [0.5, 4.0, -3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 0])
FOUND = measure(SCORES, LABELS, 'CrossEntropyLoss', cross_entropy_curvature)


def test_tables_have_every_quantity_for_both_groups():
    text = measured_tables(FOUND)
    assert text.startswith('2 samples of 1 classes, error 50.00 %; s > 1 for 100.0 % of them\n')
    assert '| score x | right | 1.25 | 0.5 |' in text and '| 9x⁴ > e^{2x} | 50.0 | 50.0 |' in text
    assert all(len(line.split('|')) in (1, 5, 10) for line in text.splitlines())


def test_summary_has_a_column_for_each_network():
    rows = dict(line[2:-2].split(' | ', 1) for line in summary_table({'one': FOUND, 'two': FOUND}).splitlines())
    assert rows['test error, %'] == '50.0 | 50.0'
    assert rows['… of their first terms, % of outputs'] == '0.0 / 0.0 | 0.0 / 0.0'
    p = [math.exp(2) / sum(map(math.exp, SCORES[0].tolist())), math.exp(0.5) / sum(map(math.exp, SCORES[1].tolist()))]
    assert rows['H of the loss it was trained with, mean'].startswith(f'{sum(q - q * q for q in p) / 2:.3g} / ')
