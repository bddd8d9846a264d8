"""AugmentedValLoop: the metric of merged predictions, and a model that it leaves as it is."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

VERSIONS = dict(
    type='TestTimeAug',
    transforms=[[dict(type='RandomFlip', prob=0.0), dict(type='RandomFlip', prob=1.0)], [dict(type='PackInputs')]],
)


def make_runner(folder, **fields):
    """Return a runner of a linear classifier on 300 random images of two classes, with validation only."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (300, 4, 6, 1), dtype=np.uint8), rng.integers(0, 2, 300)
    np.savez(folder / 'images.npz', x_test=images, y_test=labels)
    dataset = dict(
        type='mmgb.ArrayDataset',
        images=str(folder / 'images.npz'),
        keys=('x_test', 'y_test'),
        pipeline=[dict(type='PackInputs')],
    )
    cfg = dict(
        default_scope='mmpretrain',
        model=dict(
            type='ImageClassifier',
            backbone=dict(type='mmgb.MLP', in_features=24, hidden_features=(8,)),
            head=dict(type='LinearClsHead', in_channels=8, num_classes=2),
        ),
        data_preprocessor=dict(mean=[127.0], std=[60.0]),
        val_dataloader=dict(batch_size=100, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False))
        | dict(dataset=dataset, collate_fn=dict(type='default_collate')),
        val_evaluator=dict(type='Accuracy', topk=(1,)),
        val_cfg=dict(type='mmgb.AugmentedValLoop'),
        tta_model=dict(type='AverageClsScoreTTA'),
        tta_pipeline=[VERSIONS],
        work_dir=str(folder),
        randomness=dict(seed=0),
        log_level='ERROR',
        experiment_name=folder.name,
    )
    runner = Runner.from_cfg(Config({**cfg, **fields}))
    return runner, torch.from_numpy(images).permute(0, 3, 1, 2).float(), torch.from_numpy(labels)


def accuracy(scores, labels):
    return 100 * (scores.argmax(1) == labels).float().mean().item()


def test_the_metric_is_that_of_the_averaged_scores(tmp_path):
    runner, images, labels = make_runner(tmp_path)
    found = runner.val()['accuracy/top1']
    model, inputs = runner.model.eval(), (images - 127) / 60
    with torch.no_grad():
        scores = [model(view, mode='tensor').softmax(1) for view in (inputs, inputs.flip(3))]
    both = [accuracy(one, labels) for one in scores]
    merged = accuracy(sum(scores), labels)
    assert found == pytest.approx(merged) and merged not in both, 'a case in which merging matters'


def test_the_model_keeps_its_class_and_keys(tmp_path):
    runner, *_ = make_runner(tmp_path)
    keys = list(runner.model.state_dict())
    runner.val()
    assert type(runner.model).__name__ == 'ImageClassifier' and list(runner.model.state_dict()) == keys


@pytest.mark.parametrize('field', ['tta_model', 'tta_pipeline'])
def test_a_config_without_augmentation_is_refused(field, tmp_path):
    runner, *_ = make_runner(tmp_path, **{field: None})
    message = f"val_cfg.type='mmgb.AugmentedValLoop': expected the field {field} in the config"
    with pytest.raises(ValueError, match=message):
        runner.val()


def test_a_wrapped_data_set_is_augmented(tmp_path):
    plain, *_ = make_runner(tmp_path)
    loader = plain.cfg.val_dataloader.to_dict()
    loader['dataset'] = dict(type='RepeatDataset', times=1, dataset=loader['dataset'])
    (tmp_path / 'wrapped').mkdir()
    wrapped, *_ = make_runner(tmp_path / 'wrapped', val_dataloader=loader)
    wrapped.model.load_state_dict(plain.model.state_dict())
    assert wrapped.val() == pytest.approx(plain.val())
