"""The file of trials is written trial by trial, and read back."""

import json
import math
from itertools import permutations
from pathlib import Path

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.file import TrialsFile, read_file, read_settings, to_text
from mmgb.trials.tables import trials_table
from mmgb.trials.trial import Setting, Trial

RESULTS = Path(__file__).parents[2] / 'docs/results'

ORIGIN = dict(config='a.py', cfg_options={'x': 1}, metric='mIoU', step='epoch')
HERE = {'cpu': 'this one'}
GRID = [{'lr': 0.1}, {'lr': 0.2}]
FOUND = [
    (GRID[0], Trial(0, [(1, 10.0), (2, 30.0), (3, 30.0)])),
    (GRID[1], Trial(0, [(1, 20.0)])),
    (GRID[0], Trial(1, [(1, 5.0)], 'FloatingPointError: no')),
    (GRID[1], Trial(1, [], 'OSError: none')),
]


def test_trials_added_in_any_order_give_the_same_file(tmp_path):
    texts = set()
    for number, order in enumerate(permutations(FOUND)):
        path = tmp_path / f'{number}.json'
        for overrides, trial in order:  # each by a new process, as after an interruption
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


def test_written_trials_are_read_back(tmp_path):
    file = TrialsFile(tmp_path / 'new' / 'a.json', ORIGIN, HERE, GRID)
    for overrides, trial in FOUND:
        file.add(overrides, trial)
    assert read_settings(file.path) == [
        Setting('mIoU', 'epoch', GRID[0], [FOUND[0][1], FOUND[2][1]]),
        Setting('mIoU', 'epoch', GRID[1], [FOUND[1][1], FOUND[3][1]]),
    ]
    assert file.seeds(GRID[1]) == [0, 1]


def test_a_failed_write_leaves_the_file_unchanged(tmp_path):
    file = TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID)
    file.add(*FOUND[0])
    before = file.path.read_text()
    with pytest.raises(TypeError):
        file.add(GRID[0], Trial(5, [], failed=object()))
    assert file.path.read_text() == before


@pytest.mark.parametrize(
    'name, value', [('config', 'b.py'), ('cfg_options', {}), ('metric', 'x'), ('step', 'iteration')]
)
def test_a_file_with_another_origin_is_refused_and_left_unchanged(name, value, tmp_path):
    file = TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID)
    file.add(*FOUND[0])
    before = file.path.read_text()
    with pytest.raises(ConfigError) as refusal:
        TrialsFile(file.path, {**ORIGIN, name: value}, HERE, GRID)
    expected = f'expected trials with {name}={value!r}, got {ORIGIN[name]!r}: choose another file'
    assert expected in str(refusal.value)
    assert file.path.read_text() == before


def test_a_trial_from_another_machine_records_its_own_environment(tmp_path):
    TrialsFile(tmp_path / 'a.json', ORIGIN, HERE, GRID).add(*FOUND[0])
    TrialsFile(tmp_path / 'a.json', ORIGIN, {'cpu': 'another'}, GRID).add(*FOUND[1])
    content = json.loads((tmp_path / 'a.json').read_text())
    first, second = (setting['trials'][0] for setting in content['settings'])
    assert content['environment'] == HERE
    assert 'environment' not in first and second['environment'] == {'cpu': 'another'}


def test_a_file_with_nan_is_read_without_it_and_becomes_json_when_a_trial_is_added(tmp_path):
    nan = math.nan
    curves = {0: [[1, nan], [2, 40.0]], 1: [[1, 30.0], [2, nan]], 2: [[1, nan]]}
    trials = [{'seed': seed, 'curve': curve, 'best_step': 1, 'best': nan} for seed, curve in curves.items()]
    path = tmp_path / 'a.json'
    content = {**ORIGIN, 'environment': HERE, 'settings': [{'overrides': GRID[0], 'trials': trials}]}
    path.write_text(json.dumps(content))
    (setting,) = read_settings(path)
    assert [trial.curve for trial in setting.trials] == [[(2, 40.0)], [(1, 30.0)], []]
    assert [trial.failed is None for trial in setting.trials] == [True, True, False]
    assert '| a |' in trials_table({'a': setting})
    TrialsFile(path, ORIGIN, HERE, GRID[:1]).add(GRID[0], Trial(3, [(1, 20.0)]))
    written = json.loads(path.read_text(), parse_constant=pytest.fail)['settings'][0]['trials']
    assert [trial.get('best') for trial in written] == [40.0, 30.0, None, 20.0]


def test_committed_files_are_read_as_they_are():
    paths = [path for path in RESULTS.rglob('*.json') if '"cfg_options"' in path.read_text(encoding='utf-8')]
    assert len(paths) > 100
    for path in paths:
        assert json.loads(to_text(read_file(path))) == json.loads(path.read_text(encoding='utf-8'))


@pytest.mark.parametrize(
    'text, reason',
    [
        ('{', 'JSONDecodeError'),
        ('[1]', 'TypeError'),
        ('{"config": 1}', "KeyError: 'cfg_options'"),
        (
            json.dumps({**ORIGIN, 'environment': {}, 'settings': [{'overrides': {}, 'trials': [{'seed': 0}]}]}),
            "KeyError: 'curve'",
        ),
    ],
)
def test_another_kind_of_file_is_refused(text, reason, tmp_path):
    (tmp_path / 'c.json').write_text(text)
    with pytest.raises(ConfigError, match=f"c.json': expected a file of tools/run_trials.py, got {reason}"):
        read_settings(tmp_path / 'c.json')
