"""Validation with test-time augmentation."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.model import is_model_wrapper
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.runner import ValLoop
from mmengine.runner.amp import autocast

from mmgb.functional.errors import ConfigError
from mmgb.registry import LOOPS
from mmgb.utils.nested_datasets import set_pipeline


@LOOPS.register_module()
class AugmentedValLoop(ValLoop):
    """Validate as ``tools/test.py --tta`` tests: with ``tta_pipeline`` and ``tta_model`` of the config.

    ``val_cfg=dict(type='mmgb.AugmentedValLoop')`` replaces the pipeline of ``val_dataloader`` by ``tta_pipeline``, and
    ``tta_model`` merges the predictions of an image's versions. The model itself trains and is saved as without it.

    Args:
        runner (Runner): the runner, whose config has both fields.
        dataloader (dict): config of the validation's dataloader.
        evaluator (Evaluator | dict | list): metrics, or their configs.
        fp16 (bool): whether to predict in half precision. Default: False.

    Raises:
        ConfigError: if the config lacks ``tta_model`` or ``tta_pipeline``.
    """

    def __init__(self, runner: Any, dataloader: dict, evaluator: Evaluator | dict | list, fp16: bool = False) -> None:
        for field in ('tta_model', 'tta_pipeline'):
            if runner.cfg.get(field) is None:
                raise ConfigError(f"val_cfg.type='mmgb.AugmentedValLoop': expected the field {field} in the config")
        dataloader = copy.deepcopy(dataloader)
        set_pipeline(dataloader['dataset'], runner.cfg.tta_pipeline)
        super().__init__(runner, dataloader, evaluator, fp16)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.tta_model = ROOT_MODELS.build(dict(runner.cfg.tta_model, module=model))

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict | Sequence) -> None:
        """Evaluate the merged predictions of one batch.

        Args:
            idx (int): number of the batch.
            data_batch (dict | Sequence): batch of the dataloader, with all versions of each image.
        """
        self.runner.call_hook('before_val_iter', batch_idx=idx, data_batch=data_batch)
        with autocast(enabled=self.fp16):
            outputs = self.tta_model.test_step(data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook('after_val_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)
