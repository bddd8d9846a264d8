"""Recipe of the ImageNet configs of Relay Backpropagation: settings of the paper, schedule and pipelines."""

import numpy as np
import pytest
import torch
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config
from mmengine.optim import ReduceOnPlateauLR
from mmengine.registry import MODELS, TRANSFORMS, DefaultScope
from PIL import Image

IMAGENET = CONFIGS / 'relay_bp' / 'imagenet'
RELAYS = {path.name.split('_')[0]: path for path in IMAGENET.glob('*_relay-bp_*[0-9].py')}
PLACES2_SETTINGS = {path.name.split('_')[0]: path for path in IMAGENET.glob('*_relay-bp_*_places2-settings.py')}
PLACES2_SETTINGS['vgg19'] = RELAYS['vgg19']


def sides(cfg):
    """The shorter sides of the images that --tta tests."""
    return [resize.scale for resize in cfg.tta_pipeline[1].transforms[0]]


def assert_images_without_scale_jitter(cfg, side, crop):
    names = [step.type for step in cfg.train_pipeline]
    assert names == ['LoadImageFromFile', 'ResizeEdge', 'RandomCrop', 'RandomFlip', 'Lighting', 'PackInputs']
    for pipeline in (cfg.train_pipeline, cfg.test_pipeline):
        assert (pipeline[1].scale, pipeline[2].crop_size) == (side, crop)
    assert cfg.auto_scale_lr.base_batch_size == 256 == 8 * cfg.train_dataloader.batch_size
    assert cfg.test_dataloader.batch_size == 1


@pytest.mark.parametrize('network', ['resnet50', 'inception-v3', 'vgg19'])
def test_places2_settings_are_those_of_section_5_1(network):
    cfg = Config.fromfile(PLACES2_SETTINGS[network])
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
    side, crop = (342, 299) if network == 'inception-v3' else (256, 224)
    assert_images_without_scale_jitter(cfg, side, crop)
    assert sides(cfg) == [round(side * crop / 224) for side in (224, 256, 320, 384, 448)]
    assert 'CropAt' not in str(cfg.tta_pipeline)


@pytest.mark.parametrize('path', sorted((CONFIGS / 'relay_bp/places2').glob('*.py')), ids=lambda path: path.stem)
def test_recipes_of_places2_are_section_5_1_with_two_settings_of_ours(path):
    cfg = Config.fromfile(path)
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    assert model.head.init_cfg == dict(type='Kaiming', layer='Linear', mode='fan_in', bias=0)
    assert 'init_cfg' not in model.neck and 'init_cfg' not in model.backbone  # whose defaults are He's
    # Ours: divided images, and a limit for the gradient.
    assert cfg.data_preprocessor == dict(num_classes=401, mean=[0.0] * 3, std=[58.0] * 3, to_rgb=False)
    assert cfg.optim_wrapper.clip_grad == dict(max_norm=5.0)


def test_resnet50_has_the_settings_of_the_resnet_paper():
    cfg = Config.fromfile(RELAYS['resnet50'])
    assert cfg.optim_wrapper.to_dict() == dict(
        type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4)
    )
    assert_images_without_scale_jitter(cfg, 256, 224)
    assert sides(cfg) == [224, 256, 384, 480, 640]
    assert cfg.model.model.head.loss.type == 'CrossEntropyLoss' and 'loss' not in cfg.model.auxiliaries[0].head


def test_inception_v3_has_the_settings_of_its_paper_with_sgd():
    cfg = Config.fromfile(RELAYS['inception-v3'])
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.045, momentum=0.9, weight_decay=1e-4)
    assert cfg.optim_wrapper.clip_grad == dict(max_norm=2.0)
    assert cfg.param_scheduler == [dict(type='StepLR', step_size=2, gamma=0.94, by_epoch=True)]
    assert dict(type='EMAHook', momentum=1e-4) in cfg.custom_hooks  # Section 8: evaluated with averaged weights
    assert_images_without_scale_jitter(cfg, 342, 299)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        losses = [MODELS.build(head.loss) for head in (cfg.model.model.head, cfg.model.auxiliaries[0].head)]
    scores = torch.randn(2, 1000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([3, 700])
    smoothed = torch.full((2, 1000), 0.1 / 1000, dtype=torch.float64)  # Inception-v3 paper, Section 7
    smoothed[range(2), labels] += 0.9
    expected = -(smoothed * scores.log_softmax(1)).sum(1).mean()
    assert all(loss(scores, labels).item() == pytest.approx(expected.item(), rel=1e-6) for loss in losses)


def test_learning_rate_falls_tenfold_when_the_accuracy_stops_rising():
    cfg = Config.fromfile(PLACES2_SETTINGS['resnet50'])
    (schedule,) = cfg.param_scheduler
    assert schedule.pop('type') == 'ReduceOnPlateauLR'
    optimizer = torch.optim.SGD(
        [torch.zeros(1, requires_grad=True)],
        **{key: value for key, value in cfg.optim_wrapper.optimizer.items() if key != 'type'},
    )
    scheduler = ReduceOnPlateauLR(optimizer, **schedule)
    rates = []
    for top1 in [10.0, 20.0, 30.0, *[30.0] * 6, 40.0, *[39.0] * 6, 41.0]:
        scheduler.step({'accuracy/top1': top1})
        rates.append(optimizer.param_groups[0]['lr'])
    assert rates == pytest.approx([0.01] * 8 + [1e-3] * 7 + [1e-4] * 2)


@pytest.mark.parametrize('network', RELAYS)
def test_pipelines_run_and_the_colour_shift_does_not_wrap_around_at_white(network, tmp_path):
    cfg = Config.fromfile(RELAYS[network])
    white = np.full((400, 500, 3), 255, dtype=np.uint8)
    Image.fromarray(white).save(tmp_path / 'white.png')
    np.random.seed(0)
    crop = cfg.train_pipeline[2].crop_size
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        train, test, tta = (
            [TRANSFORMS.build(step) for step in cfg[name]]
            for name in ('train_pipeline', 'test_pipeline', 'tta_pipeline')
        )

    def run(pipeline):
        results = dict(img_path=str(tmp_path / 'white.png'), gt_label=3)
        for transform in pipeline:
            results = transform(results)
        return results['inputs']

    shifted = [run(train) for _ in range(20)]
    assert {tuple(image.shape) for image in shifted} == {(3, crop, crop)}
    colours = torch.stack([image.float().mean((1, 2)) for image in shifted])
    assert (colours - 255).abs().max() < 60 and colours.max() > 255 and colours.std(0).min() > 1
    assert run(test).shape == (3, crop, crop)
    shapes = [image.shape[1:] for image in run(tta)]
    if network == 'resnet50':
        assert [min(shape) for shape in shapes] == sides(cfg)
        assert all(shape[1] == pytest.approx(shape[0] * 1.25, abs=1) for shape in shapes)
    else:
        assert shapes == [(crop, crop)] * (144 if network == 'inception-v3' else 5)
