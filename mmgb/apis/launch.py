"""Distributed training and testing on a machine without an accelerator.

mmengine's launcher places every rank on a CUDA device. Without an accelerator, :func:`launch` creates the process group
with gloo before the runner is built, and mmengine uses the existing group.
"""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import MODEL_WRAPPERS
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from mmgb.functional.errors import ConfigError

from .config import type_name

RANK_VARIABLES = {
    'pytorch': dict(RANK='RANK', WORLD_SIZE='WORLD_SIZE', LOCAL_RANK='LOCAL_RANK'),
    'slurm': dict(RANK='SLURM_PROCID', WORLD_SIZE='SLURM_NTASKS', LOCAL_RANK='SLURM_LOCALID'),
    'mpi': dict(
        RANK='OMPI_COMM_WORLD_RANK', WORLD_SIZE='OMPI_COMM_WORLD_SIZE', LOCAL_RANK='OMPI_COMM_WORLD_LOCAL_RANK'
    ),
}
SYNC_BN = ('SyncBN', 'MMSyncBN', 'SyncBatchNorm')  # names of registries and classes


def has_accelerator() -> bool:
    """Return True if mmengine finds a device other than the CPU."""
    return get_device() != 'cpu'


def rank_environment(launcher: str, environ: dict) -> dict:
    """Translate the environment variables of a launcher into those that torch reads.

    Args:
        launcher (str): 'pytorch', 'slurm' or 'mpi'.
        environ (dict): environment of this process.

    Returns:
        dict: ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``MASTER_ADDR`` and ``MASTER_PORT`` (default 29500).

    Raises:
        ConfigError: if a variable is unset, because ``launcher`` did not start this process.
    """
    names = dict(RANK_VARIABLES[launcher])
    if launcher != 'slurm':
        names['MASTER_ADDR'] = 'MASTER_ADDR'
    for name in names.values():
        if name not in environ:
            raise ConfigError(
                f"--launcher='{launcher}': expected the environment variable {name}, and it is unset; "
                'start the tool with dist_train.sh, dist_test.sh or slurm_train.sh'
            )
    found = {ours: environ[theirs] for ours, theirs in names.items()}
    if launcher == 'slurm':
        found['MASTER_ADDR'] = environ.get('MASTER_ADDR') or _first_slurm_host(environ)
    found['MASTER_PORT'] = environ.get('MASTER_PORT', '29500')
    return found


def use_torch_sync_bn(node: object) -> None:
    """Name torch's SyncBN in place of every other one in nested dicts and lists of a config, in place.

    mmcv's own (``MMSyncBN``) needs compiled operators. :func:`mmgb.compat.revert_sync_bn_on_cpu` reverts torch's.
    """
    if isinstance(node, dict):
        if isinstance(node.get('type'), (str, type)) and type_name(node) in SYNC_BN:
            node['type'] = 'SyncBN'
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for part in node:
            use_torch_sync_bn(part)


def model_wrapper_on_cpu(cfg: Config) -> dict:
    """Return the config's ``model_wrapper_cfg``, or mmengine's default, with ``device_ids=None``."""
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        broadcast_buffers=False, find_unused_parameters=cfg.get('find_unused_parameters', False)
    )
    kind = wrapper.setdefault('type', 'MMDistributedDataParallel')
    if issubclass(MODEL_WRAPPERS.get(kind) if isinstance(kind, str) else kind, DistributedDataParallel):
        wrapper['device_ids'] = None
    return wrapper


def launch(cfg: Config) -> None:
    """Join the process group of ``cfg.launcher`` with gloo if this machine has no accelerator.

    With an accelerator mmengine joins the group later.

    Args:
        cfg (Config): config to change; 'none' as its ``launcher`` means a single process.

    Raises:
        ConfigError: if ``cfg.launcher`` did not start this process.
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
    use_torch_sync_bn(cfg.model)


def _first_slurm_host(environ: dict) -> str:
    hosts = subprocess.run(
        ['scontrol', 'show', 'hostnames', environ.get('SLURM_NODELIST', '')], capture_output=True, text=True, check=True
    ).stdout.split()
    return hosts[0]
