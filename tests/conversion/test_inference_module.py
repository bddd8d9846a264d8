"""A model of either host as a plain module: its probabilities, torch.export and ONNX."""

import pytest
import torch
from helpers.shrunk_configs import CONFIGS, narrow
from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import nn

from mmgb.apis.runner import build_model
from mmgb.conversion.inference_module import InferenceModule, export, to_onnx
from mmgb.functional.errors import ConfigError

SEGMENTORS = {
    'PixelNet': 'gradient_boosting/voc12/pixelnet-vgg16_pow3-gb_1xb5-40e_voc12aug-224x224.py',
    'FCN': 'gradient_boosting/voc12/fcn_r50-d8_exp-gb_4xb4-20k_voc12aug-512x512.py',
}
CLASSIFIERS = {
    'AlexNetBN': 'gradient_boosting/imagenet/alexnet-bn_exp-gb_4xb32-10e_in1k-224x224.py',
    'model A, RelayBP': 'relay_bp/places2/model-a_relay-bp_8xb32-24e_places2-224x224.py',
    'model B, RelayBP': 'relay_bp/places2/model-b_relay-bp_8xb32-24e_places2-224x224.py',
}

PATHS = SEGMENTORS | CLASSIFIERS
MULTI_LABEL_LOSS = dict(type='mmgb.Pow3GBLoss', matched=True, target_kind='multi_label')


def build(path):
    """Return a narrow model of a config, in evaluation mode, whose scores have a standard deviation of 3."""
    torch.manual_seed(0)
    cfg = Config.fromfile(CONFIGS / path)
    narrow(cfg)
    model = build_model(cfg).eval()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
    last = model.decode_head.conv_seg if path in SEGMENTORS.values() else model.head.fc
    with torch.no_grad():
        last.weight *= 3 / model(torch.randn(2, 3, side_of(path), side_of(path))).std()
    return model


def side_of(path):
    """Return the side of the images for a config, in pixels."""
    return 64 if path in SEGMENTORS.values() else 224


def images(count, side):
    """Return noise images; the pixels are integers, as those of the hosts' pipelines."""
    return torch.randint(256, (count, 3, side, side), dtype=torch.uint8)


def host_predictions(model, batch):
    """Return the classes that the host predicts, (N) or (N, H, W), for images that its pipeline has packed."""
    if hasattr(model, 'decode_head'):
        side = batch.shape[-1]
        meta = dict(img_shape=(side, side), ori_shape=(side, side), padding_size=[0] * 4)
        samples = [SegDataSample(metainfo=meta, gt_sem_seg=PixelData(data=batch[0, :1])) for _ in batch]
        predicted = model.test_step(dict(inputs=list(batch), data_samples=samples))
        return torch.cat([sample.pred_sem_seg.data for sample in predicted])
    predicted = model.test_step(dict(inputs=list(batch), data_samples=[DataSample() for _ in batch]))
    return torch.cat([sample.pred_label for sample in predicted])


@pytest.mark.parametrize('name', ['PixelNet', 'AlexNetBN'])
def test_the_class_of_the_highest_score_is_the_one_that_the_host_predicts(name):
    model = build(PATHS[name])
    batch = images(4, side_of(PATHS[name]))
    scores, probabilities = InferenceModule(model)(batch)
    assert (scores.argmax(1) == host_predictions(model, batch)).float().mean() > 0.999  # rounding of near ties
    of_predicted = probabilities.gather(1, scores.argmax(1, keepdim=True))
    assert (of_predicted.squeeze(1) == probabilities.amax(1)).all()
    torch.testing.assert_close(probabilities.sum(1), torch.ones_like(probabilities[:, 0]))


@pytest.mark.parametrize('loss', [dict(type='CrossEntropyLoss', use_sigmoid=True), MULTI_LABEL_LOSS])
@pytest.mark.parametrize(
    'head',
    [dict(type='MultiLabelLinearClsHead'), dict(type='CSRAClsHead', num_heads=1, lam=0.1)],
    ids=lambda h: h['type'],
)
def test_each_class_of_a_multi_label_head_has_a_probability_of_its_own(head, loss):
    backbone = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8)
    neck = None if head['type'] == 'CSRAClsHead' else dict(type='GlobalAveragePooling')
    head = dict(head, num_classes=4, in_channels=64, loss=loss)
    model = dict(type='ImageClassifier', data_preprocessor=dict(type='ClsDataPreprocessor'))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(dict(model, backbone=backbone, neck=neck, head=head)).eval()
    with torch.no_grad():
        scores, probabilities = InferenceModule(model)(images(3, 32))
    loss = model.head.loss_module
    each = loss.probabilities if hasattr(loss, 'probabilities') else torch.sigmoid
    torch.testing.assert_close(probabilities, each(scores))


@pytest.mark.slow
@pytest.mark.parametrize('name', [*SEGMENTORS, *CLASSIFIERS])
def test_an_exported_model_gives_the_same_probabilities_for_batches_of_any_size(name):
    onnxruntime = pytest.importorskip('onnxruntime', reason='pip install ".[test]"')
    model, side = build(PATHS[name]), side_of(PATHS[name])
    exported = export(model, images(2, side).float())
    assert not any('auxiliar' in name for name, _ in exported.named_parameters())
    session = onnxruntime.InferenceSession(to_onnx(exported), providers=['CPUExecutionProvider'])
    for count in (1, 3):
        batch = images(count, side).float()
        with torch.no_grad():
            expected = InferenceModule(model)(batch)
        assert expected[1].std() > 1e-3  # the comparison can fail
        torch.testing.assert_close(exported.module()(batch), expected, rtol=0, atol=1e-5)
        found = session.run(['scores', 'probabilities'], {'images': batch.numpy()})
        torch.testing.assert_close(tuple(map(torch.from_numpy, found)), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize('channels', [1, None])
def test_a_model_without_a_score_for_every_class_is_refused(channels):
    model = nn.Module()
    if channels:
        model.decode_head = nn.Module()
        model.decode_head.out_channels = channels
    with pytest.raises(ConfigError, match='model=Module: expected a head with a score for every class'):
        InferenceModule(model)


RESNET = dict(type='ResNetV1c', depth=18, base_channels=8, stem_channels=8, norm_cfg=dict(type='BN'))
HEAD = dict(in_channels=64, in_index=3, channels=16, num_classes=4, norm_cfg=dict(type='BN'))


@pytest.mark.parametrize(
    'head',
    [dict(type='DAHead', pam_channels=4), dict(type='EncHead', in_channels=(32, 64), in_index=(2, 3), num_codes=4)],
)
def test_a_decode_head_of_several_outputs_predicts_by_the_one_of_the_host(head):
    torch.manual_seed(0)
    config = dict(type='EncoderDecoder', data_preprocessor=dict(type='SegDataPreProcessor'), backbone=RESNET)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(dict(config, decode_head=HEAD | head, test_cfg=ConfigDict(mode='whole'))).eval()
    batch = images(2, 64)
    with torch.no_grad():
        scores, _ = InferenceModule(model)(batch)
        assert (scores.argmax(1) == host_predictions(model, batch)).float().mean() > 0.999


def segmentor(preprocessor=None, **test_cfg):
    torch.manual_seed(0)
    config = dict(type='EncoderDecoder', backbone=RESNET, decode_head=dict(HEAD, type='FCNHead', num_convs=1))
    config['data_preprocessor'] = dict(type='SegDataPreProcessor', **(preprocessor or {}))
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(dict(config, test_cfg=ConfigDict(test_cfg or dict(mode='whole')))).eval()


@pytest.mark.parametrize('test_cfg', [dict(size_divisor=48), dict(size=(96, 120)), dict(size=(32, 96)), None], ids=str)
def test_images_are_padded_as_in_the_tests_of_mmsegmentation(test_cfg):
    preprocessor = dict(test_cfg=test_cfg, pad_val=3, mean=[100.0] * 3, std=[50.0] * 3)
    model, batch = segmentor(preprocessor), images(2, 64)
    packed = dict(inputs=list(batch), data_samples=[SegDataSample(metainfo=dict(img_shape=(64, 64))) for _ in batch])
    with torch.no_grad():
        data = model.data_preprocessor(packed, training=False)
        for sample in data['data_samples']:
            sample.set_metainfo(dict(ori_shape=(64, 64)))
        predicted = torch.cat([sample.pred_sem_seg.data for sample in model(**data, mode='predict')])
        scores, _ = InferenceModule(model)(batch)
    assert data['inputs'].shape[2:] == (64, 64) or test_cfg  # the padding changes the input of the network
    assert scores.shape[2:] == (64, 64) and (scores.argmax(1) == predicted).float().mean() > 0.999


@pytest.mark.parametrize('divisor', [1, 24])
def test_images_are_padded_as_in_the_tests_of_mmpretrain(divisor):
    torch.manual_seed(0)
    backbone = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8)
    head = dict(type='LinearClsHead', num_classes=4, in_channels=64)
    preprocessor = dict(type='ClsDataPreprocessor', pad_size_divisor=divisor, pad_value=5)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        config = dict(type='ImageClassifier', backbone=backbone, neck=dict(type='GlobalAveragePooling'), head=head)
        model = MODELS.build(dict(config, data_preprocessor=preprocessor)).eval()
    batch = images(2, 32)
    with torch.no_grad():
        _, probabilities = InferenceModule(model)(batch)
        predicted = model.test_step(dict(inputs=list(batch), data_samples=[DataSample() for _ in batch]))
    torch.testing.assert_close(probabilities, torch.stack([sample.pred_score for sample in predicted]))


def test_sliding_windows_are_refused():
    with pytest.raises(ConfigError, match="^model.test_cfg.mode='slide': expected 'whole'"):
        InferenceModule(segmentor(mode='slide', crop_size=(32, 32), stride=(16, 16)))


EXPORTED_LOSSES = [
    dict(type='mmgb.ExpGBLoss'),
    dict(type='mmgb.ExpGBLoss', matched=True),
    dict(type='mmgb.ExpGBLoss', max_delta=5),
    dict(type='mmgb.Pow3GBLoss', matched=True, label_smooth_val=0.1),
    dict(type='mmgb.Pow3GBLoss', max_delta=0.3),
    dict(type='mmgb.SquaredErrorLoss', activation='tanh'),
]


class Probabilities(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, scores):
        return self.loss.probabilities(scores)


@pytest.mark.parametrize('loss', EXPORTED_LOSSES, ids=str)
def test_the_probabilities_of_a_loss_are_exported_to_onnx(loss):
    onnxruntime = pytest.importorskip('onnxruntime', reason='pip install ".[test]"')
    scores = 3 * torch.randn(4, 5)
    module = Probabilities(MODELS.build(dict(loss)))
    program = torch.onnx.export(module, (scores,), dynamo=True, input_names=['scores'], verbose=False)
    content = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'scores': scores.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), module(scores), rtol=1e-5, atol=1e-6)


def test_a_classification_head_of_several_outputs_is_refused():
    head = dict(type='ConformerHead', num_classes=4, in_channels=[8, 8])
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        head = MODELS.build(head)
    model = nn.Module()
    model.head, model.data_preprocessor = head, nn.Module()
    model.forward = lambda inputs: head((torch.zeros(2, 8), torch.zeros(2, 8)))
    with pytest.raises(ConfigError, match='^model.head=ConformerHead: expected a head that returns one tensor'):
        InferenceModule(model)(images(2, 8))
