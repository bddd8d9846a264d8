"""The code blocks of the documentation run."""

import re
from pathlib import Path

import torch

DOCS = Path(__file__).parents[1] / 'docs'


def test_regression_example_fits_its_line():
    torch.manual_seed(0)
    (block,) = re.findall(r'```python\n(.*?)```', (DOCS / 'losses.md').read_text(), re.DOTALL)
    names = {}
    exec(block, names)
    with torch.no_grad():
        assert (names['network'](names['x']).exp() - names['y']).abs().max() < 0.05
