import json
import sys

import pytest
from helpers.tiny_runs import TOOLS


@pytest.fixture
def fuzz_inputs(monkeypatch):
    from mmgb import compat

    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    monkeypatch.syspath_prepend(str(TOOLS))
    import fuzz_inputs

    monkeypatch.setattr(fuzz_inputs.logging, 'disable', lambda level: None)
    return fuzz_inputs


def run(tool, monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['fuzz_inputs.py', *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    return ended.value.code


def test_the_report_has_an_entry_for_each_stack(fuzz_inputs, tmp_path, monkeypatch, capsys):
    report = tmp_path / 'report.json'
    for mmengine in ('0.1.0', '0.2.0', '0.1.0'):
        monkeypatch.setattr(
            fuzz_inputs, 'stack_versions', lambda mmengine=mmengine: dict(mmengine=mmengine, python='3')
        )
        assert run(fuzz_inputs, monkeypatch, '--count', 40, '--seed', 7, '--out', report) == 0
    reports = json.loads(report.read_text())['reports']
    assert [entry['versions']['mmengine'] for entry in reports] == ['0.2.0', '0.1.0']
    campaigns = reports[1]['campaigns']
    assert list(campaigns) == list(fuzz_inputs.KINDS) and all(found['seed'] == 7 for found in campaigns.values())
    assert sum(found['count'] for found in campaigns.values()) == 40


def test_a_wrongly_accepted_input_makes_the_exit_code_1(fuzz_inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz_inputs, 'KINDS', {'broken': (lambda folder: lambda rng: 'wrong', 1.0)})
    assert run(fuzz_inputs, monkeypatch, '--count', 2, '--out', tmp_path / 'report.json') == 1
