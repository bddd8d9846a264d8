"""Recipe of the ImageNet configs of Relay Backpropagation: settings of the paper, schedule and pipelines."""

import numpy as np
import pytest
import torch
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config
from mmengine.optim import ReduceOnPlateauLR
from mmengine.registry import TRANSFORMS, DefaultScope
from PIL import Image

RELAYS = {path.name.split('_')[0]: path for path in (CONFIGS / 'relay_bp' / 'imagenet').glob('*_relay-bp_*.py')}


@pytest.mark.parametrize('network', ['resnet50', 'inception-v3', 'vgg19'])
def test_settings_are_those_of_section_5_1(network):
    cfg = Config.fromfile(RELAYS[network])
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=2e-4)
    assert cfg.auto_scale_lr.base_batch_size == 256 == 8 * cfg.train_dataloader.batch_size
    names = [step.type for step in cfg.train_pipeline]
    assert names == ['LoadImageFromFile', 'ResizeEdge', 'RandomCrop', 'RandomFlip', 'Lighting', 'PackInputs']
    scale, crop = cfg.train_pipeline[1].scale, cfg.train_pipeline[2].crop_size
    expected = (342, 299) if network == 'inception-v3' else (256, 224)
    assert (scale, crop) == (cfg.test_pipeline[1].scale, cfg.test_pipeline[2].crop_size) == expected
    sides = [resize.scale for resize in cfg.tta_pipeline[1].transforms[0]]
    assert sides == [round(side * crop / 224) for side in (224, 256, 320, 384, 448)]
    assert cfg.test_dataloader.batch_size == 1


def test_learning_rate_falls_tenfold_when_the_accuracy_stops_rising():
    cfg = Config.fromfile(RELAYS['resnet50'])
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
    sides = [image.shape[1:] for image in run(tta)]
    if network == 'vgg19':
        assert sides == [(crop, crop)] * 5
    else:
        assert [min(side) for side in sides] == [resize.scale for resize in cfg.tta_pipeline[1].transforms[0]]
        assert all(side[1] == pytest.approx(side[0] * 1.25, abs=1) for side in sides)
