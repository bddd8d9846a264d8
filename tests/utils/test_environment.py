"""The recorded environment names the versions and devices that numbers depend on."""

import torch

from mmgb.utils.environment import _processor_name, environment


def test_environment_has_version_processor_threads_and_gpu():
    found = environment()
    assert list(found) == ['torch', 'cpu', 'cpu_capability', 'threads', 'gpu']
    assert found['torch'] == torch.__version__ and found['threads'] == torch.get_num_threads()
    assert (found['gpu'] is None) != torch.cuda.is_available()


def test_processor_is_the_model_name_of_the_first_core(tmp_path):
    (tmp_path / 'cpuinfo').write_text('processor\t: 0\nmodel name\t: Fast CPU @ 2 GHz\nmodel name\t: Other\n')
    assert _processor_name(tmp_path / 'cpuinfo') == 'Fast CPU @ 2 GHz'
