"""tools/find_lr.py: the suggestion and its files, and invalid input, each in one sentence."""

import json

import pytest
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import make_workspace

pytestmark = pytest.mark.slow  # imports both hosts in a new process

SHORT = ['--from', '1e-3', '--to', '10', '--steps', '60', '--starts', '1']
COMMANDS = {
    'found': ['find_lr.py', 'cls.py', '--loss', 'pow3-gb', *SHORT, '--out', 'found'],
    'no rate': ['find_lr.py', 'cls.py', '--cfg-options', 'optim_wrapper.optimizer.lr=0'],
    'no weights': ['find_lr.py', 'cls.py', '--cfg-options', 'load_from=none.pth'],
    'no data': ['find_lr.py', 'cls.py', '--cfg-options', 'train_dataloader.dataset.data_root=nowhere'],
}


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    folder = make_workspace(tmp_path_factory.mktemp('find_lr'))
    return folder, run_many(folder, COMMANDS)


def test_a_suggestion_comes_with_its_sweeps_and_a_figure(results):
    folder, done = results
    code, output = done['found']
    assert code == 0, output
    content = json.loads((folder / 'found/sweeps.json').read_text())
    assert content['loss'] == 'pow3-gb' and len(content['losses'][0]) <= len(content['rates']) == 60
    assert f'suggested learning rate for SGD: {content["suggestion"]:.2g}' in output and '1 of 1 sweeps' in output
    assert (folder / 'found/sweeps.png').stat().st_size > 10_000


def test_invalid_input_ends_with_one_sentence(results):
    assert_one_sentence(results[1]['no rate'], 'find_lr.py', 'optim_wrapper.optimizer.lr=0: expected a positive number')
    assert_one_sentence(results[1]['no weights'], 'find_lr.py', "load_from='none.pth' is not a file")
    assert_one_sentence(results[1]['no data'], 'find_lr.py', "train_dataloader.dataset.data_root='nowhere'")
