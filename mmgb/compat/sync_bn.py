"""Train models with SyncBN in several processes on CPUs."""

import functools
import logging


def revert_sync_bn_on_cpu():
    """Let a model with SyncBN run in several processes without an accelerator.

    torch's SyncBatchNorm does not run on a CPU, and most configs of mmsegmentation use it. mmengine reverts it to
    BatchNorm only in a single process. This also does so in several, with a warning: each process then normalizes over
    its own images. Modules are replaced, so the name in the config doesn't matter. Does nothing with an accelerator.
    """
    from mmengine.runner import Runner

    if hasattr(Runner.wrap_model, '__wrapped__'):
        return

    @functools.wraps(Runner.wrap_model)
    def wrap_model(self, model_wrapper_cfg, model):
        from mmengine.device import get_device
        from mmengine.logging import print_log
        from mmengine.model import is_model_wrapper, revert_sync_batchnorm
        from torch.nn import SyncBatchNorm

        if self.distributed and get_device() == 'cpu' and not is_model_wrapper(model):
            if any(isinstance(module, SyncBatchNorm) for module in model.modules()):
                message = 'SyncBN needs an accelerator: replaced by BN, each process normalizes over its own images'
                print_log(message, logger='current', level=logging.WARNING)
            model = revert_sync_batchnorm(model)
        return wrap_model.__wrapped__(self, model_wrapper_cfg, model)

    Runner.wrap_model = wrap_model
