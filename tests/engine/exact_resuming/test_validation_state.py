"""The state of validations in a checkpoint, and when mmengine's loops validate."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.hooks import EarlyStoppingHook

from mmgb.engine.exact_resuming.validation_state import (
    KEY,
    ValidationState,
    early_stopping_state,
    state_in_checkpoint,
    validation_is_due,
)
from mmgb.functional.errors import ConfigError

STATE = ValidationState(validated=True, early_stopping=[(2, 37.5), (0, float('-inf'))])


def test_a_state_is_read_as_it_was_written():
    assert state_in_checkpoint({KEY: STATE._asdict()}) == STATE
    assert state_in_checkpoint({}) is None


@pytest.mark.parametrize(
    'change',
    [
        dict(validated=1),
        dict(early_stopping=None),
        dict(early_stopping=[(1,)]),
        dict(early_stopping=[(-1, 1.0)]),
        dict(early_stopping=[(1, float('nan'))]),
        dict(early_stopping=[(True, 1.0)]),
        dict(early_stopping=['ab']),
        dict(more=1),
    ],
    ids=str,
)
def test_a_malformed_state_is_refused(change):
    with pytest.raises(ConfigError, match=f'^expected {KEY} to be a dict of validated, .* malformed$'):
        state_in_checkpoint({KEY: STATE._asdict() | change})


def test_the_state_of_each_early_stopping_is_found():
    hooks = [EarlyStoppingHook(monitor='mIoU', patience=3), object(), EarlyStoppingHook(monitor='loss', rule='less')]
    hooks[0].wait_count, hooks[0].best_score = 1, 40
    assert early_stopping_state(SimpleNamespace(hooks=hooks)) == [(1, 40.0), (0, float('inf'))]


@given(st.integers(0, 20), st.integers(1, 20), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_a_validation_is_due_where_mmengines_loops_validate(done, last, begin, interval, by_epoch):
    loop = SimpleNamespace(val_begin=begin, val_interval=99)
    loop._decide_current_val_interval = lambda: setattr(loop, 'val_interval', interval)
    if by_epoch:
        loop.epoch, loop.max_epochs = done, last
    else:
        loop.iter, loop.max_iters, loop.dataloader_iterator = done, last, None
    validates = done >= begin and (done % interval == 0 or done == last)  # the condition of both loops
    assert validation_is_due(loop) == (validates and done > 0)
    del loop._decide_current_val_interval
    assert not validation_is_due(loop)
