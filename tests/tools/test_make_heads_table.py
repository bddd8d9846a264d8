"""tools/make_heads_table.py writes the tables of docs/heads.md and notices stale ones."""

import importlib.util
from pathlib import Path

import pytest
from helpers.tiny_runs import run, succeeded

ROOT = Path(__file__).parents[2]

DATA = """
mmseg:
  trains:
    - {name: FCN, file: fcn.py}
    - {name: DDRNet, loss: {ignore_index: 255}, head: {align_corners: false}, replaced: true, note: Two losses.}
  refused:
    - {name: CCNet, file: cc.py, trains: not tested, because: needs compiled operators}
    - {name: VPD, because: estimates depth}
mmpretrain:
  trains: []
  refused: []
  not_tried: {MIMHead: reconstructs features}
"""
HEADER = '| family | config of the host | trains | what to set, or why not |\n| --- | --- | --- | --- |\n'
MMSEG = (
    HEADER
    + """\
| FCN | `fcn.py` | yes |  |
| DDRNet |  | yes | Loss: `ignore_index=255`, `_delete_=True`. Head: `align_corners=False`. Two losses. |
| CCNet | `cc.py` | not tested | needs compiled operators |
| VPD |  | no | estimates depth |
"""
)
MMPRETRAIN = HEADER + '| MIMHead |  | not tried | reconstructs features |\n'


@pytest.fixture
def tool():
    """The tool as a module: importing torch in a process of its own takes seconds."""
    spec = importlib.util.spec_from_file_location('make_heads_table', ROOT / 'tools/make_heads_table.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_tables_are_up_to_date():
    succeeded(run(ROOT, 'make_heads_table.py', '--check'))


def test_check_names_a_stale_table_and_writing_renews_it_alone(tool, tmp_path, capsys):
    data, document = tmp_path / 'heads.yml', tmp_path / 'heads.md'
    data.write_text(DATA)
    text = 'Text.\n<!-- mmseg -->\n{}<!-- /mmseg -->\n<!-- mmpretrain -->\n{}<!-- /mmpretrain -->\nEnd.\n'
    document.write_text(text.format('old\n', MMPRETRAIN))
    files = ['--data', str(data), '--document', str(document)]

    assert tool.main(['--check', *files]) == 1
    assert capsys.readouterr().out == f'{document}: table mmseg is out of date: run python tools/make_heads_table.py\n'
    assert document.read_text() == text.format('old\n', MMPRETRAIN)

    assert tool.main(files) == 0
    assert document.read_text() == text.format(MMSEG, MMPRETRAIN)
    assert tool.main(['--check', *files]) == 0
