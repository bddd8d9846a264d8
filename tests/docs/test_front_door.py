"""A newcomer finds the answers to the first questions in the README, or on a page that it links."""

from __future__ import annotations

import re

import pytest
from helpers.code_blocks import ROOT

README = (ROOT / 'README.md').read_text(encoding='utf-8')
LINKED = re.findall(r'\]\(((?:docs|configs)/[\w/.-]+\.md)', README)
ANSWERS = {
    'how to install it': r'pip install "\.\[onedl\]"',
    'how to swap a loss in one line': r"decode_head=dict\(loss_decode=dict\(type='mmgb\.Pow3GBLoss'",
    'which learning rate AdamW needs': r'\| AdamW .*\| cross-entropy',
    'how to use relay on ResNet-50': r"source='backbone\.layer3\.3'",
    'how to export to ONNX': r'onnx',
    'what class-aware sampling writes': r'class_sets\.npz',
}


@pytest.mark.parametrize('question', ANSWERS)
def test_the_answer_is_one_hop_away(question):
    pages = [README, *((ROOT / page).read_text(encoding='utf-8') for page in LINKED)]
    assert [page for page in pages if re.search(ANSWERS[question], page, re.IGNORECASE)]


def test_the_readme_shows_measured_effects_and_a_figure_before_it_asks_to_install():
    before = README[: README.index('## Install')]
    table = before[before.index('<!-- headlines -->') : before.index('<!-- /headlines -->')]
    assert '**helps**' in table and '**hurts**' in table and re.search(r'!\[.+\]\(docs/results/', before)


def test_the_readme_names_no_host_of_a_package_registry():
    assert not re.search(r'--(extra-)?index-url|pypi|download\.pytorch', README)
