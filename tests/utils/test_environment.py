import torch

from mmgb.utils.environment import environment


def test_environment_names_what_numbers_depend_on():
    found = environment()
    assert list(found) == ['torch', 'cpu', 'cpu_capability', 'threads', 'gpu']
    assert found['torch'] == torch.__version__ and found['threads'] == torch.get_num_threads()
    assert (found['gpu'] is None) != torch.cuda.is_available()
