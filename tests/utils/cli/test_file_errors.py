"""OSErrors of a tool's files become ConfigErrors."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.file_errors import os_errors_as_config_errors


def test_a_missing_file_is_a_config_error_that_names_it(tmp_path):
    with pytest.raises(ConfigError, match='No such file or directory: .*missing.txt'), os_errors_as_config_errors():
        open(tmp_path / 'missing.txt')


def test_other_errors_pass_unchanged():
    with pytest.raises(KeyError), os_errors_as_config_errors():
        raise KeyError('a bug')
