from pathlib import Path

import pytest

from mmgb.utils.shipped_files import find_config, shipped_files


def test_a_checkout_has_its_configs_and_tools_beside_the_package(tmp_path):
    assert shipped_files(tmp_path / 'mmgb') == tmp_path


def test_an_installation_has_them_in_the_package(tmp_path):
    (tmp_path / 'mmgb' / '.mim').mkdir(parents=True)
    assert shipped_files(tmp_path / 'mmgb') == tmp_path / 'mmgb' / '.mim'


def test_a_config_of_this_package_is_found_by_its_name():
    name = 'gradient_boosting/mnist/mlp_softmax_1xb100-100e_mnist-28x28.py'
    found = Path(find_config(f'mmgb::{name}'))
    assert found.is_file() and found.as_posix().endswith(f'configs/{name}')


@pytest.mark.parametrize('path', ['configs/a.py', Path('/absolute/a.py'), 'mmseg::fcn/a.py'])
def test_other_paths_stay(path):
    assert find_config(path) == str(path)
