from copy import deepcopy

import pytest
import torch
from mmengine.config import Config

from mmgb.apis import testing_options as options
from mmgb.functional.errors import ConfigError

READ, PACK = dict(type='LoadImageFromFile'), dict(type='PackInputs')


def config(scope, **top):
    return Config(
        dict(
            default_scope=scope,
            model=dict(type='Net'),
            test_dataloader=dict(dataset=dict(type='Data', pipeline=[READ, PACK])),
            test_evaluator=dict(type='IoUMetric'),
            **top,
        )
    )


def test_the_configs_own_augmentation_is_used_for_both_hosts():
    for scope in ('mmseg', 'mmpretrain'):
        cfg = config(scope, tta_model=dict(type='Mean'), tta_pipeline=[READ])
        options.enable_tta(cfg)
        assert cfg.model == dict(type='Mean', module=dict(type='Net'))
        assert cfg.test_dataloader.dataset.pipeline == [READ]


def test_mmpretrains_default_is_a_horizontal_flip_before_packing():
    cfg = config('mmpretrain')
    options.enable_tta(cfg)
    assert cfg.model.type == 'mmgb.AverageClsScoreTTA'
    read, augment = cfg.test_dataloader.dataset.pipeline
    assert read == READ
    assert augment == dict(
        type='TestTimeAug', transforms=[[dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)], [PACK]]
    )


def test_mmseg_has_no_default_augmentation():
    with pytest.raises(ConfigError, match='--tta needs tta_model and tta_pipeline in the config'):
        options.enable_tta(config('mmseg'))


def test_the_visualization_hook_of_each_host_is_enabled_with_its_own_arguments():
    seg = config('mmseg', default_hooks=dict(visualization=dict(type='S')), visualizer=dict(type='V'))
    options.enable_visualization(seg, show=False, show_dir='x', wait_time=2, interval=1)
    assert seg.default_hooks.visualization == dict(type='S', draw=True, interval=1)
    assert seg.visualizer.save_dir == 'x'
    cls = config('mmpretrain', default_hooks=dict(visualization=dict(type='V')))
    options.enable_visualization(cls, show=True, show_dir=None, wait_time=2, interval=3)
    assert cls.default_hooks.visualization == dict(
        type='V', enable=True, show=True, wait_time=2, out_dir=None, interval=3
    )


def test_pictures_without_a_hook_or_a_visualizer_are_refused():
    for cfg in (
        config('mmseg'),
        config('mmpretrain'),
        config('mmseg', default_hooks=dict(visualization=dict(type='S'))),
    ):
        with pytest.raises(ConfigError, match='need default_hooks.visualization'):
            options.enable_visualization(cfg, show=False, show_dir='x', wait_time=2, interval=1)


def test_mmsegs_output_folder_is_set_in_its_iou_metric():
    single, several = config('mmseg'), config('mmseg')
    several.test_evaluator = [dict(type='Other'), dict(type='mmseg.IoUMetric')]
    none = deepcopy(several)
    none.test_evaluator = [dict(type='Other'), dict(type='Another')]
    for cfg in (single, several):
        options.set_output(cfg, 'out', None)
    assert single.test_evaluator == dict(type='IoUMetric', output_dir='out', keep_results=True)
    assert several.test_evaluator[0] == dict(type='Other')
    assert several.test_evaluator[1].output_dir == 'out'
    with pytest.raises(ConfigError, match='needs an IoUMetric in test_evaluator'):
        options.set_output(none, 'out', None)


def test_mmpretrains_output_is_a_file_of_predictions_or_metrics():
    cfg = config('mmpretrain')
    options.set_output(cfg, 'scores.pkl', None)
    assert cfg.test_evaluator == [dict(type='IoUMetric'), dict(type='DumpResults', out_file_path='scores.pkl')]
    cfg = config('mmpretrain')
    options.set_output(cfg, 'metrics.json', 'metrics')
    assert cfg.test_evaluator == dict(type='IoUMetric')
    for out, item in (('scores.json', None), ('scores', 'pred'), ('metrics.txt', 'metrics')):
        with pytest.raises(ConfigError, match=f"--out='{out}': expected a file name that ends with .* or .pickle"):
            options.set_output(config('mmpretrain'), out, item)


@pytest.mark.parametrize('own', [False, True], ids=['default', 'own'])
def test_augmentation_reaches_every_data_set_inside_a_wrapper(own):
    plain, cfg = config('mmpretrain'), config('mmpretrain', **(dict(tta_pipeline=[READ]) if own else {}))
    part = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[dict(part), dict(type='KFoldDataset', dataset=dict(part))]
    )
    options.enable_tta(plain)
    options.enable_tta(cfg)
    first, second = cfg.test_dataloader.dataset.datasets
    assert 'pipeline' not in cfg.test_dataloader.dataset and 'pipeline' not in second
    expected = [READ] if own else plain.test_dataloader.dataset.pipeline
    assert first.pipeline == second.dataset.pipeline == expected


@pytest.mark.parametrize('pipelines', [(None, None), ([READ, PACK], [PACK])], ids=['none', 'different'])
def test_the_default_augmentation_needs_one_pipeline(pipelines):
    cfg = config('mmpretrain')
    parts = [dict(type='Data', **({} if pipeline is None else dict(pipeline=pipeline))) for pipeline in pipelines]
    cfg.test_dataloader.dataset = dict(type='ConcatDataset', datasets=parts)
    with pytest.raises(ConfigError, match='^--tta: expected one pipeline in all parts of test_dataloader.dataset'):
        options.enable_tta(cfg)


def test_metrics_with_tensors_become_lists_of_numbers():
    metrics = {'matrix': torch.tensor([[3, 1], [0, 2]]), 'top': dict(a=(torch.tensor(0.5), 1.0)), 'name': 'x'}
    assert options.without_tensors(metrics) == {'matrix': [[3, 1], [0, 2]], 'top': dict(a=[0.5, 1.0]), 'name': 'x'}


def test_a_model_that_augments_already_is_refused():
    cfg = config('mmpretrain')
    options.enable_tta(cfg)
    with pytest.raises(ConfigError, match='^--tta: expected the config of a training, got one whose model=mmgb'):
        options.enable_tta(cfg)
