"""A test leaves the config of the training in the work dir alone."""

from mmengine.config import Config
from torch import nn

from mmgb.apis.testing_runner import TestingRunner


def test_the_config_of_a_test_is_written_beside_its_log(tmp_path):
    path = tmp_path / 'net.py'
    path.write_text("name = 'training'")
    cfg = Config(dict(name='test'), filename=str(path))
    runner = TestingRunner(nn.Linear(1, 1), work_dir=str(tmp_path), experiment_name='x', cfg=cfg, log_level='ERROR')
    assert path.read_text() == "name = 'training'"
    assert Config.fromfile(f'{runner.log_dir}/net.py').name == 'test'
