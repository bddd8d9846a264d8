"""``python -m mmgb.suggest`` prints and writes a config, or says in one sentence why it can't."""

import subprocess
import sys

import pytest
from helpers.code_blocks import ROOT
from mmengine.config import Config

CONFIG = ROOT / 'configs/gradient_boosting/cifar10/cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'


def run(*arguments):
    command = [sys.executable, '-W', 'ignore', '-m', 'mmgb.suggest', *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_the_printed_config_is_written(tmp_path):
    new = tmp_path / 'new.py'
    done = run(CONFIG, '--loss', 'exp-gb', '--write', new)
    assert done.returncode == 0, done.stderr
    assert done.stdout == new.read_text(encoding='utf-8')
    cfg = Config.fromfile(new)
    assert cfg.model.head.loss == dict(type='mmgb.ExpGBLoss', matched=True)
    assert cfg.optim_wrapper.optimizer == Config.fromfile(CONFIG).optim_wrapper.optimizer

    again = run(CONFIG, '--write', new)
    assert again.returncode == 2 and 'expected the name of a new file that ends with .py' in again.stderr


@pytest.mark.parametrize(
    'text, sentence',
    [
        ('with read_base():\n    pass\n', "expected a config with _base_, since read_base() can't be inherited"),
        ("model = dict(type='X')\n", 'expected a head with CrossEntropyLoss, LabelSmoothLoss or OhemCrossEntropy'),
    ],
)
def test_what_cannot_be_changed_is_refused_in_one_sentence(text, sentence, tmp_path):
    (tmp_path / 'config.py').write_text(text, encoding='utf-8')
    done = run(tmp_path / 'config.py')
    assert done.returncode == 2 and done.stdout == ''
    assert done.stderr.splitlines()[-1].startswith('suggest: error: config=') and sentence in done.stderr
