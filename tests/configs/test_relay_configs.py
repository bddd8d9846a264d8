"""The configs of Relay Backpropagation: they stand on their own, name modules that are there, and have the paper's
settings."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import ReduceOnPlateauLR, build_optim_wrapper
from mmengine.registry import MODELS, TRANSFORMS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from PIL import Image

CONFIGS = Path(__file__).parents[2] / 'configs'
FOLDERS = [CONFIGS / 'relay_bp' / name for name in ('imagenet', 'imagenette', 'voc12')]
RELAYS = sorted(path for folder in FOLDERS for path in folder.glob('*.py'))
IMAGENET, IMAGENETTE = FOLDERS[:2]
NETWORKS = {
    'resnet50': 'ResNet',
    'inception-v3': 'InceptionV3',
    'vgg19': 'VGG',
    'fcn': 'ResNetV1c',
    'resnet50-w8': 'ResNet',
    'model-a-slim': 'mmgb.Places2VGG',
    'vgg19-slim': 'mmgb.Places2VGG',
    'vgg22-slim': 'mmgb.Places2VGG',
    'vgg25-slim': 'mmgb.Places2VGG',
}
SEGMENTATION = CONFIGS / 'relay_bp/voc12/fcn_r50-d8_relay-bp_4xb4-20k_voc12aug-512x512.py'


def read(network, method, folder=IMAGENET):
    return Config.fromfile(next(folder.glob(f'{network}_{method}_[0-9]*.py')))


def plain(cfg):
    """The config of the wrapped model, without download of weights."""
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    model.pop('pretrained', None)
    return model


@pytest.mark.parametrize('path', RELAYS, ids=lambda path: path.stem)
def test_file_name_says_the_network_the_method_the_batch_and_the_length(path):
    cfg = Config.fromfile(path)
    network, method, *_, batch, _ = path.stem.replace('fcn_r50', 'fcn-r50').split('_')
    assert plain(cfg).backbone.type == NETWORKS[network.split('-r50')[0]]
    is_relay = cfg.model.type == 'mmgb.RelayBP'
    assert method == ({'relay': 'relay-bp', 'standard': 'multi-loss'}[cfg.model.propagation] if is_relay else 'bp')
    assert cfg.train_dataloader.batch_size == int(batch.split('-')[0].split('xb')[1])
    length = batch.split('-')[1]
    assert length in (f'{cfg.train_cfg.get("max_epochs")}e', f'{cfg.train_cfg.get("max_iters", 0) // 1000}k')


@pytest.mark.parametrize('path', RELAYS, ids=lambda path: path.stem)
def test_stands_on_its_own_base_at_most_three_levels_deep_and_sets_the_seed(path):
    def depth(file):
        bases = re.findall(r"'([^']*\.py)'", file.read_text().partition('_base_ =')[2])
        return 1 + max((depth(file.parent / base) for base in bases), default=0)

    assert '::' not in path.read_text().partition('_base_ =')[2].split('\n')[0]
    assert depth(path) <= 3
    assert isinstance(Config.fromfile(path).randomness.seed, int)


@pytest.mark.parametrize(
    'path',
    [SEGMENTATION, *IMAGENET.glob('*_relay-bp_*.py'), *IMAGENETTE.glob('*_relay-bp_*.py')],
    ids=lambda path: path.stem,
)
def test_every_range_begins_inside_the_one_below_and_sources_are_single_maps_that_fit_their_heads(path):
    """By hooks, in one forward pass of the plain model."""
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(plain(cfg)).eval()
        heads = [MODELS.build(auxiliary.head).eval() for auxiliary in cfg.model.auxiliaries]
    sources = [auxiliary.source for auxiliary in cfg.model.auxiliaries]
    lowest = [auxiliary.get('lowest') for auxiliary in cfg.model.auxiliaries] + [cfg.model.primary_lowest]
    events, outputs = [], {}
    for name in {*sources, *filter(None, lowest)}:
        module = model.get_submodule(name)
        module.register_forward_pre_hook(lambda module, _, name=name: events.append(f'enters {name}'))
        module.register_forward_hook(lambda module, _, output, name=name: events.append(f'leaves {name}'))
        module.register_forward_hook(lambda module, _, output, name=name: outputs.update({name: output}))
    side = 128 if path is SEGMENTATION else int(path.stem.rpartition('x')[2])
    with torch.no_grad():
        model(torch.randn(1, 3, side, side), mode='tensor')
        for head, source in zip(heads, sources):
            assert head.forward((outputs[source],)).shape[:2] == (1, head.num_classes)
    assert len(events) == len(set(events)) == 2 * len(outputs), 'each runs once'
    assert lowest[0] is None, 'the first auxiliary reaches the bottom'
    for source, next_lowest in zip(sources, lowest[1:]):
        assert events.index(f'enters {next_lowest}') < events.index(f'leaves {source}')


def shrunk(cfg):
    """The config with five classes, and without what is large or needs a download or a GPU."""
    model = plain(cfg)
    if model.backbone.type == 'VGG':  # its fully connected layers have 120 million parameters
        model.backbone.num_classes = -1
        model.neck = dict(type='GlobalAveragePooling')
        model.head = dict(model.head, type='LinearClsHead', in_channels=512, num_classes=5)
    elif model.backbone.type == 'InceptionV3':
        model.backbone.num_classes = 5
    elif model.type == 'ImageClassifier':
        model.head.num_classes = 5
    else:
        model.data_preprocessor.size = (64, 64)
    for auxiliary in cfg.model.get('auxiliaries', []):
        auxiliary.head.num_classes = model.decode_head.num_classes if 'decode_head' in model else 5
    return cfg


@pytest.mark.parametrize('path', RELAYS, ids=lambda path: path.stem)
def test_one_step_of_training_gives_every_parameter_a_gradient(path):
    cfg = shrunk(Config.fromfile(path))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        # As the Runner does it.
        cfg.model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
        model = revert_sync_batchnorm(MODELS.build(cfg.model)).train()
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    side = 107 if 'inception' in path.stem else 64
    images = [torch.randint(256, (3, side, side), dtype=torch.uint8) for _ in range(2)]
    if cfg.default_scope == 'mmseg':
        samples = [SegDataSample(gt_sem_seg=PixelData(data=torch.randint(21, (1, side, side)))) for _ in images]
    else:
        samples = [DataSample().set_gt_label(label) for label in range(2)]
    gradients = {}
    wrapper.optimizer.register_step_pre_hook(
        lambda *_: gradients.update({name: parameter.grad.abs().max() for name, parameter in model.named_parameters()})
    )
    logged = model.train_step(dict(inputs=images, data_samples=samples), wrapper)
    auxiliaries = cfg.model.get('auxiliaries', [])
    assert all(torch.isfinite(value).all() for value in logged.values())
    assert len([name for name in logged if name.startswith('aux_') and 'loss' in name]) == len(auxiliaries)
    assert gradients and all(torch.isfinite(value) and value > 0 for value in gradients.values())


@pytest.mark.parametrize(
    'network, source, primary_lowest',
    [
        ('resnet50', 'backbone.layer3.3', 'backbone.layer3.0'),
        ('inception-v3', 'backbone.Mixed_6e', 'backbone.Mixed_6b'),
    ],
)
def test_the_overlaps_of_section_5_2(network, source, primary_lowest):
    model = read(network, 'relay-bp').model
    (auxiliary,) = model.auxiliaries
    assert (auxiliary.source, auxiliary.get('lowest'), auxiliary.loss_weight) == (source, None, 0.3)
    assert model.primary_lowest == primary_lowest


def test_the_ranges_of_figure_2_begin_and_end_at_max_pools():
    model = read('vgg19', 'relay-bp').model
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        features = MODELS.build(dict(model.model.backbone, num_classes=-1)).features
    segment_of, segment = [], 1
    for layer in features:
        segment_of.append(segment)
        segment += isinstance(layer, torch.nn.MaxPool2d)

    def index(path):
        return int(path.rpartition('.')[2])

    for auxiliary, last in zip(model.auxiliaries, (3, 4)):
        assert isinstance(features[index(auxiliary.source)], torch.nn.MaxPool2d)
        assert segment_of[index(auxiliary.source)] == last
    for lowest, first in ((model.auxiliaries[1].lowest, 3), (model.primary_lowest, 4)):
        assert segment_of[index(lowest)] == first and segment_of[index(lowest) - 1] == first - 1
    assert 'lowest' not in model.auxiliaries[0]


@pytest.mark.parametrize(
    'folder, network',
    [
        *((IMAGENET, name) for name in ('resnet50', 'inception-v3', 'vgg19')),
        *((IMAGENETTE, name) for name in ('resnet50-w8', 'model-a-slim')),
    ],
    ids=lambda value: Path(value).stem,
)
def test_methods_differ_in_the_propagation_alone_and_standard_bp_is_the_wrapped_model(folder, network):
    relay, multi_loss = read(network, 'relay-bp', folder), read(network, 'multi-loss', folder)
    multi_loss.model.propagation = 'relay'
    if network == 'model-a-slim':  # and in the rate, which was tuned for each
        multi_loss.optim_wrapper.optimizer.lr = relay.optim_wrapper.optimizer.lr
    assert multi_loss.to_dict() == relay.to_dict()
    if network != 'inception-v3':  # there standard BP is multi-loss
        bp = read(network, 'bp', folder)
        assert bp.model.to_dict() == relay.model.model.to_dict()
        bp.model = relay.model
        assert bp.to_dict() == relay.to_dict()


@pytest.mark.parametrize(
    'slim, full, folder',
    [('model-a-slim', 'model-a', CONFIGS / 'relay_bp/places2'), ('resnet50-w8', 'resnet50', IMAGENET)],
)
def test_slim_networks_have_their_relays_where_the_papers_have_them(slim, full, folder):
    ours, papers = read(slim, 'relay-bp', IMAGENETTE).model, read(full, 'relay-bp', folder).model
    assert ours.primary_lowest == papers.primary_lowest
    places = [
        [(entry.source, entry.get('lowest'), entry.loss_weight) for entry in model.auxiliaries]
        for model in (ours, papers)
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize('network', ['resnet50', 'inception-v3', 'vgg19'])
def test_papers_settings(network):
    cfg = read(network, 'relay-bp')
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


def test_rate_falls_tenfold_when_the_accuracy_stands_still():
    cfg = read('resnet50', 'relay-bp')
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


@pytest.mark.parametrize('path', [*IMAGENET.glob('*_relay-bp_*.py')], ids=lambda path: path.stem)
def test_pipelines_run_and_the_colour_shift_wraps_no_pixel_around(path, tmp_path):
    cfg = Config.fromfile(path)
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

    shifts = [run(train) for _ in range(20)]
    assert {tuple(image.shape) for image in shifts} == {(3, crop, crop)}
    colours = torch.stack([image.float().mean((1, 2)) for image in shifts])
    assert (colours - 255).abs().max() < 60 and colours.max() > 255 and colours.std(0).min() > 1
    assert run(test).shape == (3, crop, crop)
    sides = [image.shape[1:] for image in run(tta)]
    expected = [resize.scale for resize in cfg.tta_pipeline[1].transforms[0]]
    if 'vgg19' in path.stem:
        assert sides == [(crop, crop)] * 5
    else:
        assert [min(side) for side in sides] == expected
        assert all(side[1] == pytest.approx(side[0] * 1.25, abs=1) for side in sides)
