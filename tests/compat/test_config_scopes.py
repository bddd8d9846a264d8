import pytest
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from mmgb import compat
from mmgb.utils.shipped_files import find_config


def test_a_base_of_mmseg_is_found_under_any_distribution_name(tmp_path, monkeypatch):
    monkeypatch.setitem(MODULE2PACKAGE, 'mmseg', 'mmsegmentation')
    compat.map_mmseg_to_its_module()
    (tmp_path / 'config.py').write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'")
    assert Config.fromfile(tmp_path / 'config.py').model.type == 'EncoderDecoder'


def test_mmengine_itself_does_not_find_a_base_of_onedl_mmsegmentation(tmp_path, monkeypatch):
    """Once it does, `map_mmseg_to_its_module` goes."""
    monkeypatch.setitem(MODULE2PACKAGE, 'mmseg', 'mmsegmentation')
    (tmp_path / 'config.py').write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'")
    with pytest.raises(ModuleNotFoundError, match='mmsegmentation is not installed'):
        Config.fromfile(tmp_path / 'config.py')


def test_a_config_inherits_one_of_this_package_and_keeps_the_scopes_of_its_types(tmp_path):
    compat.inherit_configs_of_mmgb()
    name = 'gradient_boosting/mnist/mlp_softmax_1xb100-100e_mnist-28x28.py'
    (tmp_path / 'child.py').write_text(f"_base_ = 'mmgb::{name}'\ntrain_cfg = dict(max_epochs=3)\n")
    child, base = Config.fromfile(tmp_path / 'child.py'), Config.fromfile(find_config(f'mmgb::{name}'))
    assert child.train_cfg.pop('max_epochs') == 3 and base.train_cfg.pop('max_epochs') == 100
    assert child.to_dict() == base.to_dict()


def test_mmengine_itself_cannot_inherit_it(tmp_path):
    """Once it can, `inherit_configs_of_mmgb` goes."""
    of_hosts = getattr(Config._get_cfg_path, '__wrapped__', Config._get_cfg_path)
    with pytest.raises(AssertionError, match='does not support to load mmgb config'):
        of_hosts('mmgb::gradient_boosting/mnist/x.py', str(tmp_path / 'child.py'))
