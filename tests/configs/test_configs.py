"""Every config of boosted losses in segmentation: it stands on its own, builds, and names what its file name says."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS, TRANSFORMS

CONFIGS = Path(__file__).parents[2] / 'configs'
LEAVES = sorted(path for name in ('digits', 'voc12') for path in (CONFIGS / 'gradient_boosting' / name).glob('*.py'))
LOSS_TYPES = {'softmax': 'CrossEntropyLoss', 'exp-gb': 'mmgb.ExpGBLoss', 'pow3-gb': 'mmgb.Pow3GBLoss'}


def name_of(path):
    return path.stem


@pytest.fixture(params=LEAVES, ids=name_of)
def leaf(request):
    return request.param, Config.fromfile(request.param)


def losses_of(model):
    return [model[head].loss_decode for head in ('decode_head', 'auxiliary_head') if head in model]


def test_file_name_says_the_loss_the_batch_and_the_length(leaf):
    path, cfg = leaf
    loss, batch, data = path.stem.replace('fcn_r50', 'fcn-r50').split('_')[1:4]
    gpus_and_batch, length = batch.split('-')
    assert {entry.type for entry in losses_of(cfg.model)} == {LOSS_TYPES[loss]}
    assert cfg.train_dataloader.batch_size == int(gpus_and_batch.split('xb')[1])
    assert length in (f'{cfg.train_cfg.get("max_epochs")}e', f'{cfg.train_cfg.get("max_iters", 0) // 1000}k')
    size = tuple(map(int, data.split('-')[1].split('x')))
    assert cfg.model.data_preprocessor.size == size


def test_stands_on_its_own_base_sets_the_seed_and_averages_over_the_valid_pixels(leaf):
    path, cfg = leaf
    assert not re.search(r'_base_\s*=.*\w+::', path.read_text())
    assert isinstance(cfg.randomness.seed, int)
    for loss in losses_of(cfg.model):
        assert loss.type.startswith('mmgb.') or loss.avg_non_ignore


def test_images_have_the_statistics_of_the_weights_that_start(leaf):
    _, cfg = leaf
    preprocessor = cfg.model.data_preprocessor
    if 'caffe' in str(cfg.model.backbone.get('init_cfg')):
        assert not preprocessor.bgr_to_rgb and preprocessor.mean == [102.98, 115.95, 122.77]
    else:  # torchvision's, and OpenMMLab's ResNet
        assert preprocessor.bgr_to_rgb and preprocessor.mean == [123.675, 116.28, 103.53]


def test_model_and_pipelines_build(leaf):
    _, cfg = leaf
    if 'fcn' not in cfg.filename and cfg.model.backbone.get('width', 1) == 1:  # 50 MB instead of 700, the same code
        cfg.model.backbone.width = 1 / 16
        cfg.model.decode_head.update(in_channels=(4, 8, 16, 32, 32, 256), channels=16)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
        for pipeline in ('train_pipeline', 'test_pipeline', 'tta_pipeline'):
            for transform in cfg[pipeline]:
                TRANSFORMS.build(transform)
    assert model.decode_head.num_classes in (11, 21)


@pytest.mark.parametrize(
    'row, loss, epochs, rate',
    [
        ('S-60', 'softmax', 60, 1e-3),
        ('S-40', 'softmax', 40, 1e-3),
        ('E-40', 'exp-gb', 40, 1e-4),
        ('P-40', 'pow3-gb', 40, 5e-5),
    ],
)
def test_the_papers_rows_have_its_settings(row, loss, epochs, rate):
    path = CONFIGS / f'gradient_boosting/voc12/pixelnet-vgg16_{loss}_1xb5-{epochs}e_voc12sbd-224x224.py'
    cfg = Config.fromfile(path)
    assert path.read_text().startswith(f'# {row}')
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=rate, momentum=0.9, weight_decay=5e-4)
    assert cfg.optim_wrapper.paramwise_cfg == dict(bias_lr_mult=2.0, bias_decay_mult=0.0)
    assert (cfg.train_dataloader.batch_size, cfg.model.decode_head.pixels_per_image) == (5, 2000)
    assert cfg.model.backbone.padding == cfg.model.decode_head.padding == 100
    assert dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3) in cfg.train_pipeline


def test_swapping_the_loss_is_the_only_difference_between_the_fcn_configs():
    name = 'gradient_boosting/voc12/fcn_r50-d8_{}_4xb4-20k_voc12aug-512x512.py'
    baseline, *swapped = (Config.fromfile(CONFIGS / name.format(loss)) for loss in LOSS_TYPES)
    for cfg in swapped:
        for head in ('decode_head', 'auxiliary_head'):
            assert cfg.model[head].loss_decode.loss_weight == baseline.model[head].loss_decode.loss_weight
            cfg.model[head].loss_decode = baseline.model[head].loss_decode
        cfg.pop('loss')
        cfg.pop('pow3_gb', None)
        assert cfg.to_dict() == baseline.to_dict()


def test_swap_of_the_readme_needs_nothing_but_the_type():
    """mmsegmentation's own bases hold `use_sigmoid=False`, which a swap by inheritance keeps."""
    base = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)
    merged = Config(dict(loss=base))
    merged.merge_from_dict(dict(loss=dict(type='mmgb.ExpGBLoss', targets=(0.0, 16.0))))
    assert type(MODELS.build(merged.loss)).__name__ == 'ExpGBLoss'


def test_recommended_loss_has_the_defaults_of_its_class():
    recommended = Config.fromfile(CONFIGS / '_base_' / 'losses' / 'pow3-gb.py').pow3_gb
    built, default = MODELS.build(recommended), MODELS.build(dict(type=recommended.type))
    assert (built.form, built.targets) == (default.form, default.targets)
