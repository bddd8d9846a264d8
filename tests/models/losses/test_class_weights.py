"""Class weights in a config and in a file."""

import math
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.models.losses import ExpGBLoss
from mmgb.models.losses.class_weights import read_class_weight

WEIGHTS = [0.5, 1.0, 2.0]
FILES = {
    'w.npy': lambda path: np.save(path, np.array(WEIGHTS)),
    'w.json': lambda path: path.write_text('[0.5, 1, 2.0]'),
    'w.yaml': lambda path: path.write_text('- 0.5\n- 1\n- 2.0\n'),
    'w.pkl': lambda path: path.write_bytes(pickle.dumps(WEIGHTS)),
}


@pytest.mark.parametrize('name', FILES)
def test_a_file_holds_the_same_weights_as_a_list(tmp_path, name):
    FILES[name](tmp_path / name)
    loss, listed = (ExpGBLoss(class_weight=weights) for weights in (str(tmp_path / name), WEIGHTS))
    assert torch.equal(loss.class_weight, listed.class_weight) and loss.class_weight.dtype == torch.float32


@pytest.mark.parametrize('weights', [WEIGHTS, tuple(WEIGHTS), np.array(WEIGHTS), torch.tensor(WEIGHTS)])
def test_sequences_and_arrays_are_lists_of_numbers(weights):
    assert read_class_weight(weights) == WEIGHTS and read_class_weight(None) is None


@settings(max_examples=200)
@given(
    st.lists(st.floats(max_value=-1e-9) | st.just(math.nan) | st.booleans() | st.text() | st.none(), min_size=1)
    | st.dictionaries(st.text(), st.floats())
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.text().filter(lambda text: '.' not in text)
    | st.binary()
    | st.sets(st.floats(0, 1))
)
@example([])
@example([1.0, math.inf])
@example([[1.0, 2.0]])
@example([10**400])
@example('x' * 10**6)
def test_everything_else_is_refused_when_built(class_weight):
    with pytest.raises(ConfigError, match='class_weight') as error:
        ExpGBLoss(class_weight=class_weight)
    assert len(str(error.value)) <= 500


class RunsCode:
    def __reduce__(self):
        return os.mkdir, ('ran',)


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('w.json', b'{"a": 1}', r"class_weight=\{'a': 1\} in '.*w.json': expected a list of numbers"),
        ('w.json', b'[1, "a"]', r"class_weight\[1\]='a' in '.*w.json': expected a finite number >= 0"),
        ('w.json', b'[1, NaN]', r'class_weight\[1\]=nan in '),
        ('w.json', b'[1', r"class_weight='.*w.json': JSONDecodeError"),
        ('w.npy', b'no array', r"class_weight='.*w.npy': ValueError"),
        (
            'w.pkl',
            pickle.dumps(RunsCode()),
            r"class_weight='.*w.pkl': UnpicklingError: expected a list of numbers",
        ),
        ('w.txt', b'1 2 3', r"class_weight='.*w.txt': expected a .npy, .json, .yaml, .yml or .pkl file"),
        ('none.json', None, r"class_weight='.*none.json': FileNotFoundError"),
    ],
)
def test_a_file_without_weights_is_one_sentence(tmp_path, monkeypatch, name, content, message):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message) as error:
        ExpGBLoss(class_weight=str(tmp_path / name))
    assert '\n' not in str(error.value) and not (tmp_path / 'ran').exists()
