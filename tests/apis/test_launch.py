import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODEL_WRAPPERS
from torch import nn

from mmgb.apis.launch import model_wrapper_on_cpu, rank_environment, use_torch_sync_bn
from mmgb.functional.errors import ConfigError

TORCHRUN = dict(RANK='3', WORLD_SIZE='8', LOCAL_RANK='1', MASTER_ADDR='a', MASTER_PORT='1234')
SLURM = dict(SLURM_PROCID='3', SLURM_NTASKS='8', SLURM_LOCALID='1', MASTER_ADDR='a', MASTER_PORT='1234')
MPI = dict(
    OMPI_COMM_WORLD_RANK='3',
    OMPI_COMM_WORLD_SIZE='8',
    OMPI_COMM_WORLD_LOCAL_RANK='1',
    MASTER_ADDR='a',
    MASTER_PORT='1234',
)


@pytest.mark.parametrize('launcher, environ', [('pytorch', TORCHRUN), ('slurm', SLURM), ('mpi', MPI)])
def test_every_launcher_gives_the_variables_that_torch_reads(launcher, environ):
    assert rank_environment(launcher, dict(environ, OTHER='x')) == TORCHRUN


@pytest.mark.parametrize('launcher, environ', [('pytorch', TORCHRUN), ('slurm', SLURM), ('mpi', MPI)])
def test_a_process_not_started_by_its_launcher_is_refused(launcher, environ):
    for name in environ:
        if name == 'MASTER_PORT' or (launcher, name) == ('slurm', 'MASTER_ADDR'):
            continue
        lacking = {key: value for key, value in environ.items() if key != name}
        with pytest.raises(ConfigError, match=f"--launcher='{launcher}'.* {name}, and it is unset"):
            rank_environment(launcher, lacking)


def test_the_first_slurm_host_is_the_master_unless_one_is_set(tmp_path, monkeypatch):
    script = tmp_path / 'scontrol'
    script.write_text('#!/bin/sh\n[ "$*" = "show hostnames node[4-5]" ] && printf "node4\\nnode5\\n"\n')
    script.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=':')
    environ = {key: value for key, value in SLURM.items() if key != 'MASTER_ADDR'}
    assert rank_environment('slurm', dict(environ, SLURM_NODELIST='node[4-5]'))['MASTER_ADDR'] == 'node4'


def test_every_sync_bn_is_named_as_torchs_at_any_depth():
    kinds = ['SyncBN', 'MMSyncBN', 'mmcv.MMSyncBN', 'mmengine.SyncBN', 'torch.nn.SyncBatchNorm', nn.SyncBatchNorm]
    model = dict(parts=[dict(norm_cfg=dict(type=kind, eps=1)) for kind in kinds], rest=('SyncBN', dict(type='GN'), {}))
    model.update(name='SyncBN', odd=dict(type=None))
    use_torch_sync_bn(model)
    assert [part['norm_cfg'] for part in model['parts']] == [dict(type='SyncBN', eps=1)] * len(kinds)
    assert model['rest'] == ('SyncBN', dict(type='GN'), {}) and model['name'] == 'SyncBN'


def test_the_model_wrapper_keeps_the_configs_settings_and_gets_no_device():
    ddp = dict(type='MMDistributedDataParallel', device_ids=None)
    assert model_wrapper_on_cpu(Config()) == dict(ddp, broadcast_buffers=False, find_unused_parameters=False)
    assert model_wrapper_on_cpu(Config(dict(find_unused_parameters=True)))['find_unused_parameters']
    own = Config(dict(model_wrapper_cfg=dict(static_graph=True), find_unused_parameters=True))
    assert model_wrapper_on_cpu(own) == dict(ddp, static_graph=True)


def test_a_wrapper_other_than_ddp_gets_no_device_argument():
    @MODEL_WRAPPERS.register_module()
    class WrapperOfThisTest(torch.nn.Module):
        pass

    for kind in ('WrapperOfThisTest', WrapperOfThisTest):
        assert model_wrapper_on_cpu(Config(dict(model_wrapper_cfg=dict(type=kind)))) == dict(type=kind)
