"""Configs of boosted losses in segmentation: names, settings of the paper, and what differs between the losses."""

import pytest
from helpers.shrunk_configs import CONFIGS, LEAVES
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS, TRANSFORMS

BOOSTING = CONFIGS / 'gradient_boosting'
SEGMENTATION = [path for path in LEAVES if path.parent in (BOOSTING / 'digits', BOOSTING / 'voc12')]
LOSS_TYPES = {'softmax': 'CrossEntropyLoss', 'exp-gb': 'mmgb.ExpGBLoss', 'pow3-gb': 'mmgb.Pow3GBLoss'}
ROWS = [  # of Table 3: loss, epochs, learning rate
    ('S-60', 'softmax', 60, 1e-3),
    ('S-40', 'softmax', 40, 1e-3),
    ('E-40', 'exp-gb', 40, 1e-4),
    ('P-40', 'pow3-gb', 40, 5e-5),
]


@pytest.fixture(params=SEGMENTATION, ids=lambda path: path.stem)
def leaf(request):
    return request.param, Config.fromfile(request.param)


def losses_of(model):
    return [model[head].loss_decode for head in ('decode_head', 'auxiliary_head') if head in model]


def row_file(loss, epochs, network='pixelnet-vgg16', data='voc12sbd-224x224'):
    return BOOSTING / 'voc12' / f'{network}_{loss}_1xb5-{epochs}e_{data}.py'


def without_loss(cfg):
    """The config's content without its losses, the helper variables they came from, and the learning rate."""
    for head in ('decode_head', 'auxiliary_head'):
        if head in cfg.model:
            cfg.model[head].pop('loss_decode')
    for name in ('loss', 'exp_gb', 'pow3_gb'):
        cfg.pop(name, None)
    cfg.optim_wrapper.optimizer.pop('lr')
    return cfg.to_dict()


def test_file_name_gives_loss_batch_size_length_and_image_size(leaf):
    path, cfg = leaf
    loss, batch, data = path.stem.replace('fcn_r50', 'fcn-r50').split('_')[1:4]
    gpus_and_batch, length = batch.split('-')
    loss = loss.removesuffix('-warmup').removesuffix('-matched')
    assert {entry.type for entry in losses_of(cfg.model)} == {LOSS_TYPES[loss]}
    assert cfg.train_dataloader.batch_size == int(gpus_and_batch.split('xb')[1])
    assert length in (f'{cfg.train_cfg.get("max_epochs")}e', f'{cfg.train_cfg.get("max_iters", 0) // 1000}k')
    size = tuple(map(int, data.split('-')[1].split('x')))
    assert cfg.model.data_preprocessor.size == size


def test_losses_average_over_the_valid_pixels(leaf):
    _, cfg = leaf
    for loss in losses_of(cfg.model):
        assert loss.type.startswith('mmgb.') or loss.avg_non_ignore


def test_images_are_normalised_with_the_statistics_of_the_pretrained_weights(leaf):
    _, cfg = leaf
    preprocessor = cfg.model.data_preprocessor
    if 'caffe' in str(cfg.model.backbone.get('init_cfg')):
        assert not preprocessor.bgr_to_rgb and preprocessor.mean == [102.98, 115.95, 122.77]
    else:  # torchvision's VGG and OpenMMLab's ResNet
        assert preprocessor.bgr_to_rgb and preprocessor.mean == [123.675, 116.28, 103.53]


def test_model_and_pipelines_build(leaf):
    path, cfg = leaf
    if 'fcn' not in path.name and cfg.model.backbone.get('width', 1) == 1:  # 50 MB instead of 700, same code
        cfg.model.backbone.width = 1 / 16
        cfg.model.decode_head.update(in_channels=(4, 8, 16, 32, 32, 256), channels=16)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
        for pipeline in ('train_pipeline', 'test_pipeline', 'tta_pipeline'):
            for transform in cfg[pipeline]:
                TRANSFORMS.build(transform)
    assert model.decode_head.num_classes in (11, 21)


@pytest.mark.parametrize('row, loss, epochs, rate', ROWS)
def test_rows_of_table_3_have_the_settings_of_the_paper(row, loss, epochs, rate):
    path = row_file(loss, epochs)
    cfg = Config.fromfile(path)
    assert path.read_text().startswith(f'"""Row {row} ')
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=rate, momentum=0.9, weight_decay=5e-4)
    assert cfg.optim_wrapper.paramwise_cfg == dict(bias_lr_mult=2.0, bias_decay_mult=0.0)
    assert (cfg.train_dataloader.batch_size, cfg.model.decode_head.pixels_per_image) == (5, 2000)
    assert cfg.model.backbone.padding == cfg.model.decode_head.padding == 100
    assert dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3) in cfg.train_pipeline


@pytest.mark.parametrize('row, loss, epochs, rate', ROWS)
def test_only_the_test_set_and_the_output_differ_in_a_test_server_config(row, loss, epochs, rate):
    path = row_file(loss, epochs)
    found, plain = Config.fromfile(path.with_name(f'{path.stem}_test-server.py')), Config.fromfile(path)
    assert found.test_evaluator.format_only and f'/{row}/' in found.test_evaluator.output_dir
    assert found.test_dataloader.dataset.ann_file.endswith('/test.txt')
    for name in ('test_dataloader', 'test_evaluator'):
        found[name] = plain[name]
    assert found.to_dict() == plain.to_dict()


@pytest.mark.parametrize('loss', ['exp-gb', 'pow3-gb'])
@pytest.mark.parametrize(
    'network, data', [('', 'voc12sbd-224x224'), ('', 'voc12aug-224x224'), ('-caffe', 'voc12sbd-224x224')]
)
def test_only_loss_learning_rate_and_clipping_differ_between_the_rows_of_40_epochs(loss, network, data):
    paths = (row_file(name, 40, f'pixelnet-vgg16{network}', data) for name in ('softmax', loss))
    softmax, boosted = map(Config.fromfile, paths)
    clipping = boosted.optim_wrapper.pop('clip_grad', None)
    assert clipping == (dict(max_norm=20.0) if loss == 'pow3-gb' else None)
    assert without_loss(boosted) == without_loss(softmax)


@pytest.mark.parametrize('loss', ['exp-gb', 'pow3-gb'])
@pytest.mark.parametrize(
    'name',
    [
        'digits/pixelnet-vgg16-slim_{}_1xb4-4e_digits-200x200.py',
        'voc12/pixelnet-vgg16-slim_{}_1xb4-40e_voc12-200x200.py',
        'voc12/pixelnet-vgg16-slim-imagenette_{}_1xb4-18e_voc12-200x200.py',
        'voc12/pixelnet-vgg16-slim-imagenette-norm-outputs_{}_1xb4-18e_voc12-200x200.py',
    ],
)
def test_only_loss_and_learning_rate_differ_between_the_slim_configs(name, loss):
    softmax, boosted = (Config.fromfile(BOOSTING / name.format(part)) for part in ('softmax', loss))
    assert without_loss(boosted) == without_loss(softmax)


def test_only_loss_and_learning_rate_differ_between_the_fcn_configs():
    name = 'voc12/fcn_r50-d8_{}_4xb4-20k_voc12aug-512x512.py'
    baseline, *boosted = (Config.fromfile(BOOSTING / name.format(loss)) for loss in LOSS_TYPES)
    for cfg in boosted:
        assert [loss.loss_weight for loss in losses_of(cfg.model)] == [1.0, 0.4]
        assert cfg.model.decode_head.init_cfg[-1] == dict(type='mmgb.FitPrior', layer='conv_seg')
        (schedule,), (base,) = cfg.param_scheduler, baseline.param_scheduler
        rates = [each.optim_wrapper.optimizer.lr for each in (cfg, baseline)]
        assert schedule.eta_min / rates[0] == pytest.approx(base.eta_min / rates[1])
        cfg.param_scheduler = baseline.param_scheduler
    assert [cfg.optim_wrapper.optimizer.lr for cfg in boosted] == [1e-4, 5e-5]  # Table 3
    expected = without_loss(baseline)
    assert all(without_loss(cfg) == expected for cfg in boosted)


def test_changing_only_the_type_of_an_mmsegmentation_loss_builds():
    """The bases of mmsegmentation set `use_sigmoid=False`, which stays when a config changes only the type."""
    base = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)
    merged = Config(dict(loss=base))
    merged.merge_from_dict(dict(loss=dict(type='mmgb.ExpGBLoss', targets=(0.0, 16.0))))
    assert type(MODELS.build(merged.loss)).__name__ == 'ExpGBLoss'


@pytest.mark.parametrize('name', ['exp-gb', 'pow3-gb'])
def test_base_of_a_loss_has_the_defaults_of_its_class(name):
    (base,) = Config.fromfile(CONFIGS / '_base_' / 'losses' / f'{name}.py').values()
    built, default = MODELS.build(base), MODELS.build(dict(type=base.type))
    assert built.formula == default.formula
