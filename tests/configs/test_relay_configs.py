"""Configs of Relay Backpropagation: names, ranges of the losses, and what differs between the methods."""

import re

import pytest
import torch
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

IMAGENET, IMAGENETTE, CIFAR10, PLACES2, VOC12 = FOLDERS = [
    CONFIGS / 'relay_bp' / name for name in ('imagenet', 'imagenette', 'cifar10', 'places2', 'voc12')
]
ALL = sorted(path for folder in FOLDERS for path in folder.glob('*.py'))
SMALL_ENOUGH = [path for path in ALL if path.parent != PLACES2]  # to be built at full width
RELAYS = [path for path in SMALL_ENOUGH if '_relay-bp_' in path.name]
BACKBONES = {
    'resnet50': 'ResNet',
    'resnet50-w8': 'ResNet',
    'inception-v3': 'InceptionV3',
    'fcn-r50-d8': 'ResNetV1c',
    'model-a': 'mmgb.Places2VGG',
    'model-a-512': 'mmgb.Places2VGG',
    'model-a-slim': 'mmgb.Places2VGG',
    'model-b': 'mmgb.Places2Inception',
    **{f'plain8-slim{variant}': 'mmgb.PlainConvNet' for variant in ('', '-augmented', '-lower-rate')},
    'plain16-slim': 'mmgb.PlainConvNet',
    **{f'vgg{depth}-slim': 'mmgb.Places2VGG' for depth in (19, 22, 25)},
}


def name_of(path):
    return path.stem


def read(network, method, folder=IMAGENET, suffix=''):
    found = folder.glob(f'{network}_{method}_[0-9]*{suffix}.py')
    return Config.fromfile(min(found, key=lambda path: len(path.name)))  # variants have longer names


def plain(cfg):
    """The config of the wrapped model, without pretrained weights to download."""
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    model.pop('pretrained', None)
    return model


@pytest.mark.parametrize('path', ALL, ids=name_of)
def test_file_name_gives_network_method_batch_size_and_length(path):
    cfg = Config.fromfile(path)
    stem = path.stem.replace('fcn_r50', 'fcn-r50')
    network, method = stem.split('_')[:2]
    batch = next(part for part in stem.split('_') if 'xb' in part)
    in_places2 = path.parent == PLACES2 and network.startswith('vgg')
    expected = 'mmgb.Places2VGG' if in_places2 else BACKBONES.get(network, 'VGG')
    assert plain(cfg).backbone.type == expected
    is_relay = cfg.model.type == 'mmgb.RelayBP'
    found = {'relay': 'relay-bp', 'standard': 'multi-loss'}[cfg.model.propagation] if is_relay else 'bp'
    assert method.replace('-class-aware', '') == found
    assert cfg.train_dataloader.batch_size == int(batch.split('-')[0].split('xb')[1])
    length = batch.split('-')[1]
    assert length in (f'{cfg.train_cfg.get("max_epochs")}e', f'{cfg.train_cfg.get("max_iters", 0) // 1000}k')


@pytest.mark.parametrize(
    'folder, network, has_plain, suffix',
    [
        (IMAGENET, 'resnet50', True, ''),
        (IMAGENET, 'resnet50', True, 'places2-settings'),
        (IMAGENET, 'inception-v3', False, ''),  # its standard BP is multi-loss
        (IMAGENET, 'inception-v3', False, 'places2-settings'),
        (IMAGENET, 'vgg19', True, ''),
        (IMAGENETTE, 'resnet50-w8', True, ''),
        (IMAGENETTE, 'model-a-slim', True, ''),
        *[(CIFAR10, network, True, '') for network in ('plain8-slim', 'plain16-slim')],
        *[(CIFAR10, network, False, '') for network in ('plain8-slim-lower-rate', 'plain8-slim-augmented')],
        (PLACES2, 'model-a', True, ''),
        (PLACES2, 'model-b', True, ''),
    ],
)
def test_methods_differ_only_in_the_propagation_and_standard_bp_trains_the_wrapped_model(
    folder, network, has_plain, suffix
):
    relay, multi_loss = (read(network, method, folder, suffix) for method in ('relay-bp', 'multi-loss'))
    multi_loss.model.propagation = 'relay'
    others = [multi_loss]
    if has_plain:
        bp = read(network, 'bp', folder, suffix)
        assert bp.model.to_dict() == relay.model.model.to_dict()
        bp.model = relay.model
        others.append(bp)
    for other in others:
        if 'slim' in network:  # the learning rate was tuned for each
            other.optim_wrapper.optimizer.lr = relay.optim_wrapper.optimizer.lr
        assert other.to_dict() == relay.to_dict()


@pytest.mark.parametrize('network', ['model-a', 'model-b'])
def test_only_the_sampler_differs_under_class_aware_sampling(network):
    relay, class_aware = (read(network, method, PLACES2) for method in ('relay-bp', 'relay-bp-class-aware'))
    assert class_aware.train_dataloader.pop('sampler') == dict(type='mmgb.ClassAwareSampler')
    relay.train_dataloader.pop('sampler')
    assert class_aware.to_dict() == relay.to_dict()


def test_models_of_the_ensemble_are_five_and_differ_in_network_or_input_scale():
    found = [path for path in PLACES2.glob('*_relay-bp-class-aware_*.py') if 'own-place-mean' not in path.stem]
    configs = [Config.fromfile(path) for path in found]
    assert len({(str(cfg.model), cfg.train_pipeline[1].scale) for cfg in configs}) == len(found) == 5
    (first, *others) = configs
    for cfg in others:  # so that the scores of one image can be averaged
        assert cfg.val_dataloader.dataset.ann_file == first.val_dataloader.dataset.ann_file
        assert cfg.test_dataloader.sampler == first.test_dataloader.sampler
        assert cfg.model.model.head.num_classes == first.model.model.head.num_classes


@pytest.mark.parametrize(
    'data, differing',
    [
        ('side320', {'subtract_mean', 'resize', 'tta_pipeline'}),
        ('own-place-mean', {'subtract_mean', 'tta_pipeline'}),
    ],
)
def test_only_the_images_differ_from_the_config_of_the_same_model(data, differing):
    pipelines = {'train_pipeline', 'test_pipeline', 'train_dataloader', 'val_dataloader', 'test_dataloader'}
    for path in PLACES2.glob(f'*-{data}-224x224.py'):
        cfg, plain_cfg = Config.fromfile(path), Config.fromfile(str(path).replace(f'-{data}', ''))
        found = {key for key in cfg.keys() | plain_cfg.keys() if cfg.get(key) != plain_cfg.get(key)}
        assert found == differing | pipelines
        for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            pipeline = cfg['train_pipeline' if 'train' in name else 'test_pipeline']
            assert cfg[name].dataset.pipeline == pipeline
            cfg[name].dataset.pop('pipeline'), plain_cfg[name].dataset.pop('pipeline')
            assert cfg[name] == plain_cfg[name]


@pytest.mark.parametrize(
    'slim, full, folder', [('model-a-slim', 'model-a', PLACES2), ('resnet50-w8', 'resnet50', IMAGENET)]
)
def test_slim_networks_have_the_ranges_of_the_full_ones(slim, full, folder):
    ours, papers = read(slim, 'relay-bp', IMAGENETTE).model, read(full, 'relay-bp', folder).model
    assert ours.primary_lowest == papers.primary_lowest
    places = [
        [(entry.source, entry.get('lowest'), entry.loss_weight) for entry in model.auxiliaries]
        for model in (ours, papers)
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize(
    'network, source, primary_lowest',
    [
        ('resnet50', 'backbone.layer3.3', 'backbone.layer3.0'),
        ('inception-v3', 'backbone.Mixed_6e', 'backbone.Mixed_6b'),
    ],
)
def test_losses_meet_in_the_modules_of_section_5_2(network, source, primary_lowest):
    model = read(network, 'relay-bp').model
    (auxiliary,) = model.auxiliaries
    assert (auxiliary.source, auxiliary.get('lowest'), auxiliary.loss_weight) == (source, None, 0.3)
    assert model.primary_lowest == primary_lowest


def test_ranges_of_figure_2_begin_and_end_at_max_pools():
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


@pytest.mark.parametrize('path', RELAYS, ids=name_of)
def test_ranges_overlap_and_every_source_is_one_map_that_fits_its_head(path):
    """Hooks record the order of the modules in one forward pass of the plain model."""
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
    side = 128 if path.parent == VOC12 else int(re.findall(r'x(\d+)', path.stem)[-1])
    with torch.no_grad():
        model(torch.randn(1, 3, side, side), mode='tensor')
        for head, source in zip(heads, sources):
            assert head.forward((outputs[source],)).shape[:2] == (1, head.num_classes)
    assert len(events) == len(set(events)) == 2 * len(outputs), 'each module runs once'
    assert lowest[0] is None, 'the range of the first auxiliary loss ends at the input'
    for source, next_lowest in zip(sources, lowest[1:]):
        assert events.index(f'enters {next_lowest}') < events.index(f'leaves {source}')


def with_five_classes(cfg):
    """The config with five classes, without layers that are large or need a download."""
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


@pytest.mark.slow
@pytest.mark.parametrize('path', SMALL_ENOUGH, ids=name_of)
def test_one_training_step_gives_every_parameter_a_finite_gradient(path):
    cfg = with_five_classes(Config.fromfile(path))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        cfg.model.setdefault('data_preprocessor', cfg.get('data_preprocessor'))  # as mmengine's Runner does
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
