import errno
import logging

import pytest
from mmengine.config import Config

from mmgb.apis import stopped_training
from mmgb.apis.stopped_training import explain_how_to_continue, how_to_continue
from mmgb.utils.errors import Stopped
from mmgb.utils.process_interrupt import Interrupted


def config(work_dir, **settings):
    return Config(dict(work_dir=str(work_dir), **settings))


def test_a_training_with_a_checkpoint_is_resumed(tmp_path):
    (tmp_path / 'iter_2.pth').touch()
    (tmp_path / 'last_checkpoint').write_text('/moved/since/iter_2.pth')
    assert how_to_continue(config(tmp_path)) == (
        f"run the same command with --resume to continue from '{tmp_path}/iter_2.pth'"
    )


def test_checkpoints_outside_the_work_dir_are_resumed(tmp_path):
    folder = tmp_path / 'elsewhere/run'
    folder.mkdir(parents=True)
    (folder / 'iter_2.pth').touch()
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/last_checkpoint').write_text('iter_2.pth')
    hooks = dict(checkpoint=dict(type='CheckpointHook', out_dir=str(tmp_path / 'elsewhere')))
    assert f"from '{folder}/iter_2.pth'" in how_to_continue(config(tmp_path / 'run', default_hooks=hooks))


@pytest.mark.parametrize('content', [None, b'', b'\xff', b'iter_9.pth'])
def test_a_training_whose_last_checkpoint_is_lost_is_resumed_from_the_newest(content, tmp_path):
    (tmp_path / 'iter_2.pth').touch()
    if content is not None:
        (tmp_path / 'last_checkpoint').write_bytes(content)
    assert '--resume to continue from the newest checkpoint' in how_to_continue(config(tmp_path))


@pytest.mark.parametrize('content', [None, b'', b'\xff', b'iter_2.pth', b'\n', b'.'])
def test_a_training_without_a_checkpoint_is_started_again(content, tmp_path):
    if content is not None:
        (tmp_path / 'last_checkpoint').write_bytes(content)
    assert 'run the same command again to start anew' in how_to_continue(config(tmp_path))


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_stops_with_the_way_to_continue(number, tmp_path):
    with pytest.raises(Stopped, match=r'OSError: \[Errno .*; make room, then run the same command') as stop:
        with explain_how_to_continue(config(tmp_path)):
            try:
                raise OSError(number, 'no room')
            except OSError as error:
                raise ValueError('config can not be built') from error
    assert stop.value.code == 1


def test_a_process_that_does_not_answer_stops_with_the_way_to_continue(tmp_path):
    message = r'did not answer for 15 s \(env_cfg.dist_cfg.timeout\), it hangs .*; run the same command again'
    with pytest.raises(Stopped, match=message), explain_how_to_continue(config(tmp_path)):
        raise RuntimeError('[gloo/unbound_buffer.cc:81] Timed out waiting 15000ms for recv operation to complete')


@pytest.mark.parametrize('error', [KeyError('x'), OSError(errno.ENOENT, 'x'), SystemExit(2), KeyboardInterrupt()])
def test_other_exceptions_are_left_alone(error, tmp_path):
    with pytest.raises(type(error)) as caught, explain_how_to_continue(config(tmp_path)):
        raise error
    assert caught.value is error


def test_an_interruption_counts_even_if_another_exception_has_replaced_it(tmp_path, monkeypatch):
    monkeypatch.setattr(stopped_training, 'received_interrupt', lambda: Interrupted(15))
    with pytest.raises(Stopped, match='interrupted by SIGTERM; run the same command again') as stop:
        with explain_how_to_continue(config(tmp_path)):
            raise SyntaxError('failed to format the config')
    assert stop.value.code == 143


def test_a_log_line_that_finds_the_disk_full_stops_and_another_failing_line_does_not(tmp_path, capsys):
    class Failing(logging.Handler):
        def emit(self, record):
            try:
                raise record.msg
            except OSError:
                self.handleError(record)

    logger = logging.Logger('full')
    logger.addHandler(Failing())
    original = logging.Handler.handleError
    with pytest.raises(Stopped, match='no room'), explain_how_to_continue(config(tmp_path)):
        logger.info(OSError(errno.EPIPE, 'no reader'))
        logger.info(OSError(errno.ENOSPC, 'no room'))
    assert 'no reader' in capsys.readouterr().err and logging.Handler.handleError is original
