import errno
import io
import pickle
import shutil

import pytest
import torch

from mmgb.utils.errors import find_disk_full, find_unanswered, one_line, refused_content


def test_an_error_message_becomes_one_line_of_bounded_length():
    assert one_line(ValueError('two\n  lines')) == 'ValueError: two lines'
    assert one_line(FileNotFoundError(2, 'No such file', 'x')) == "FileNotFoundError: [Errno 2] No such file: 'x'"
    assert len(one_line(ValueError('x' * 1000))) < 420


def test_the_function_that_a_refused_file_asks_for_is_named():
    class Payload:
        def __reduce__(self):
            return shutil.rmtree, ('nowhere',)

    file = io.BytesIO()
    torch.save(Payload(), file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError) as refusal:
        torch.load(file, weights_only=True)
    assert refused_content(refusal.value).endswith('holds more than weights and numbers (shutil.rmtree)')


@pytest.mark.parametrize(
    'number, full', [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EFBIG, True), (errno.ENOENT, False)]
)
def test_a_full_disk_is_told_by_the_error_or_its_cause(number, full):
    error, cause = ValueError('no'), OSError(number, 'x')
    error.__cause__ = cause
    assert find_disk_full(error) is find_disk_full(cause) is (cause if full else None)
    assert find_disk_full(None) is None


@pytest.mark.parametrize('content', [b'x', b'no checkpoint', b'{"a": 1}', b'\x80\x02}q\x00', b'\xff' * 100])
def test_a_file_that_asks_for_no_function_could_not_run_code(content):
    with pytest.raises(Exception) as refusal:  # noqa: B017
        torch.load(io.BytesIO(content), weights_only=True)
    assert not isinstance(refusal.value, pickle.UnpicklingError) or 'run code' not in refused_content(refusal.value)


@pytest.mark.parametrize('module', ['', '/', '..', 'no such\tmodule', '1', 'é/', 'nowhere'])
def test_a_damaged_name_of_a_module_is_damaged_content(module):
    refusal = pickle.UnpicklingError(f'Unsupported global: GLOBAL {module}.function was not an allowed global')
    assert refused_content(refusal).endswith('got other or damaged content')


def test_a_process_that_does_not_answer_is_told_by_gloos_message():
    error = ValueError('no')
    error.__context__ = RuntimeError('[gloo/unbound_buffer.cc:81] Timed out waiting 15000ms for recv operation')
    assert find_unanswered(error) == 15000
    for other in (None, RuntimeError('Connection closed by peer'), ValueError('Timed out waiting 1ms')):
        assert find_unanswered(other) is None
