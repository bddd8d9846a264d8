"""The growing file of trials."""

import json
from itertools import permutations

import pytest

from mmgb.trials.file import TrialsFile
from mmgb.trials.trial import Trial, read_settings

ORIGIN = dict(config='a.py', cfg_options={'x': 1}, metric='mIoU', step='epoch')
HERE = {'cpu': 'this one'}
GRID = [{'lr': 0.1}, {'lr': 0.2}]
FOUND = [
    (GRID[0], Trial(0, [(1, 10.0), (2, 30.0), (3, 30.0)])),
    (GRID[1], Trial(0, [(1, 20.0)])),
    (GRID[0], Trial(1, [(1, 5.0)], 'FloatingPointError: no')),
    (GRID[1], Trial(1, [], 'OSError: none')),
]


def test_any_order_of_trials_and_any_interruption_give_the_same_file(tmp_path):
    texts = set()
    for number, order in enumerate(permutations(FOUND)):
        path = tmp_path / f'{number}.json'
        for overrides, trial in order:
            TrialsFile(path, ORIGIN, HERE, GRID).add(overrides, trial)
        texts.add(path.read_text())
    (text,) = texts
    assert json.loads(text) == {
        **ORIGIN,
        'environment': HERE,
        'settings': [
            {
                'overrides': {'lr': 0.1},
                'trials': [
                    {'seed': 0, 'curve': [[1, 10.0], [2, 30.0], [3, 30.0]], 'best_step': 2, 'best': 30.0},
                    {'seed': 1, 'curve': [[1, 5.0]], 'best_step': 1, 'best': 5.0, 'failed': 'FloatingPointError: no'},
                ],
            },
            {
                'overrides': {'lr': 0.2},
                'trials': [
                    {'seed': 0, 'curve': [[1, 20.0]], 'best_step': 1, 'best': 20.0},
                    {'seed': 1, 'curve': [], 'failed': 'OSError: none'},
                ],
            },
        ],
    }
    assert [path.name for path in tmp_path.iterdir() if path.suffix != '.json'] == []


def test_what_is_written_is_read(tmp_path):
    file = TrialsFile(tmp_path / 'new' / 'a.json', ORIGIN, HERE, GRID)
    for overrides, trial in FOUND:
        file.add(overrides, trial)
    assert [(setting.overrides, trial) for setting in read_settings(file.path) for trial in setting.trials] == [
        FOUND[0],
        FOUND[2],
        FOUND[1],
        FOUND[3],
    ]
    assert file.seeds(GRID[1]) == [0, 1]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID)
    file.add(*FOUND[0])
    before = file.path.read_text()
    with pytest.raises(TypeError):
        file.add(GRID[0], Trial(5, [], failed=object()))
    assert file.path.read_text() == before


@pytest.mark.parametrize(
    'name, value', [('config', 'b.py'), ('cfg_options', {}), ('metric', 'x'), ('step', 'iteration')]
)
def test_a_file_of_other_trials_is_refused_and_left_as_it_is(name, value, tmp_path):
    file = TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID)
    file.add(*FOUND[0])
    before = file.path.read_text()
    with pytest.raises(ValueError) as refusal:
        TrialsFile(file.path, {**ORIGIN, name: value}, HERE, GRID)
    assert f'holds trials with {name}={ORIGIN[name]!r}, not {value!r}: choose another file' in str(refusal.value)
    assert file.path.read_text() == before


def test_a_trial_from_another_machine_says_so(tmp_path):
    TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID).add(*FOUND[0])
    TrialsFile(tmp_path / 'a.json', ORIGIN, {'cpu': 'another'}, GRID).add(*FOUND[1])
    content = json.loads((tmp_path / 'a.json').read_text())
    first, second = (setting['trials'][0] for setting in content['settings'])
    assert content['environment'] == HERE
    assert 'environment' not in first and second['environment'] == {'cpu': 'another'}
