"""The one exception for invalid input."""

import pickle

import pytest
import torch

from mmgb import functional
from mmgb.functional.errors import LONGEST_MESSAGE, ConfigError, shorten


def test_invalid_settings_raise_a_config_error_that_is_a_value_error():
    assert issubclass(ConfigError, ValueError) and functional.ConfigError is ConfigError
    with pytest.raises(ConfigError, match='alpha=-1.0: expected a positive number'):
        functional.exp_gb_loss(torch.zeros(1, 2), torch.tensor([0]), alpha=-1.0)


def test_a_long_message_keeps_its_field_and_its_fix():
    message = str(ConfigError('alpha=' + '9' * 10**6 + ': expected a number; set alpha=1'))
    assert len(message) == LONGEST_MESSAGE
    assert message.startswith('alpha=9') and message.endswith(': expected a number; set alpha=1') and '…' in message


def test_a_message_of_usual_length_is_unchanged():
    for length in 0, 1, LONGEST_MESSAGE:
        assert str(ConfigError('x' * length)) == 'x' * length


def test_shorten_keeps_to_any_limit():
    for limit in range(1, 40):
        assert len(shorten('abc' * 20, limit)) == limit


def test_an_error_survives_the_way_from_a_worker_process():
    error = pickle.loads(pickle.dumps(ConfigError('x' * 9999)))
    assert type(error) is ConfigError and len(str(error)) == LONGEST_MESSAGE


def test_line_ends_and_control_characters_of_a_damaged_file_are_escaped():
    assert str(ConfigError("got 'a\nb\x1b[2J'")) == r"got 'a\nb\x1b[2J'"
    assert str(ConfigError('Øland, 漢: –')) == 'Øland, 漢: –'
