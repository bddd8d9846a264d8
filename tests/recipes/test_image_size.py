"""Other image sizes: every transform that sets a size, and mmseg's padding."""

from mmengine.config import Config

from mmgb.recipes.image_size import MARGIN, set_image_size


def test_every_size_of_the_training_pipeline_changes_and_that_of_the_validation_does_not():
    steps = [
        dict(type='ResizeEdge', scale=256),
        dict(type='RandomCrop', crop_size=224),
        dict(type='RandomResizedCrop', scale=224),
        dict(type='RandomFlip', prob=0.5),
        dict(type='EfficientNetRandomCrop', scale=300),
        dict(type='EfficientNetCenterCrop', crop_size=300),
    ]
    seg = [dict(type='RandomResize', scale=(2048, 512)), dict(type='RandomCrop', crop_size=(512, 512))]
    size = dict(data_preprocessor=dict(size=(512, 512)))
    cfg = Config(
        dict(
            model=dict(size, type='mmgb.RelayBP', model=size),
            train_dataloader=dict(dataset=dict(datasets=[dict(pipeline=steps), dict(pipeline=seg)])),
            val_dataloader=dict(dataset=dict(pipeline=[dict(type='Resize', scale=(200, 200))])),
        )
    )
    set_image_size(cfg, 64)
    first, second = (part.pipeline for part in cfg.train_dataloader.dataset.datasets)
    assert [step.get('scale', step.get('crop_size')) for step in first] == [64 + MARGIN, 64, 64, None, 64, 64]
    assert [step.get('scale', step.get('crop_size')) for step in second] == [(64, 64), (64, 64)]
    assert cfg.model.data_preprocessor.size == cfg.model.model.data_preprocessor.size == (64, 64)
    assert cfg.val_dataloader.dataset.pipeline[0].scale == (200, 200)
