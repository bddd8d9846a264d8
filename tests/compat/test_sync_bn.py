from types import SimpleNamespace

import mmengine.device
import mmengine.runner
import pytest
import torch
from torch import nn

from mmgb import compat


def test_every_sync_bn_of_a_model_is_reverted_in_several_processes_on_a_cpu(monkeypatch):
    class Runner:
        def wrap_model(self, wrapper, model):
            return wrapper, model

    monkeypatch.setattr(mmengine.runner, 'Runner', Runner)
    compat.revert_sync_bn_on_cpu()
    compat.revert_sync_bn_on_cpu()
    for device, processes, reverted in (('cpu', 2, True), ('cuda', 2, False), ('cpu', 1, False)):
        monkeypatch.setattr(mmengine.device, 'get_device', lambda device=device: device)
        model = nn.Sequential(nn.Sequential(nn.SyncBatchNorm(3)), nn.BatchNorm1d(3))
        keys, runner = list(model.state_dict()), Runner()
        runner.distributed = processes > 1
        wrapper, found = runner.wrap_model('wrapper', model)
        assert wrapper == 'wrapper' and list(found.state_dict()) == keys
        assert any(isinstance(module, nn.SyncBatchNorm) for module in found.modules()) != reverted
        if reverted:
            for shape in ((2, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 4, 5, 6)):
                assert found[0](torch.ones(shape)).abs().max() < 1e-3


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module


def test_mmengine_itself_leaves_sync_bn_in_a_model_that_a_cpu_cannot_train(monkeypatch):
    """Once it reverts SyncBN, or torch runs it on a CPU, `revert_sync_bn_on_cpu` goes."""
    of_host = getattr(mmengine.runner.Runner.wrap_model, '__wrapped__', mmengine.runner.Runner.wrap_model)
    monkeypatch.setattr(mmengine.runner.runner, 'get_device', lambda: 'cpu')
    runner = SimpleNamespace(distributed=True, cfg={})
    model = of_host(runner, dict(type=Wrapper), nn.SyncBatchNorm(3)).module
    torch.distributed.init_process_group('gloo', store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        with pytest.raises(ValueError, match='to be on GPU'):
            model(torch.ones(2, 3))
    finally:
        torch.distributed.destroy_process_group()
