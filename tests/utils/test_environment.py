"""The recorded environment names the versions and devices that numbers depend on."""

import platform

import mmengine
import torch

from mmgb.utils.environment import _processor_name, environment, stack_title, stack_versions


def test_environment_has_version_processor_threads_and_gpu():
    found = environment()
    assert list(found) == ['torch', 'cpu', 'cpu_capability', 'threads', 'gpu']
    assert found['torch'] == torch.__version__ and found['threads'] == torch.get_num_threads()
    assert (found['gpu'] is None) != torch.cuda.is_available()


def test_versions_are_those_of_the_imported_host():
    found = stack_versions()
    assert (found['mmengine'], found['python']) == (mmengine.__version__, platform.python_version())
    assert environment().items() <= found.items()


def test_the_title_names_the_distribution_whose_version_is_imported():
    both = {'onedl-mmengine': '0.10.12', 'torch': '2.14', 'python': '3.11.7'}
    assert stack_title(both | dict(mmengine='0.10.12')).startswith('onedl-mmengine 0.10.12, torch 2.14, Python 3')
    assert stack_title(both | dict(mmengine='0.10.7')).startswith('mmengine 0.10.7, ')


def test_processor_is_the_model_name_of_the_first_core(tmp_path):
    (tmp_path / 'cpuinfo').write_text('processor\t: 0\nmodel name\t: Fast CPU @ 2 GHz\nmodel name\t: Other\n')
    assert _processor_name(tmp_path / 'cpuinfo') == 'Fast CPU @ 2 GHz'
