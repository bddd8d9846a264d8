"""Python blocks of the documents run, and do what the text around them says."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from helpers.code_blocks import BLOCKS, DOCUMENTS, ROOT
from helpers.relay_models import assert_same, batch, build, by_definition, gradients_of
from helpers.shrunk_configs import narrow
from helpers.swapped_losses import BOOSTED, host_configs, make_local, train_one_step, without_log
from mmengine.config import Config
from mmengine.registry import DATA_SAMPLERS, HOOKS, MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from PIL import Image

from mmgb.apis.runner import build_model
from mmgb.conversion.inference_module import InferenceModule, export, to_onnx
from mmgb.functional import pow3_gb_loss
from mmgb.models.losses import Pow3GBLoss

PYTHON = {(block.document, block.section, block.number): block for block in BLOCKS if block.language == 'python'}
TESTED = {key for key in PYTHON if key[0] == 'docs/swap_the_loss.md'}  # by tests/tools/test_stock_configs.py
FCN = host_configs('mmseg') / 'fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py'
PSPNET = host_configs('mmseg') / 'pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py'
SWIN = host_configs('mmpretrain') / 'swin_transformer/swin-tiny_16xb64_in1k.py'
RESNET = host_configs('mmpretrain') / 'resnet/resnet50_8xb32_in1k.py'
DIGITS = ROOT / 'configs/gradient_boosting/digits'
CIFAR10 = ROOT / 'configs/gradient_boosting/cifar10'
HOSTS = ('mmengine', 'mmcv', 'mmseg', 'mmpretrain', 'mmdet', 'torchvision', 'scipy')
SIDE = 32  # of images in pixels: too few scores for the compiled loop, which takes seconds to compile


def runs(*keys):
    """Give a test the fixture ``code``: the text of each block of ``keys``, (document, section, number)."""
    TESTED.update(keys)
    return pytest.mark.parametrize('code', keys, ids='{0[0]}: {0[1]}, {0[2]}'.format, indirect=True)


@pytest.fixture
def code(request):
    torch.manual_seed(0)
    return PYTHON[request.param].text


@pytest.fixture
def load(code, tmp_path):
    """Function that loads the block as a config that inherits ``base``, unless the block names this base itself."""

    def load_over(base):
        text = code.replace(f"'{base.name}'", f"'{base}'") if '_base_ =' in code else f"_base_ = '{base}'\n{code}"
        (tmp_path / 'config.py').write_text(text, encoding='utf-8')
        return Config.fromfile(tmp_path / 'config.py')

    return load_over


def test_every_block_is_tested():
    assert TESTED == set(PYTHON)
    assert {block.language for block in BLOCKS} == {'bash', 'inline', 'python'}
    fences = sum(len(re.findall('^ *(?:```|~~~)', path.read_text(encoding='utf-8'), re.M)) for path in DOCUMENTS)
    assert fences == 2 * sum(block.language != 'inline' for block in BLOCKS)


def assert_relayed(network, cfg):
    """Check the gradients of a config's relay, without dropout, against Relay Backpropagation by definition."""
    narrow(cfg)
    for auxiliary in cfg.model.auxiliaries:
        auxiliary.setdefault('lowest', None)
        auxiliary.head.dropout_ratio = 0.0
    model = build(network, cfg.model)
    images, samples = batch(network)
    found = gradients_of(model, images, samples)
    assert_same(found, by_definition(network, cfg.model, model, images, samples))


def build_narrow(cfg, scope):
    """Build the narrow form of a config's model, with batch norm of one process."""
    narrow(cfg)
    model = cfg.model
    make_local(model)
    if scope == 'mmseg':
        model.data_preprocessor.update(size=(SIDE, SIDE), size_divisor=None)
        model.decode_head.channels = model.auxiliary_head.channels = 8
    else:
        model.data_preprocessor = cfg.data_preprocessor
    with DefaultScope.overwrite_default_scope(scope):
        built = MODELS.build(model)
    without_log(built.init_weights)
    return built


def images_for(scope, num_classes):
    """Return a batch of two noise images with random labels, a part of them ignored in segmentation."""
    samples = [DataSample().set_gt_label(label) for label in (1, 3)]
    if scope == 'mmseg':
        labels = torch.randint(num_classes, (2, 1, SIDE, SIDE))
        labels[..., :8, :] = 255
        meta = dict(img_shape=(SIDE, SIDE), ori_shape=(SIDE, SIDE))
        samples = [SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=meta) for label in labels]
    return dict(inputs=list(torch.randint(256, (2, 3, SIDE, SIDE), dtype=torch.uint8)), data_samples=samples)


def losses_of(model):
    return [module for module in model.modules() if type(module).__name__.endswith('Loss')]


@runs(('README.md', 'Check it in 30 seconds, without data', 1))
def test_the_loss_trains_a_network_without_any_openmmlab_package(code):
    block = f'import sys\nsys.modules.update(dict.fromkeys({HOSTS}))\n'  # None: importing it raises ImportError
    done = subprocess.run([sys.executable, '-c', block + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) > 0.95


@runs(('README.md', 'Check it in 30 seconds, without data', 2))
def test_the_shipped_checkpoint_finds_the_digits_of_the_shipped_picture(code, tmp_path, monkeypatch):
    for name in ('configs', 'demo'):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    (picture,) = (tmp_path / 'work_dirs/demo/vis').iterdir()
    assert picture.name == 'digits.jpg' and Image.open(picture).size == (200, 200)
    (labels,) = (tmp_path / 'work_dirs/demo/pred').iterdir()
    pixels = np.bincount(np.asarray(Image.open(labels)).ravel(), minlength=11)
    assert pixels[0] > 20_000  # the ground
    assert all(pixels[digit + 1] > 300 for digit in (0, 3, 5, 8, 9))  # the digits that no other one covers


def test_the_shipped_checkpoint_is_small_and_fits_its_config():
    config = DIGITS / 'pixelnet-vgg16-slim_pow3-gb_1xb4-4e_digits-200x200.py'
    path = ROOT / 'demo/digits.pth'
    weights = torch.load(path, weights_only=True)['state_dict']
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(Config.fromfile(config).model)
    assert path.stat().st_size < 1_000_000
    assert {name: value.shape for name, value in weights.items()} == {
        name: value.shape for name, value in model.state_dict().items()
    }


@runs(('README.md', 'Use it in your config', 1))
def test_every_head_of_a_stock_segmentor_trains_at_its_own_learning_rate(load):
    cfg, stock = load(PSPNET), Config.fromfile(PSPNET)
    assert 'custom_imports' not in cfg
    assert {key: value for key, value in cfg.items() if key != 'model'} == {
        key: value for key, value in stock.items() if key != 'model'
    }
    model = build_narrow(cfg, 'mmseg')
    losses = [model.decode_head.loss_decode, model.auxiliary_head.loss_decode]
    assert all(isinstance(loss, Pow3GBLoss) and loss.matched for loss in losses)
    assert [loss.loss_weight for loss in losses] == [1.0, 0.4]  # the stock config's
    train_one_step(model, images_for('mmseg', model.num_classes))


@runs(('README.md', 'Use it in your config', 2))
def test_a_stock_classifier_trains_at_its_own_learning_rate(load):
    cfg, stock = load(SWIN), Config.fromfile(SWIN)
    assert 'custom_imports' not in cfg and cfg.optim_wrapper.optimizer.type == 'AdamW'
    assert {key: value for key, value in cfg.items() if key != 'model'} == {
        key: value for key, value in stock.items() if key != 'model'
    }
    assert dict(cfg.model.head, loss=None) == dict(stock.model.head, loss=None)
    loss = MODELS.build(cfg.model.head.loss)
    assert isinstance(loss, BOOSTED) and loss.matched
    assert loss.label_smooth_val == stock.model.head.loss.label_smooth_val
    scores = torch.randn(2, 1000, requires_grad=True)
    loss(scores, torch.rand(2, 1000).softmax(1)).backward()  # mixed labels
    assert scores.grad.any()


def test_the_readmes_line_of_plain_pytorch_ignores_samples():
    (line,) = re.findall(r'`(loss = [^`]*)`', (ROOT / 'README.md').read_text(encoding='utf-8'))
    scores, labels = torch.randn(2, 5, 4, 4, requires_grad=True), torch.randint(5, (2, 4, 4))
    labels[0] = 255
    names = dict(scores=scores, labels=labels, pow3_gb_loss=pow3_gb_loss)
    exec(line, names)
    names['loss'].backward()
    assert names['loss'].isfinite() and names['loss'] > 0
    assert not scores.grad[0].any() and scores.grad[1].all()


@runs(('configs/README.md', 'Add a config', 1))
def test_new_config_equals_the_committed_one(code, tmp_path):
    path = tmp_path / 'configs/gradient_boosting/cifar10/config.py'
    path.parent.mkdir(parents=True)
    (path.parents[2] / '_base_').symlink_to(ROOT / 'configs/_base_')
    for committed in CIFAR10.glob('cifar-convnet5_*.py'):
        (path.parent / committed.name).symlink_to(committed)
    path.write_text(code.replace('NETWORK', 'cifar-convnet5'), encoding='utf-8')
    expected = Config.fromfile(CIFAR10 / 'cifar-convnet5_pow3-gb_1xb128-10e_cifar10-32x32.py')
    assert Config.fromfile(path).to_dict() == expected.to_dict()


@runs(('configs/class_aware_sampling/README.md', 'How to use', 1), ('docs/class_aware_sampling.md', 'In a config', 1))
def test_sampler_of_an_epoch_based_loop(load):
    cfg = load(ROOT / 'configs/gradient_boosting/cifar10/cifar-convnet5_softmax_1xb128-10e_cifar10-32x32.py')
    assert cfg.train_cfg.by_epoch
    assert draw_labels(cfg, 1000) == {0: 10, 1: 10}


@runs(('configs/class_aware_sampling/README.md', 'How to use', 2), ('docs/class_aware_sampling.md', 'In a config', 2))
def test_sampler_of_an_iteration_based_loop(load):
    cfg = load(FCN)
    assert cfg.train_cfg.type == 'IterBasedTrainLoop'
    assert draw_labels(cfg, 1000) == {0: 500, 1: 500}


class Imbalanced:
    """A data set of the labels 0, 1, 1, …"""

    def __len__(self):
        return 20

    def get_gt_labels(self):
        return [0] + [1] * 19


def draw_labels(cfg, at_most):
    """Build a config's sampler and count its labels."""
    dataset = Imbalanced()
    sampler = DATA_SAMPLERS.build(cfg.train_dataloader.sampler, default_args=dict(dataset=dataset, seed=0))
    labels = [dataset.get_gt_labels()[index] for index in islice(sampler, at_most)]
    return {label: labels.count(label) for label in set(labels)}


@runs(('configs/relay_bp/imagenet/README.md', 'How to use', 1), ('docs/relay.md', 'In a config', 1))
def test_relay_of_a_stock_classifier(load):
    assert_relayed('resnet', load(RESNET))


@runs(('configs/relay_bp/voc12/README.md', 'How to use', 1))
def test_relay_of_an_auxiliary_head(load):
    (committed,) = (ROOT / 'configs/relay_bp/voc12').glob('*.py')
    expected = Config.fromfile(committed)
    cfg = load(ROOT / 'configs/gradient_boosting/voc12/fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py')
    assert dict(cfg.model, propagation='relay') == expected.model


@runs(('docs/heads.md', 'Heads that train with a boosted loss', 1))
def test_both_heads_train(load):
    model = build_narrow(load(FCN), 'mmseg')
    assert len(losses_of(model)) == 2 and all(isinstance(loss, BOOSTED) for loss in losses_of(model))
    train_one_step(model, images_for('mmseg', model.num_classes))


@runs(('docs/full_resolution.md', 'In a config', 1))
def test_both_heads_train_without_enlarged_scores(load):
    model = build_narrow(load(FCN), 'mmseg')
    assert [type(head).__name__ for head in (model.decode_head, model.auxiliary_head)] == ['FullResolutionLoss'] * 2
    loss, log = model.parse_losses(model.loss(torch.randn(2, 3, SIDE, SIDE), images_for('mmseg', 19)['data_samples']))
    loss.backward()
    assert {'decode.loss_pow3_gb', 'aux.loss_pow3_gb', 'decode.acc_seg'} <= set(log) and loss.isfinite()


@runs(('docs/full_resolution.md', 'In plain PyTorch', 1))
def test_losses_without_enlarged_scores_are_finite(code):
    names = dict(scores=torch.randn(2, 5, 4, 4), labels=torch.randint(5, (2, 16, 16)), F=torch.nn.functional)
    exec(code, names)
    assert names['loss'].isfinite() and names['cross_entropy'].isfinite()


@runs(('docs/losses.md', 'Matched units', 1))
def test_matched_units_keep_the_rest_of_a_stock_config(load):
    cfg, stock = load(FCN), Config.fromfile(FCN)
    assert cfg.optim_wrapper == stock.optim_wrapper and cfg.param_scheduler == stock.param_scheduler
    model = build_narrow(cfg, 'mmseg')
    loss = model.decode_head.loss_decode
    assert isinstance(loss, BOOSTED) and loss.matched
    train_one_step(model, images_for('mmseg', 19), kept=[model.auxiliary_head.loss_decode])


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    """Function that writes a config's narrow model and images into the working directory, named as in the page."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'images').mkdir()
    for index in range(3):
        noise = np.random.default_rng(index).integers(0, 256, (100, 120, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / 'images' / f'{index}.png')

    def write(path):
        cfg = Config.fromfile(ROOT / 'configs' / path)
        narrow(cfg)
        cfg.dump('CONFIG.py')
        model = build_model(cfg).eval()
        meta = dict(dataset_meta=dict(classes=tuple('abcdefghijk'), palette=[[20 * c] * 3 for c in range(11)]))
        torch.save(dict(state_dict=model.state_dict(), meta=meta), 'CHECKPOINT.pth')
        return model

    return write


@pytest.mark.slow
@runs(('docs/inference.md', 'Segment a folder of images', 1))
def test_a_folder_is_segmented(code, deployed):
    deployed('gradient_boosting/digits/pixelnet-vgg16-slim_pow3-gb_1xb4-4e_digits-200x200.py')
    names = {}
    exec(code, names)
    assert [mask.shape for mask in names['masks']] == 3 * [(100, 120)]
    for kind in ('vis', 'pred'):
        assert len([*Path('predictions', kind).iterdir()]) == 3


@pytest.mark.slow
@runs(('docs/inference.md', 'Classify a folder of images', 1))
def test_a_folder_is_classified(code, deployed):
    deployed('relay_bp/imagenette/model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py')
    names = {}
    exec(code, names)
    assert len(names['classes']) == 3 and {path.name for path in Path('predictions').iterdir()} == {
        f'{index}.png' for index in range(3)
    }


@pytest.mark.slow
@runs(('docs/inference.md', 'Export to PyTorch', 1), ('docs/inference.md', 'Export to ONNX', 1))
def test_an_exported_model_returns_the_scores_of_the_checkpoint(code, deployed):
    model = deployed('gradient_boosting/imagenet/alexnet-bn_exp-gb_4xb32-10e_in1k-224x224.py')
    names = {}
    if 'onnxruntime' in code:
        pytest.importorskip('onnxruntime', reason='pip install ".[test]"')
        Path('model.onnx').write_bytes(to_onnx(export(model, torch.zeros(2, 3, 224, 224))))
        exec(code, names)
        images, found = torch.from_numpy(names['images']), torch.from_numpy(names['scores'])
    else:
        exec(code, names)
        images = torch.rand(3, 3, 224, 224)
        found = torch.export.load('model.pt2').module()(images)[0]
    with torch.no_grad():
        torch.testing.assert_close(found, InferenceModule(model)(images)[0], rtol=1e-4, atol=1e-4)


@runs(('docs/resuming.md', 'Resuming and faults', 1))
def test_a_config_of_a_host_gets_the_hook_of_exact_resuming(load):
    (hook,) = map(HOOKS.build, load(RESNET).custom_hooks)
    assert type(hook).__name__ == 'ExactResumeHook'


@runs(('docs/resuming.md', 'Other faults', 1))
def test_the_stock_data_set_of_a_config_is_wrapped_as_it_is(load):
    for base in (RESNET, PSPNET):
        found = load(base).train_dataloader.dataset
        assert found.pop('type') == 'mmgb.FaultTolerantDataset' and found.pop('on_error') == 'skip'
        assert found == dict(dataset=Config.fromfile(base).train_dataloader.dataset)


@runs(('docs/losses.md', 'Regression', 1))
def test_regression_fits_its_line(code, capsys):
    names = {}
    exec(code, names)
    assert float(re.findall(r'[\d.]+', capsys.readouterr().out)[0]) < 0.05


@runs(('docs/relay.md', 'In plain PyTorch', 1))
def test_gate_limits_each_gradient_to_its_range(code):
    model = torchvision.models.ResNet(torchvision.models.resnet.Bottleneck, [1, 1, 4, 1], num_classes=5).double()
    head = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(1024, 5)).double()
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    features = []
    handle = model.layer3[3].register_forward_hook(lambda module, args, output: features.append(output))
    of_primary = gradients(model, model(images).logsumexp(1).sum())
    of_auxiliary = gradients(model, 0.3 * head(features[0]).logsumexp(1).sum())
    handle.remove()
    exec(code, dict(model=model, head=head, images=images, loss=lambda scores: scores.logsumexp(1).sum()))
    for name, parameter in model.named_parameters():
        below = name.startswith(('conv1', 'bn1', 'layer1', 'layer2'))
        expected = of_auxiliary[name] + (0 if below else of_primary[name])
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-7, atol=1e-10)


def gradients(model, loss):
    names, parameters = zip(*model.named_parameters())
    found = torch.autograd.grad(loss, parameters, retain_graph=True, materialize_grads=True)
    return dict(zip(names, found))
