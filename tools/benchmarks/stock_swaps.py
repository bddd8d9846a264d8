"""Swap the loss of stock configs with nothing else changed, train some steps, and look for spikes.

    python tools/benchmarks/stock_swaps.py [--only segformer swin] [--steps 20] [--images 4] [--scale-lr] [--out FILE]

Each config of CONFIGS is changed by mmgb.suggest and trained on small images of noise with a colour for each class. The
optimizer, its settings of parameters and its clipping are the config's. The learning rate is the config's from the
first step on, without its warm-up; with --scale-lr it is multiplied by the batch size over the config's. Networks have
their full width and random weights.

A loss spikes if it exceeds twice that of the first step, or is not finite. The results are printed as a table and
written as JSON after each run; the same command continues an interrupted one.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import mmpretrain  # noqa: E402
import mmseg  # noqa: E402
import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.optim import build_optim_wrapper  # noqa: E402
from mmengine.registry import MODELS, DefaultScope  # noqa: E402

from mmgb.analysis.benchmark_tables import stock_swaps_table  # noqa: E402
from mmgb.recipes.check import rounded  # noqa: E402
from mmgb.recipes.name import parse_name  # noqa: E402
from mmgb.suggest.losses import LOSS_TYPES  # noqa: E402
from mmgb.suggest.suggestion import suggest_loss  # noqa: E402
from mmgb.suggest.trial_batch import trial_batch  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402

SEGMENTORS = {  # config of mmsegmentation: side of the images in pixels
    'pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py': 64,
    'fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py': 64,
    'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py': 128,
    'swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py': 128,
    'pspnet/pspnet_r50-d32_rsb_4xb2-adamw-80k_cityscapes-512x1024.py': 64,
    'fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py': 128,
    'pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes.py': 128,
    'segnext/segnext_mscan-t_1xb16-adamw-160k_ade20k-512x512.py': 128,
    'ocrnet/ocrnet_hr18s_4xb2-40k_cityscapes-512x1024.py': 128,
    'bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py': 128,
    'ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024.py': 128,
    'deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py': 64,
}
CLASSIFIERS = {  # config of mmpretrain: side of the images in pixels
    'resnet/resnet18_8xb32_in1k.py': 64,
    'resnet/resnet50_8xb32-lbs_in1k.py': 64,
    'resnet/resnet18_8xb16_cifar10.py': 32,
    'deit/deit-tiny_4xb256_in1k.py': 224,
    'swin_transformer/swin-tiny_16xb64_in1k.py': 224,
    'convnext/convnext-tiny_32xb128_in1k.py': 64,
    'mobilenet_v3/mobilenet-v3-small_8xb128_in1k.py': 64,
    'vgg/vgg16_8xb16_voc.py': 224,
    'csra/resnet101-csra_1xb16_voc07-448px.py': 64,
    'poolformer/poolformer-s12_32xb128_in1k.py': 64,
    'resnet/resnet50_8xb256-rsb-a3-100e_in1k.py': 64,
    'mobilevit/mobilevit-xxsmall_8xb128_in1k.py': 64,
}
CONFIGS = {f'mmseg/{file}': side for file, side in SEGMENTORS.items()} | {
    f'mmpretrain/{file}': side for file, side in CLASSIFIERS.items()
}
METHODS = ('softmax', *LOSS_TYPES)


def load(name: str, method: str, side: int, images: int | None = None) -> Config:
    """Return a stock config with the loss of a method, for images of this side on a CPU and without a download.

    With ``images`` the learning rate is scaled from the config's batch of all processes to batches of that many.
    """
    host, file = name.split('/', 1)
    folder = Path({'mmseg': mmseg, 'mmpretrain': mmpretrain}[host].__file__).parent
    cfg = Config.fromfile(folder / '.mim/configs' / file, import_custom_modules=False)
    if method != 'softmax':
        cfg.merge_from_dict(suggest_loss(cfg, method).overrides)
    make_local(cfg.model)
    if host == 'mmseg':
        cfg.model.data_preprocessor.update(size=(side, side), size_divisor=None)
    else:
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    cfg.optim_wrapper.type = 'OptimWrapper'  # the mixed precision of GPUs
    cfg.optim_wrapper.pop('loss_scale', None)
    if images is not None:
        cfg.optim_wrapper.optimizer.lr *= images / (parse_name(file).processes * cfg.train_dataloader.batch_size)
    return cfg


def make_local(node: object) -> None:
    """Replace SyncBN by BN and remove pretrained weights, in place."""
    if isinstance(node, dict):
        if node.get('type') == 'SyncBN':
            node['type'] = 'BN'
        if isinstance(node.get('pretrained'), str):
            node['pretrained'] = None
        if isinstance(node.get('init_cfg'), dict) and node['init_cfg'].get('type') == 'Pretrained':
            node['init_cfg'] = None
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        make_local(child)


def has_several_labels(model: torch.nn.Module) -> bool:
    """Return True for a classifier of several labels per image."""
    head = type(getattr(model, 'head', None)).__name__
    return 'MultiLabel' in head or 'CSRA' in head


def train(name: str, method: str, side: int, steps: int, images: int, scale: bool = False) -> list[float]:
    """Return the loss of each step with batches of ``images``, up to the first that is not finite."""
    cfg, host = load(name, method, side, images if scale else None), name.split('/', 1)[0]
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(host):
        model = MODELS.build(copy.deepcopy(cfg.model))
        model.init_weights()
        optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    model.train()
    generator, losses = torch.Generator().manual_seed(1), []
    for _ in range(steps):
        batch = trial_batch(host, side, images, generator, has_several_labels(model))
        log = model.train_step(batch, optimizer)
        losses.append(float(log['loss']))
        if not math.isfinite(losses[-1]):
            break
    return losses


def optimizer_of(name: str, side: int, images: int | None = None) -> str:
    """Return the optimizer of a stock config and its learning rate, such as ``'AdamW, 6e-05'``."""
    optimizer = load(name, 'softmax', side, images).optim_wrapper.optimizer
    return f'{optimizer.type}, {optimizer.lr:.3g}'


def run(*settings: object) -> list[float | str] | str:
    """Return the losses of :func:`train` for JSON, or the error that ended it."""
    try:
        return [rounded(loss) for loss in train(*settings)]
    except Exception as error:  # a host that lacks an operator, for example; it is a result of this table
        return f'{type(error).__name__}: {str(error)[:100]}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('docs/results/stock_swaps.json'),
        help='JSON file to write or to continue (default: %(default)s)',
    )
    parser.add_argument('--only', nargs='+', default=[''], help='parts of the names of configs (default: all)')
    parser.add_argument('--steps', type=int, default=20, help='training steps (default: %(default)s)')
    parser.add_argument('--images', type=int, default=4, help='images of a batch (default: %(default)s)')
    parser.add_argument('--scale-lr', action='store_true', help='scale the learning rate with the batch size')
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # one line for each initialised parameter
    content = dict(environment=environment(), results=[])
    if args.out.exists():
        content = json.loads(args.out.read_text(encoding='utf-8'))
    for name, side in CONFIGS.items():
        if not any(part in name for part in args.only):
            continue
        settings = dict(config=name, images=args.images, steps=args.steps, scaled=args.scale_lr)
        case = next((each for each in content['results'] if settings.items() <= each.items()), None)
        if case is None:
            optimizer = optimizer_of(name, side, args.images if args.scale_lr else None)
            case = dict(settings, side=side, optimizer=optimizer, losses={})
            content['results'].append(case)
        for method in METHODS:
            if method not in case['losses']:
                found = case['losses'][method] = run(name, method, side, args.steps, args.images, args.scale_lr)
                print(f'{name}, {method}: {found if isinstance(found, str) else found[-1]}', flush=True)
                with atomic_write(args.out) as file:
                    file.write(json.dumps(content, indent=1) + '\n')
    print(stock_swaps_table(content), end='')


if __name__ == '__main__':
    main()
