"""Apply the options of ``tools/test.py`` to a config; ``default_scope`` distinguishes the hosts."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from mmengine.config import Config, ConfigDict

from mmgb.functional.errors import ConfigError
from mmgb.utils.nested_datasets import innermost_configs, set_pipeline

from .config import type_name

METRICS_ENDINGS = ('.json', '.yaml', '.yml', '.pkl', '.pickle')
PREDICTIONS_ENDINGS = ('.pkl', '.pickle')


def enable_tta(cfg: Config) -> None:
    """Apply ``--tta``: wrap the model in the config's ``tta_model`` and read images with its ``tta_pipeline``.

    For mmpretrain, a config without them averages the scores of the image and its horizontal flip, as mmpretrain's own
    script does. mmsegmentation has no default.

    Raises:
        ConfigError: if a config of mmsegmentation lacks one of the two fields, or if a config of mmpretrain draws
            predictions: mmpretrain's hook draws the input batch, which is a list of batches under augmentation. Also if
            a config of mmpretrain has no ``tta_pipeline``, and its data sets have no pipeline in common, or if the
            model augments already.
    """
    if 'module' in cfg.model:
        raise ConfigError(
            f'--tta: expected the config of a training, got one whose model={cfg.model.type} augments already, as a '
            'test with --tta writes it'
        )
    if cfg.get('default_scope') == 'mmpretrain':
        if cfg.get('default_hooks', {}).get('visualization', {}).get('enable'):
            raise ConfigError(
                '--tta cannot be combined with --show or --show-dir for mmpretrain, whose hook cannot draw '
                'augmented images: leave one of them out'
            )
        if cfg.get('tta_model') is None or type_name(cfg.tta_model) == 'AverageClsScoreTTA':
            cfg.tta_model = dict(type='mmgb.AverageClsScoreTTA')  # the host's keeps the label of the first view
        if cfg.get('tta_pipeline') is None:
            pipelines = [dataset.get('pipeline') for dataset in innermost_configs(cfg.test_dataloader.dataset)]
            if not pipelines[0] or any(pipeline != pipelines[0] for pipeline in pipelines):
                raise ConfigError(
                    '--tta: expected one pipeline in all parts of test_dataloader.dataset, or a tta_pipeline in the '
                    'config'
                )
            *reading, packing = deepcopy(pipelines[0])
            flips = [dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)]
            cfg.tta_pipeline = [*reading, dict(type='TestTimeAug', transforms=[flips, [packing]])]
    absent = [field for field in ('tta_model', 'tta_pipeline') if cfg.get(field) is None]
    if absent:
        raise ConfigError(f'--tta needs {" and ".join(absent)} in the config')
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    set_pipeline(cfg.test_dataloader.dataset, cfg.tta_pipeline)


def enable_visualization(cfg: Config, show: bool, show_dir: str | None, wait_time: float, interval: int) -> None:
    """Apply ``--show`` and ``--show-dir``: enable the host's visualization hook.

    Args:
        cfg (Config): config to change.
        show (bool): show each picture in a window.
        show_dir (str | None): folder for the pictures.
        wait_time (float): time in seconds that a window stays open.
        interval (int): mmpretrain draws every ``interval``-th image, mmsegmentation 1.2 all images of every
            ``interval``-th batch; onedl-mmsegmentation draws all images.

    Raises:
        ConfigError: if the config has no visualization hook, or no visualizer where the host needs one.
    """
    hook = cfg.get('default_hooks', {}).get('visualization')
    segmentation = cfg.get('default_scope') == 'mmseg'
    if hook is None or (segmentation and show_dir and cfg.get('visualizer') is None):
        kind = 'SegVisualizationHook' if segmentation else 'VisualizationHook'
        raise ConfigError(
            f"--show and --show-dir need default_hooks.visualization=dict(type='{kind}') and a visualizer in the config"
        )
    if segmentation:
        hook.update(draw=True, interval=interval)
        if show:
            hook.update(show=True, wait_time=wait_time)
        if show_dir:
            cfg.visualizer.save_dir = show_dir
    else:
        hook.update(enable=True, show=show, wait_time=wait_time, out_dir=show_dir, interval=interval)


def set_output(cfg: Config, out: str, item: str | None) -> None:
    """Apply ``--out`` and ``--out-item``.

    For mmsegmentation ``out`` is a folder for the predicted label images. For mmpretrain it is a file, to which the
    evaluator writes the predictions; the tool itself writes the metrics, and this function only checks the file name.

    Args:
        cfg (Config): config to change.
        out (str): value of ``--out``.
        item (str | None): value of ``--out-item``: 'pred', 'metrics' or None, which means 'pred'.

    Raises:
        ConfigError: if ``item`` is given for mmsegmentation, no metric of the config can write label images, or the
            ending of the file does not fit the item.
    """
    evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
    if cfg.get('default_scope') == 'mmseg':
        if item is not None:
            raise ConfigError(f"--out-item='{item}' is for mmpretrain; for mmseg --out is a folder: leave it out")
        writers = [part for part in evaluators if len(evaluators) == 1 or type_name(part) == 'IoUMetric']
        if not writers:
            raise ConfigError(f"--out='{out}' needs an IoUMetric in test_evaluator, to write the label images")
        for metric in writers:
            metric.update(output_dir=out, keep_results=True)
        return
    endings = METRICS_ENDINGS if item == 'metrics' else PREDICTIONS_ENDINGS
    if not out.endswith(endings):
        raise ConfigError(f"--out='{out}': expected a file name that ends with {' or '.join(endings)}")
    if item != 'metrics':
        cfg.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=out)]


def without_tensors(metrics: Any) -> Any:
    """Return metrics with lists of numbers in place of tensors, such as a confusion matrix, for a file of any kind."""
    if isinstance(metrics, torch.Tensor):
        return metrics.tolist()
    if isinstance(metrics, dict):
        return {name: without_tensors(value) for name, value in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return [without_tensors(value) for value in metrics]
    return metrics
