"""tools/check_recipe.py: exit codes, the report, its continuation, and invalid options."""

import json

import pytest
from helpers.many_runs import run_many
from helpers.tiny_runs import make_workspace

from mmgb.utils.process_lock import ProcessLock

pytestmark = pytest.mark.slow  # imports both hosts in a new process

TOOL = 'check_recipe.py'
BAD_OPTIONS = {
    'no config': (['nowhere.py'], "config='nowhere.py' is not a file"),
    'no steps': (['cls.py', '--steps', '0'], '--steps=0: expected a positive integer'),
    'no batch': (['cls.py', '--batch-size', '-4'], '--batch-size=-4: expected a positive integer'),
    'no micro-batch': (['cls.py', '--micro-batch', '0'], '--micro-batch=0: expected a positive integer'),
    'no size': (['cls.py', '--image-size', '0'], '--image-size=0: expected a positive integer'),
    'no JSON': (['cls.py', '--out', 'table.md'], "--out='table.md': expected a name that ends with .json"),
    'foreign file': (['cls.py', '--out', 'foreign.json'], "--out='foreign.json': expected a file of tools/check_rec"),
    'file in use': (['cls.py', '--out', 'used.json'], "--out='used.json': expected one that no other run uses"),
    'no such network': (['cls.py', '--cfg-options', 'model.backbone.type=X'], "config='cls.py' can't be built"),
}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    folder = make_workspace(tmp_path_factory.mktemp('recipes'))
    (folder / 'exploding.py').write_text("_base_ = 'cls.py'\noptim_wrapper = dict(optimizer=dict(lr=1e6))\n")
    (folder / 'sound.py').write_text("_base_ = 'cls.py'\ntrain_cfg = dict(max_epochs=20)\n")
    (folder / 'absent.py').write_text("""
_base_ = 'seg.py'
train_dataloader = dict(dataset=dict(data_root='nowhere'))
train_cfg = dict(max_iters=100)
""")
    (folder / 'foreign.json').write_text('{}')
    return folder


@pytest.fixture(scope='module')
def results(workspace):
    commands = {name: [TOOL, *arguments] for name, (arguments, _) in BAD_OPTIONS.items()}
    commands['sound'] = [TOOL, 'sound.py', '--steps', '40', '--out', 'sound.json']
    commands['both'] = [TOOL, 'exploding.py', 'absent.py', '--steps', '8', '--out', 'both.json']
    commands['again'] = [TOOL, 'absent.py', 'cls.py', '--steps', '8', '--out', 'both.json']
    with ProcessLock(workspace / 'used.json.lock', '', ''):
        return run_many(workspace, commands)


@pytest.mark.parametrize('name', BAD_OPTIONS)
def test_invalid_options_end_with_one_sentence(name, results):
    code, output = results[name]
    errors = [line for line in output.splitlines() if ': error: ' in line]
    assert code == 2 and len(errors) == 1 and BAD_OPTIONS[name][1] in errors[0], output


def test_a_recipe_that_trains_exits_with_0(results, workspace):
    code, output = results['sound']
    assert code == 0, output
    (entry,) = json.loads((workspace / 'sound.json').read_text())['recipes'].values()
    assert entry['verdict'] in ('falls', 'level') and entry['steps'] == 40 and entry['data'] == 'real'
    assert '| `sound` | real | 40 of 2 |' in output


def test_a_recipe_that_explodes_exits_with_1_at_once_with_step_and_loss(results, workspace):
    code, output = results['both']
    entry = json.loads((workspace / 'both.json').read_text())['recipes']['exploding.py']
    assert code == 1 and entry['verdict'] == 'diverges' and entry['steps'] < 8
    assert f'exploding.py: diverges at step {entry["steps"]}: ' in output


def test_missing_images_are_made(results, workspace):
    entry = json.loads((workspace / 'both.json').read_text())['recipes']['absent.py']
    assert entry['data'] == 'made' and 'nowhere' in entry['missing_data'] and entry['steps'] == 8


def test_the_file_is_continued(results, workspace):
    code, output = results['again']
    content = json.loads((workspace / 'both.json').read_text())
    assert code == 0 and list(content['recipes']) == ['exploding.py', 'absent.py', 'cls.py'], output
    assert set(content['environment']) >= {'torch', 'cpu', 'threads'}
    assert '`exploding`' not in output and '`absent`' in output
