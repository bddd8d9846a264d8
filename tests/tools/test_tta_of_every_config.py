"""Test-time augmentation with every config that has a tta_pipeline, on tiny data and with a narrow network."""

import logging
import pickle

import cv2
import numpy as np
import pytest
import torch
from helpers.fake_data import write_fake_data
from helpers.many_runs import run_many
from helpers.shrunk_configs import LEAVES, config_id, shrunk
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

from mmgb.apis.config import TEST_FIELDS, load_config
from mmgb.apis.runner import build_runner
from mmgb.apis.testing_options import enable_tta

pytestmark = pytest.mark.slow


def kind_of_test(path):
    """Return the parts of a config that determine its test, or None if it has no tta_pipeline."""
    cfg = load_config(str(path), {}, TEST_FIELDS)
    if 'tta_pipeline' not in cfg or path.stem.endswith('_test-server'):  # whose images have no labels
        return None
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    head = model.get('decode_head') or model.head
    parts = model.backbone, model.get('neck'), head.type, cfg.tta_model, cfg.tta_pipeline, cfg.test_dataloader
    return repr(parts)


# One config of each kind, because others of the same kind would repeat its test.
AUGMENTED = list({kind: path for path in LEAVES if (kind := kind_of_test(path))}.values())
SCALES = (224, 256, 320, 384, 448)  # Relay paper, Section 5.1
SMALLER = {'in1k-224x224': 64 / 224, 'in1k-299x299': 107 / 299}  # networks that accept any image size


def shrunk_for_test(path):
    """Return the shrunk config with one test image; sizes of its augmentations are kept or scaled by one factor."""
    cfg = shrunk(path)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.indices = 1
    for ending, factor in SMALLER.items():
        if ending in path.stem:
            for step in sum(cfg.tta_pipeline[1].transforms, []):
                for name in ('scale', 'crop_size'):
                    size = step.get(name)
                    if size is not None:
                        sides = [round(side * factor) for side in (size if isinstance(size, tuple) else [size])]
                        step[name] = tuple(sides) if isinstance(size, tuple) else sides[0]
    return cfg


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_fake_data(tmp_path_factory.mktemp('tta'))


@pytest.mark.parametrize('path', AUGMENTED, ids=config_id)
def test_every_augmented_image_is_predicted_once_and_the_average_is_evaluated(path, data, tmp_path, monkeypatch):
    monkeypatch.chdir(data)
    cfg = shrunk_for_test(path)
    augmentations = next(step for step in cfg.tta_pipeline if step.type == 'TestTimeAug').transforms
    enable_tta(cfg)
    cfg.work_dir, cfg.experiment_name, cfg.launcher = str(tmp_path), str(tmp_path), 'none'
    logging.disable(logging.INFO)
    try:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            runner = build_runner(cfg, ('test_loop',))
            model = revert_sync_batchnorm(runner.model)
            views = []
            predict = model.module.test_step
            monkeypatch.setattr(model.module, 'test_step', lambda batch: views.append(batch) or predict(batch))
            metrics = runner.test()
    finally:
        logging.disable(logging.NOTSET)
    assert len(views) == np.prod([len(choices) for choices in augmentations]) > 1
    assert metrics and all(np.isfinite(value) for value in metrics.values())


def network(cfg):
    """Build the config's model with weights from a fixed seed."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
        model.init_weights()
    return model.eval()


def read_image(data, folder):
    return cv2.imread(str(data / folder / 'val/0.jpg'))


def resized(image, side):
    """Resize an 8-bit image to a height of ``side``, the shorter side of the fake images; round the width down."""
    height, width = image.shape[:2]
    return cv2.resize(image, (side * width // height, side), interpolation=cv2.INTER_LINEAR)


def central(image, side):
    """Crop the central square of ``side`` pixels."""
    top, left = (round((length - side) / 2) for length in image.shape[:2])
    return image[top : top + side, left : left + side]


def scores(model, image):
    """Return the predicted class scores of one image."""
    batch = dict(inputs=[torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)], data_samples=[DataSample()])
    return model.test_step(batch)[0].pred_score


def central_crops(data):
    """Return the central crop of each of the five sizes; with the shrunk config each has 64 pixels."""
    return [central(resized(read_image(data, 'data/imagenet'), round(side * 64 / 224)), 64) for side in SCALES]


def whole_images(data):
    """Return the image at each of the five sizes, for dense evaluation; the mean of 127.5 is subtracted."""
    return [resized(read_image(data, 'data/places2'), side) - 127.5 for side in SCALES]


REFERENCES = {
    'vgg19_relay-bp_8xb32-120e_in1k-224x224': central_crops,
    'model-b_relay-bp_8xb32-24e_places2-224x224': whole_images,
}


@pytest.fixture(scope='module')
def runs(data):
    """Return {name: (exit code, output)} of tools/test.py with each config of REFERENCES, run in one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(data)
        for path in AUGMENTED:
            if path.stem in REFERENCES:
                cfg = shrunk_for_test(path)
                cfg.dump(f'{path.stem}.py')
                torch.save(dict(state_dict=network(cfg).state_dict()), f'{path.stem}.pth')
    return run_many(
        data, {name: ['test.py', f'{name}.py', f'{name}.pth', '--tta', '--out', f'{name}.pkl'] for name in REFERENCES}
    )


@pytest.mark.parametrize('name', REFERENCES)
def test_the_scores_of_the_tool_are_the_mean_over_the_augmented_images(name, runs, data):
    code, output = runs[name]
    assert code == 0 and 'accuracy/top1: ' in output, output[-3000:]
    with open(data / f'{name}.pkl', 'rb') as file:
        (found,) = pickle.load(file)
    cfg = Config.fromfile(data / f'{name}.py')
    model = network(cfg)
    model.load_state_dict(torch.load(data / f'{name}.pth', weights_only=True)['state_dict'])
    each = torch.stack([scores(model, view) for view in REFERENCES[name](data)])
    torch.testing.assert_close(found['pred_score'], each.mean(0), rtol=1e-4, atol=1e-7)
    assert (each.std(0) > 1e-3 * each.mean(0)).any(), 'expected different scores for different views'
