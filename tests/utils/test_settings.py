"""Checks of settings."""

import numpy as np
import pytest

from mmgb.functional.errors import ConfigError
from mmgb.utils.settings import check_flag, check_integer


@pytest.mark.parametrize('value', [True, 1.0, float('nan'), float('inf'), '1', None, [1], np.float64(2)])
def test_only_integers_are_integers(value):
    with pytest.raises(ConfigError, match='^width=.*: expected an integer$'):
        check_integer('width', value)


@pytest.mark.parametrize('value', [0, -3, 10**30, np.int64(-4), np.uint8(255), np.uint64(2**64 - 1)])
def test_an_integer_of_any_type_becomes_pythons(value):
    found = check_integer('width', value)
    assert type(found) is int and found == value


@pytest.mark.parametrize('value', [0, 1, 'False', None, np.nan])
def test_only_true_and_false_are_flags(value):
    with pytest.raises(ConfigError, match='^infinite=.*: expected True or False$'):
        check_flag('infinite', value)
    check_flag('infinite', True)
    check_flag('infinite', False)
