"""Distributed runs on a machine without an accelerator.

mmengine's launcher puts every rank on a CUDA device. Without one, the process group is made here, on gloo,
before the runner is built: mmengine then takes it as it finds it.
"""

from __future__ import annotations

import logging
import os
import subprocess
from datetime import timedelta

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from mmgb.functional.errors import ConfigError

RANK_VARIABLES = {
    'pytorch': dict(RANK='RANK', WORLD_SIZE='WORLD_SIZE', LOCAL_RANK='LOCAL_RANK'),
    'slurm': dict(RANK='SLURM_PROCID', WORLD_SIZE='SLURM_NTASKS', LOCAL_RANK='SLURM_LOCALID'),
    'mpi': dict(
        RANK='OMPI_COMM_WORLD_RANK', WORLD_SIZE='OMPI_COMM_WORLD_SIZE', LOCAL_RANK='OMPI_COMM_WORLD_LOCAL_RANK'
    ),
}
SYNC_BN = ('SyncBN', 'MMSyncBN')


def has_accelerator() -> bool:
    return get_device() != 'cpu'


def rank_environment(launcher: str, environ: dict) -> dict:
    """The variables by which torch finds its process group, from those that ``launcher`` sets in ``environ``.

    Raises:
        ConfigError: if one is absent, that is if ``launcher`` didn't start this process.
    """
    names = dict(RANK_VARIABLES[launcher])
    if launcher != 'slurm':
        names['MASTER_ADDR'] = 'MASTER_ADDR'
    for name in names.values():
        if name not in environ:
            raise ConfigError(
                f"--launcher='{launcher}' but the environment variable {name} is unset: "
                'start the tool by dist_train.sh, dist_test.sh or slurm_train.sh'
            )
    found = {ours: environ[theirs] for ours, theirs in names.items()}
    if launcher == 'slurm':
        found['MASTER_ADDR'] = environ.get('MASTER_ADDR') or _first_slurm_host(environ)
    found['MASTER_PORT'] = environ.get('MASTER_PORT', '29500')
    return found


def replace_sync_bn(node) -> int:
    """Turns every SyncBN in a config (nested dicts and lists) into BN, in place. Returns how many it was."""
    if isinstance(node, dict):
        found = int(node.get('type') in SYNC_BN)
        if found:
            node['type'] = 'BN'
        return found + sum(replace_sync_bn(value) for value in node.values())
    return sum(replace_sync_bn(value) for value in node) if isinstance(node, (list, tuple)) else 0


def model_wrapper_on_cpu(cfg: Config) -> dict:
    """The config's ``model_wrapper_cfg``, or mmengine's own where it has none, with ``device_ids=None``."""
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        broadcast_buffers=False, find_unused_parameters=cfg.get('find_unused_parameters', False)
    )
    kind = wrapper.setdefault('type', 'MMDistributedDataParallel')
    if issubclass(MODEL_WRAPPERS.get(kind) if isinstance(kind, str) else kind, DistributedDataParallel):
        wrapper['device_ids'] = None
    return wrapper


def launch(cfg: Config) -> None:
    """Joins the process group that ``cfg.launcher`` names, on gloo, if this machine has no accelerator.

    torch's synchronised BatchNorm refuses a CPU, and most of mmsegmentation's configs use it. It is replaced
    by BatchNorm, so that each rank normalises by its own images; a line in the log says so.

    Raises:
        ConfigError: if ``cfg.launcher`` isn't what started this process.
    """
    if cfg.launcher == 'none':
        return
    environment = rank_environment(cfg.launcher, os.environ)
    if has_accelerator():
        return
    os.environ.update(environment)
    timeout = cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout', 1800)
    distributed.init_process_group('gloo', timeout=timedelta(seconds=timeout))
    cfg.model_wrapper_cfg = model_wrapper_on_cpu(cfg)
    cfg.sync_bn = None
    if replace_sync_bn(cfg.model):
        print_log(
            'SyncBN needs an accelerator: replaced by BN, each process normalises by its own images',
            logger='current',
            level=logging.WARNING,
        )


def _first_slurm_host(environ: dict) -> str:
    hosts = subprocess.run(
        ['scontrol', 'show', 'hostnames', environ.get('SLURM_NODELIST', '')], capture_output=True, text=True, check=True
    ).stdout.split()
    return hosts[0]
