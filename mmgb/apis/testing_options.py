"""What the options of ``tools/test.py`` change in a config; ``default_scope`` tells the hosts apart."""

from __future__ import annotations

from copy import deepcopy

from mmengine.config import Config, ConfigDict

from mmgb.functional.errors import ConfigError

from .config import type_name


def enable_tta(cfg: Config) -> None:
    """``--tta``: wraps the model in the config's ``tta_model`` and reads images by its ``tta_pipeline``.

    mmpretrain's script has a default where the config sets none: the mean score of the image and its mirror
    image. mmsegmentation's has not.

    Raises:
        ConfigError: if a config of another host than mmpretrain lacks one of the two, or if one of mmpretrain
            draws: its hook draws the input batch, which is a list of batches then.
    """
    dataset = cfg.test_dataloader.dataset
    if cfg.get('default_scope') == 'mmpretrain':
        if cfg.get('default_hooks', {}).get('visualization', {}).get('enable'):
            raise ConfigError(
                '--tta does not go with --show or --show-dir for mmpretrain, whose hook draws '
                'no image that comes in several versions: leave one of them out'
            )
        if cfg.get('tta_model') is None:
            cfg.tta_model = dict(type='mmpretrain.AverageClsScoreTTA')
        if cfg.get('tta_pipeline') is None:
            *reading, packing = deepcopy(dataset.pipeline)
            flips = [dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)]
            cfg.tta_pipeline = [*reading, dict(type='TestTimeAug', transforms=[flips, [packing]])]
    absent = [field for field in ('tta_model', 'tta_pipeline') if cfg.get(field) is None]
    if absent:
        raise ConfigError(f'--tta needs {" and ".join(absent)} in the config')
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    dataset.pipeline = cfg.tta_pipeline


def enable_visualization(cfg: Config, show: bool, show_dir: str | None, wait_time: float, interval: int) -> None:
    """``--show``, ``--show-dir``: turns the host's visualisation hook on.

    Args:
        show: open a window for each picture, for ``wait_time`` seconds.
        show_dir: folder for the pictures.
        interval: mmpretrain draws every ``interval``-th image, mmsegmentation 1.2 those of every
            ``interval``-th batch; onedl-mmsegmentation draws all.

    Raises:
        ConfigError: if the config has no such hook.
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


def write_output(cfg: Config, out: str, item: str | None) -> None:
    """``--out``: for mmsegmentation a folder of predicted label images, else a file of what ``item`` says.

    Metrics (``item='metrics'``) are written by the tool once they are known; here the file's name is checked.

    Raises:
        ConfigError: if no metric of the config writes label images, or the file's ending doesn't fit.
    """
    evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
    if cfg.get('default_scope') == 'mmseg':
        if item is not None:
            raise ConfigError(f"--out-item='{item}' is for mmpretrain; mmseg's --out is a folder")
        writers = [part for part in evaluators if len(evaluators) == 1 or type_name(part) == 'IoUMetric']
        if not writers:
            raise ConfigError(f"--out='{out}' needs an IoUMetric in test_evaluator, to write the label images")
        for metric in writers:
            metric.update(output_dir=out, keep_results=True)
        return
    allowed = ('.json', '.yaml', '.yml', '.pkl', '.pickle') if item == 'metrics' else ('.pkl', '.pickle')
    if not out.endswith(allowed):
        raise ConfigError(f"--out='{out}' should end with {' or '.join(allowed)}")
    if item != 'metrics':
        cfg.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=out)]
