"""The configs that users name, and their reduction to a network that trains within a second."""

from pathlib import Path

from mmgb.apis.config import TRAIN_FIELDS, load_config
from mmgb.apis.dataloaders import check_data_roots, set_dataloader_defaults
from mmgb.recipes.image_size import set_image_size

CONFIGS = Path(__file__).parents[2] / 'configs'
LEAVES = sorted(path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts)  # all but the bases
SIDE = 64  # image size in pixels, for networks that take any size


def config_id(path):
    """Return the pytest id of a config."""
    return f'{path.parent.name}-{path.stem}'


def narrow(cfg):
    """Make the network narrow in place, unless it is slim already, and adapt the channels of the layers above."""
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    backbone, kind = model.backbone, model.backbone.type
    model.pop('pretrained', None)
    auxiliaries = cfg.model.get('auxiliaries', [])
    # The first layer above the backbone: with batch norm on the outputs it is the neck.
    above = model.get('head')
    if model.get('neck') and model.neck.type == 'LinearNeck':
        above = model.neck
    if kind == 'mmgb.PixelNetVGG' and 'decode_head' in model:
        backbone.update(width=1 / 32, fc_channels=512, init_cfg=None)
        model.decode_head.update(in_channels=(2, 4, 8, 16, 16, 16), channels=8, pixels_per_image=50)
    elif kind in ('ResNet', 'ResNetV1c') and backbone.depth == 50 and 'base_channels' not in backbone:
        backbone.update(stem_channels=8, base_channels=8)
        heads = [model[name] for name in ('head', 'decode_head', 'auxiliary_head') if model.get(name)]
        for head in (*heads, *(auxiliary.head for auxiliary in auxiliaries)):
            head.in_channels //= 8
    elif kind == 'VGG':  # mmpretrain's has no width, and 120 million parameters in its fully connected layers
        backbone.num_classes = -1
        model.neck = dict(type='GlobalAveragePooling')
        model.head.update(type='LinearClsHead', in_channels=512, num_classes=1000)
    elif kind == 'mmgb.MLP':
        backbone.width = 0.1
        above.in_channels //= 10
    elif kind == 'mmgb.CifarConvNet':
        backbone.width = 1 / 16
        above.in_channels = 8 * 64 if backbone.depth == 5 else 360
    elif kind == 'mmgb.AlexNetBN':
        backbone.width = 1 / 32
        above.in_channels = 128
    elif kind in ('mmgb.Places2VGG', 'mmgb.Places2Inception') and 'width' not in backbone:
        backbone.width = 1 / 16
        model.neck.update(in_channels=model.neck.in_channels // 16, fc_channels=(32, 32))
        model.head.in_channels = 32
        for auxiliary in auxiliaries:
            auxiliary.head.update(in_channels=auxiliary.head.in_channels // 16, fc_channels=16)


def shrunk(path):
    """Load the config at ``path`` and reduce it to two batches of two images, about a second on a CPU."""
    cfg = load_config(str(path), {}, TRAIN_FIELDS)
    narrow(cfg)
    loaders = ('train_dataloader', 'val_dataloader')
    for field in loaders:
        cfg[field].update(num_workers=0, batch_size=2)
        cfg[field].dataset.indices = 4  # two batches
        if cfg[field].dataset.type == 'ConcatDataset':
            cfg[field].dataset.pop('indices')
            for part in cfg[field].dataset.datasets:
                part.indices = 2
    side = 107 if 'inception-v3' in path.stem else SIDE
    if 'in1k' in path.stem or 'fcn' in path.stem:
        set_image_size(cfg, side, loaders)
    if 'max_iters' in cfg.train_cfg:
        cfg.train_cfg.update(max_iters=2, val_interval=2)
    else:
        cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.update(checkpoint=None, logger=dict(type='LoggerHook', interval=1))
    check_data_roots(cfg, loaders)
    set_dataloader_defaults(cfg, loaders, accelerator=False)
    return cfg
