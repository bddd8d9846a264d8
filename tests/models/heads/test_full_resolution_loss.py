"""FullResolutionLoss around mmseg's decode heads: their losses, accuracies, keys and predictions."""

import copy
import pickle
from pathlib import Path

import pytest
import torch
from helpers.relay_models import FCN, build, fcn_auxiliary, relay_config
from helpers.tiny_runs import SEGMENTATION, run, succeeded
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.structures import SegDataSample

from mmgb.functional.errors import ConfigError

BN = dict(type='BN')
POW3 = dict(type='mmgb.Pow3GBLoss')
COMMON = dict(in_channels=8, channels=8, in_index=0, num_classes=4, norm_cfg=BN, dropout_ratio=0.0)
HEADS = dict(
    FCNHead=dict(COMMON, num_convs=1),
    ASPPHead=dict(COMMON, dilations=(1, 2)),
    DAHead=dict(COMMON, pam_channels=4),
    EncHead=dict(
        COMMON, in_channels=[8, 8], in_index=(0, 1), num_codes=4, add_lateral=False,
        loss_se_decode=dict(type='CrossEntropyLoss', use_sigmoid=True),
    ),
    OCRHead=dict(COMMON, ocr_channels=4),
    SegformerHead={**COMMON, 'in_channels': [8, 8], 'in_index': (0, 1)},
)  # fmt: skip


@pytest.fixture(autouse=True)
def host_scope():
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def pair(name, **settings):
    """Build a head and the same head with the loss at full resolution, in float64, with equal weights."""
    config = dict(HEADS[name], **settings)
    plain = MODELS.build(dict(config, type=name)).double()
    wrapped = MODELS.build(dict(config, type='mmgb.FullResolutionLoss', head=name)).double()
    wrapped.load_state_dict(plain.state_dict())
    return plain, wrapped


def samples(size=(40, 48), classes=4):
    """Return two samples with ignored regions of different sizes."""
    found = []
    for rows in (5, 20):
        labels = torch.randint(classes, (1, *size))
        labels[:, :rows, 7:] = 255
        found.append(SegDataSample(gt_sem_seg=PixelData(data=labels), metainfo=dict(img_shape=size)))
    return found


def step(head, features, data_samples, extra=()):
    """Return the losses, and the gradients of the features and the parameters."""
    features = [feature.detach().requires_grad_() for feature in features]
    losses = head.loss(features, *extra, data_samples, None)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    gradients = [parameter.grad for parameter in head.parameters()]
    head.zero_grad()
    return losses, [feature.grad for feature in features], gradients


@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize('loss', [POW3, dict(type='CrossEntropyLoss')], ids=['pow3', 'cross-entropy'])
def test_losses_accuracies_and_gradients_are_those_of_the_plain_head(name, loss):
    plain, wrapped = pair(name, loss_decode=loss, align_corners=name == 'ASPPHead')
    features = [torch.randn(2, 8, 5, 6, dtype=torch.float64), torch.randn(2, 8, 3, 3, dtype=torch.float64)]
    extra = [torch.randn(2, 4, 5, 6, dtype=torch.float64)] if name == 'OCRHead' else []
    data_samples = samples()
    expected, found = (step(head, features, data_samples, extra) for head in (plain, wrapped))
    assert list(found[0]) == list(expected[0])
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def test_keys_types_and_predictions_are_those_of_the_plain_head():
    plain, wrapped = pair('FCNHead', loss_decode=POW3)
    assert isinstance(wrapped, type(plain)) and isinstance(wrapped, BaseDecodeHead)
    assert list(wrapped.state_dict()) == list(plain.state_dict())
    features = [torch.randn(1, 8, 5, 6, dtype=torch.float64)]
    metas = [dict(img_shape=(40, 48))]
    predictions = [head.eval().predict(features, metas, None) for head in (plain, wrapped)]
    assert torch.equal(*predictions) and predictions[0].shape == (1, 4, 40, 48)


def test_the_head_may_be_given_as_a_config_and_losses_as_a_list():
    losses = [POW3, dict(type='CrossEntropyLoss', loss_name='loss_ce'), dict(type='CrossEntropyLoss')]
    config = dict(HEADS['FCNHead'], type='FCNHead', loss_decode=losses)
    plain, wrapped = (MODELS.build(c).double() for c in (config, dict(type='mmgb.FullResolutionLoss', head=config)))
    wrapped.load_state_dict(plain.state_dict())
    features, data_samples = [torch.randn(2, 8, 5, 6, dtype=torch.float64)], samples()
    expected, found = (step(head, features, data_samples) for head in (plain, wrapped))
    assert list(found[0]) == ['loss_pow3_gb', 'loss_ce', 'acc_seg']
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


DRAWN_LOSSES = [
    dict(loss, class_weight=class_weight)
    for class_weight in (None, [1.0, 1e3, 0.0, 3.0])
    for loss in (
        POW3,
        dict(POW3, avg_non_ignore=False),
        dict(POW3, reduction='sum'),
        dict(POW3, loss_weight=0.4, matched=True),
        dict(type='mmgb.SquentropyLoss'),
        dict(type='CrossEntropyLoss', loss_weight=0.4),
        dict(type='CrossEntropyLoss', reduction='sum'),
    )
]


# With class weights and ignored pixels, mmseg's cross-entropy with avg_non_ignore raises an IndexError.
@pytest.mark.parametrize('loss', [*DRAWN_LOSSES, dict(type='CrossEntropyLoss', avg_non_ignore=True)], ids=str)
def test_drawing_every_valid_pixel_equally_often_gives_the_loss_of_all_pixels(loss):
    """Images with 8, 16 and no valid pixels: each draw of 16 has every valid pixel of its image equally often."""
    plain, drawn = pair('FCNHead', loss_decode=loss)
    plain.loss_decode.double(), drawn.loss_decode.double()
    drawn.pixels_per_image = 16
    scores = torch.randn(3, 4, 2, 3, dtype=torch.float64, requires_grad=True)
    data_samples = []
    for valid, classes in ((8, [0, 3]), (16, [1, 2]), (0, [])):  # class weights differ between the images
        labels = torch.full((48,), 255)
        labels[torch.randperm(48)[:valid]] = torch.tensor(classes, dtype=torch.long).repeat(valid)[:valid]
        data_samples.append(SegDataSample(gt_sem_seg=PixelData(data=labels.view(1, 6, 8))))
    found, expected = (head.loss_by_feat(scores, data_samples)[head.loss_decode.loss_name] for head in (drawn, plain))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    gradients = (torch.autograd.grad(loss, scores)[0] for loss in (found, expected))
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-7)


def test_without_an_ignored_label_every_pixel_can_be_drawn():
    plain, drawn = pair('FCNHead', loss_decode=POW3, ignore_index=None)
    drawn.pixels_per_image = 48
    scores = torch.randn(1, 4, 2, 3, dtype=torch.float64)
    data_samples = [SegDataSample(gt_sem_seg=PixelData(data=torch.randint(4, (1, 6, 8))))]
    found, expected = (head.loss_by_feat(scores, data_samples) for head in (drawn, plain))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_drawn_pixels_are_new_ones_in_each_step():
    _, wrapped = pair('FCNHead')
    wrapped.pixels_per_image = 5
    scores, data_samples = torch.randn(2, 4, 5, 6, dtype=torch.float64), samples()
    losses = {wrapped.loss_by_feat(scores, data_samples)['loss_ce'].item() for _ in range(5)}
    assert len(losses) == 5


@pytest.mark.parametrize(
    'config, message',
    [
        (dict(head='FCNHea'), "^head.type='FCNHea': expected the name of a registered head"),
        (dict(head=3), '^head.type=3: expected|^head=3: expected the config of a head'),
        (dict(head=dict(num_classes=4)), '^head=.*: expected the config of a head, a dict with its type'),
        (dict(head='mmpretrain.ClsHead'), "^head.type='ClsHead': expected a decode head of mmseg with a loss_decode"),
        (dict(head='mmgb.FullResolutionLoss'), "^head.type='FullResolutionLoss': expected a decode head"),
        (dict(head='DDRHead'), "^head.type='DDRHead': .*DDRHead.loss_by_feat enlarges or selects scores itself"),
        (dict(head='PIDHead'), "^head.type='PIDHead': expected a head whose loss is that of BaseDecodeHead"),
        (dict(head='IterativeDecodeHead'), "^head.type='IterativeDecodeHead': expected a head whose loss"),
        (dict(head='PointHead'), "^head.type='PointHead': expected a head whose loss"),
        (dict(head='mmgb.PixelNetHead'), "^head.type='PixelNetHead': .*PixelNetHead.loss enlarges or selects scores"),
        (dict(head=dict(type='mmgb.PixelNetHead')), "^head.type='PixelNetHead': expected a head whose loss"),
        (dict(head='VPDDepthHead'), "^head.type='VPDDepthHead': expected a head whose loss"),
        (dict(HEADS['FCNHead'], head='FCNHead', loss_decode=dict(type='DiceLoss')), "^loss_decode.type='DiceLoss'"),
        (
            dict(HEADS['FCNHead'], head='FCNHead', sampler=dict(type='OHEMPixelSampler', thresh=0.7)),
            '^sampler=OHEMPixelSampler: expected None inside FullResolutionLoss',
        ),
        (
            dict(HEADS['FCNHead'], head='FCNHead', pixels_per_image=0),
            '^pixels_per_image=0: expected a number of pixels',
        ),
        (dict(HEADS['FCNHead'], head='FCNHead', pixels_per_image=True), '^pixels_per_image=True: expected a number'),
        (dict(HEADS['FCNHead'], head='FCNHead', pixels_per_image=2.5), '^pixels_per_image=2.5: expected a number'),
    ],
)
def test_what_does_not_fit_is_refused_by_name(config, message):
    with pytest.raises(ConfigError, match=message) as rejection:
        MODELS.build(dict(config, type='mmgb.FullResolutionLoss'))
    assert '\n' not in str(rejection.value)


def test_labels_smaller_than_the_scores_are_refused():
    _, wrapped = pair('FCNHead', loss_decode=POW3)
    with pytest.raises(ConfigError, match='^scores of 5 x 6 for an image of 4 x 4 pixels'):
        wrapped.loss_by_feat(torch.randn(2, 4, 5, 6), samples((4, 4)))


@pytest.mark.parametrize('copied', [copy.deepcopy, lambda head: pickle.loads(pickle.dumps(head))])
def test_copies_and_pickles_compute_the_same_loss(copied):
    _, wrapped = pair('FCNHead', loss_decode=POW3)
    scores, data_samples = torch.randn(2, 4, 5, 6), samples()
    assert copied(wrapped).loss_by_feat(scores, data_samples) == wrapped.loss_by_feat(scores, data_samples)


def segmentor(wrapped, loss=POW3, norm="type='BN'"):
    """Build the tiny segmentor of the command-line tests, whose head is at half the resolution."""
    model = Config.fromstring(SEGMENTATION.replace("type='SyncBN'", norm), '.py').model
    model.decode_head.update(loss_decode=loss, dropout_ratio=0.0)
    model.decode_head.in_index, model.decode_head.in_channels = 0, 8
    if wrapped:
        model.decode_head.update(type='mmgb.FullResolutionLoss', head=model.decode_head.type)
    torch.manual_seed(0)
    return MODELS.build(model)


def tiny_batch():
    inputs = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    return dict(inputs=list(inputs), data_samples=samples((32, 32), 3))


def train(model, batches, run=None, **autocast):
    """Accumulate the gradients of some batches and return the logged losses and the gradients."""
    model.train()
    losses = []
    for batch in batches:
        data = model.data_preprocessor(copy.deepcopy(batch), True)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bool(autocast)):
            loss, log = model.parse_losses((model if run is None else run)(**data, mode='loss'))
        loss.backward()
        losses.append({name: value.item() for name, value in log.items()})
    return losses, [parameter.grad for parameter in model.parameters()]


def test_accumulation_over_two_batches_equals_the_plain_model():
    batches = [tiny_batch(), tiny_batch()]
    expected, found = (train(segmentor(wrapped), batches) for wrapped in (False, True))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_under_autocast_the_loss_equals_the_plain_model_up_to_rounding_of_bfloat16():
    """The plain head enlarges bfloat16 scores in bfloat16."""
    batches = [tiny_batch()]
    expected, found = (train(segmentor(wrapped), batches, autocast=True) for wrapped in (False, True))
    assert found[0][0]['loss'] == pytest.approx(expected[0][0]['loss'], rel=0.01)
    torch.testing.assert_close(found[1][-2], expected[1][-2], rtol=0.05, atol=1e-3)


def test_a_compiled_model_computes_the_same_loss():
    batches = [tiny_batch()]
    compiled = segmentor(True)
    found = train(compiled, batches, run=torch.compile(compiled, backend='eager'))
    torch.testing.assert_close(found, train(segmentor(True), batches), rtol=1e-5, atol=1e-7)


def two_images():
    """Return two images, and a segmentor whose loss is the mean of theirs: no batch norm, and ignored pixels count."""
    model = segmentor(True, dict(POW3, avg_non_ignore=False), "type='GN', num_groups=2")
    batch = tiny_batch()
    return model, [{name: [value] for name, value in zip(batch, image)} for image in zip(*batch.values())]


def train_rank(rank, folder):
    """Save the gradients of one of two processes that train on one of two images each."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model, images = two_images()
    parallel = torch.nn.parallel.DistributedDataParallel(model, find_unused_parameters=True)  # the decoder
    torch.save(train(model, [images[rank]], run=parallel)[1], f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_give_the_gradients_of_one_process_on_both_images(tmp_path):
    worker = (
        'import multiprocessing, sys; from mmgb import compat; compat.apply()\n'  # before a host is imported
        'from test_full_resolution_loss import train_rank\n'
        "fork = multiprocessing.get_context('fork')\n"  # one import for both
        'ranks = [fork.Process(target=train_rank, args=(rank, sys.argv[1])) for rank in range(2)]\n'
        'for rank in ranks: rank.start()\n'
        'for rank in ranks: rank.join()\n'
        'sys.exit(any(rank.exitcode for rank in ranks))\n'
    )
    here = Path(__file__).parent
    succeeded(run(tmp_path, '-c', worker, tmp_path, path=[here.parents[1], here]))
    model, images = two_images()
    both = {name: [image[name][0] for image in images] for name in images[0]}
    expected = train(model, [both])[1]
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f'{rank}.pth'), expected, rtol=1e-5, atol=1e-7)


def test_test_time_augmentation_finds_the_loss_of_the_head():
    model = Config.fromstring(SEGMENTATION.replace('SyncBN', 'BN'), '.py').model
    model.decode_head.update(type='mmgb.FullResolutionLoss', head='FCNHead', loss_decode=POW3)
    tta = MODELS.build(dict(type='mmgb.BoostedSegTTAModel', module=model))
    views = [SegDataSample(metainfo=dict(img_path='x'), seg_logits=PixelData(data=torch.randn(3, 4, 4))) for _ in '12']
    assert tta.merge_preds([views])[0].pred_sem_seg.data.shape == (1, 4, 4)


@pytest.mark.slow
def test_relay_backpropagation_gives_the_gradients_of_the_plain_heads():
    def gradients(wrapped):
        config = relay_config(copy.deepcopy(FCN), [fcn_auxiliary('backbone.layer3.3', 'backbone.layer2.0', 1024)])
        heads = [config['auxiliaries'][0]['head'], config['model']['decode_head']]
        for head in heads:
            head['loss_decode'] = POW3
            if wrapped:
                head.update(type='mmgb.FullResolutionLoss', head=head['type'])
        model = build('fcn', config)
        data = model.data_preprocessor(dict(inputs=images, data_samples=copy.deepcopy(data_samples)), True)
        losses = model.loss(data['inputs'].double(), data['data_samples'])
        model.parse_losses(losses)[0].backward()
        return [parameter.grad for parameter in model.parameters()]

    images = list(torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8))
    data_samples = samples((64, 64), 5)
    torch.testing.assert_close(gradients(True), gradients(False), rtol=1e-5, atol=1e-9)
