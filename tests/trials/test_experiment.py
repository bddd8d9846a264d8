"""An experiment has runs, tools before and after them, and others that it needs."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.experiment import make_experiment

TRIALS = {'for': {'loss': ['a', 'b']}, 'config': '{loss}.py', 'result': 'out/{loss}'}


def make(wide=False, **fields):
    return make_experiment('name', 'family', {'about': 'x', **fields}, wide, 'where')


def test_curves_are_its_own_unless_experiments_are_named():
    assert make(trials=TRIALS, curves='true').curves == ['name']
    assert make(curves=['one', 'two']).curves == ['one', 'two'] and make(trials=TRIALS).curves == []


def test_trials_come_before_single_trainings():
    found = make(trials=TRIALS, train={'config': 'c.py'})
    assert [run.config for run in found.runs] == ['configs/family/a.py', 'configs/family/b.py', 'configs/family/c.py']
    assert [run.result for run in found.runs] == ['out/a', 'out/b', None]


def test_parts_are_needed_with_or_without_gpu():
    fields = dict(cpu={'needs': ['one', 'two']}, gpu={'needs': ['two', 'three']})
    assert make(**fields).needs == ['one', 'two'] and make(True, **fields).needs == ['two', 'three']
    assert make(**fields).parts == {'one', 'two', 'three'}


@pytest.mark.parametrize(
    'fields, message',
    [
        ({'trails': TRIALS}, 'where.trails: expected one of about, needs'),
        ({'gpu': {'need': ['a']}}, 'where.need: expected one of about, needs'),
        ({'then': [{'options': ['a']}]}, 'where.then: expected the field tool'),
        ({'prepare': ['make.py']}, "where.prepare='make.py': expected a mapping of tool"),
    ],
)
def test_unknown_fields_are_refused_on_every_level(fields, message):
    with pytest.raises(ConfigError) as refusal:
        make(**fields)
    assert message in str(refusal.value)
