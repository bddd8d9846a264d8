"""``python -m mmgb.suggest`` prints and writes a config, or says in one sentence why it can't."""

import runpy
import sys

import pytest
from helpers.code_blocks import ROOT
from mmengine.config import Config

from mmgb import compat
from mmgb.compat import config_scopes

CONFIG = ROOT / 'configs/gradient_boosting/cifar10/cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'


@pytest.fixture
def run(monkeypatch, capsys):
    """Run ``python -m mmgb.suggest`` in this process, and return its exit code and both outputs."""
    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow

    def run_in_process(*arguments):
        monkeypatch.setattr(sys, 'argv', ['suggest', *map(str, arguments)])
        code = 0
        try:
            runpy.run_module('mmgb.suggest', run_name='__main__')
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run_in_process


def test_the_printed_config_is_written(tmp_path, run):
    new = tmp_path / 'new.py'
    code, printed, errors = run(CONFIG, '--loss', 'exp-gb', '--write', new)
    assert code == 0, errors
    assert printed == new.read_text(encoding='utf-8')
    cfg = Config.fromfile(new)
    assert cfg.model.head.loss == dict(type='mmgb.ExpGBLoss', matched=True)
    assert cfg.optim_wrapper.optimizer == Config.fromfile(CONFIG).optim_wrapper.optimizer

    code, _, errors = run(CONFIG, '--write', new)
    assert code == 2 and 'expected the name of a new file that ends with .py' in errors


@pytest.mark.parametrize(
    'text, sentence',
    [
        ('with read_base():\n    pass\n', "expected a config with _base_, since read_base() can't be inherited"),
        ("model = dict(type='X')\n", 'expected a head with CrossEntropyLoss, LabelSmoothLoss or OhemCrossEntropy'),
    ],
)
def test_what_cannot_be_changed_is_refused_in_one_sentence(text, sentence, tmp_path, run):
    (tmp_path / 'config.py').write_text(text, encoding='utf-8')
    code, printed, errors = run(tmp_path / 'config.py')
    assert code == 2 and printed == ''
    assert errors.splitlines()[-1].startswith('suggest: error: config=') and sentence in errors


@pytest.mark.parametrize('loss', ['pow3-gb', 'exp-gb'])
def test_a_config_of_the_package_is_inherited_by_its_name(loss, tmp_path, run):
    base = 'mmgb::gradient_boosting/cifar10/cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
    code, printed, errors = run(base, '--loss', loss, '--write', tmp_path / 'new.py')
    assert code == 0, errors
    assert f'_base_ = {base!r}' in printed
    config_scopes.inherit_configs_of_mmgb()
    new, old = Config.fromfile(tmp_path / 'new.py'), Config.fromfile(CONFIG)
    assert new.model != old.model and new.optim_wrapper == old.optim_wrapper


def test_a_config_in_another_encoding_is_refused_in_one_sentence(tmp_path, run):
    (tmp_path / 'config.py').write_bytes("name = 'é'".encode('latin-1'))
    code, _, errors = run(tmp_path / 'config.py')
    assert code == 2 and errors.splitlines()[-1].startswith('suggest: error: config=')
