"""PixelNetHead in mmsegmentation: sampled training, dense prediction, and the host's own tools."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.datasets import PascalVOCDataset
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer
from PIL import Image

from mmgb.models.backbones import PixelNetVGG
from mmgb.models.heads.pixelnet_head import PixelNetHead

CONFIGS = Path(__file__).parents[3] / 'configs'
PADDING = 72
SIZE = (56, 64)
HE = dict(type='Kaiming', layer='Conv2d')  # with the default standard deviation of 0.001 every score would be nearly 0


@pytest.fixture(scope='module')
def inputs():
    torch.manual_seed(0)
    backbone = PixelNetVGG(width=1 / 16, padding=PADDING).eval()
    backbone.init_weights()
    with torch.no_grad():
        return backbone(torch.randn(2, 3, *SIZE))


def make_head(**settings):
    torch.manual_seed(1)
    defaults = dict(num_classes=5, padding=PADDING, pixels_per_image=300, chunk_size=1000, init_cfg=HE)
    head = PixelNetHead((4, 8, 16, 32, 32, 256), 64, **{**defaults, **settings}).eval()
    head.init_weights()
    return head


def make_samples(labels):
    return [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in labels]


def assert_close(a, b):
    """Assert that scores agree to 1e-4 and are large enough for that to mean something."""
    assert a.abs().max() > 0.5
    assert torch.allclose(a, b, rtol=1e-4, atol=1e-4)


def test_prediction_does_not_depend_on_the_chunk_size(inputs):
    with torch.no_grad():
        whole = make_head(chunk_size=10**6)(inputs)
        assert whole.shape == (2, 5, *SIZE)
        for chunk_size in (1, 17, 1000):
            rows = make_head(chunk_size=chunk_size)
            if chunk_size == 1:  # one pixel at a time is slow, so test only the last five
                pixels = torch.arange(SIZE[0] * SIZE[1] - 5, SIZE[0] * SIZE[1]).expand(2, -1)
                scores = torch.cat([rows.score_pixels(inputs, p) for p in pixels.split(1, dim=1)], 2)
                assert_close(scores.squeeze(-1), whole.flatten(2)[:, :, -5:])
            else:
                assert_close(rows(inputs), whole)


def test_factorised_head_equals_the_literal_hypercolumn(inputs):
    with torch.no_grad():
        assert_close(make_head(factorised=True)(inputs), make_head(factorised=False)(inputs))


def test_scores_match_the_papers_formula(inputs):
    """The reference concatenates the six interpolated maps at one pixel and applies three linear layers with numpy."""
    head = make_head()
    y, x = 13, 41
    column = []
    for feature, stride, offset in zip(inputs, (1, 2, 4, 8, 16, 32), (0, 0.5, 1.5, 3.5, 7.5, 111.5)):
        ty, tx = ((v + head.padding - offset) / stride for v in (y, x))
        ty, tx = min(max(ty, 0), feature.shape[2] - 1), min(max(tx, 0), feature.shape[3] - 1)
        y0, x0 = int(ty), int(tx)
        y1, x1 = min(y0 + 1, feature.shape[2] - 1), min(x0 + 1, feature.shape[3] - 1)
        fy, fx = ty - y0, tx - x0
        f = feature[0].numpy()
        column.append(
            (1 - fy) * ((1 - fx) * f[:, y0, x0] + fx * f[:, y0, x1])
            + fy * ((1 - fx) * f[:, y1, x0] + fx * f[:, y1, x1])
        )
    hidden = np.concatenate(column)
    for layer in (head.fc1, head.fc2):
        hidden = np.maximum(layer.weight.detach().numpy()[:, :, 0, 0] @ hidden + layer.bias.detach().numpy(), 0)
    scores = head.conv_seg.weight.detach().numpy()[:, :, 0, 0] @ hidden + head.conv_seg.bias.detach().numpy()
    with torch.no_grad():
        assert np.allclose(head(inputs)[0, :, y, x].numpy(), scores, rtol=1e-4, atol=1e-4)


def test_scores_of_sampled_pixels_equal_the_dense_scores(inputs):
    pixels = torch.randint(SIZE[0] * SIZE[1], (2, 150))
    with torch.no_grad():
        head = make_head()
        dense = head(inputs).flatten(2).gather(2, pixels.unsqueeze(1).expand(-1, 5, -1))
        assert_close(head.score_pixels(inputs, pixels).squeeze(-1), dense)


@pytest.mark.parametrize('dtype, width', [(torch.bfloat16, 600), (torch.float16, 600), (torch.float16, 2200)])
@pytest.mark.parametrize('factorised', [True, False])
@pytest.mark.parametrize('autocast', [True, False])
def test_half_precision_scores_of_wide_images_are_those_of_float32_on_the_rounded_maps(
    dtype, width, factorised, autocast
):
    """The maps change from cell to cell, so that a pixel read one cell off scores differently."""
    torch.manual_seed(0)
    channels, padding = (4, 8, 16), 20
    head = PixelNetHead(
        channels,
        16,
        num_classes=5,
        padding=padding,
        strides=(1, 2, 4),
        offsets=(0, 0.5, 1.5),
        chunk_size=10**6,
        factorised=factorised,
        init_cfg=HE,
    ).eval()
    head.init_weights()
    maps = [
        torch.randn(1, c, -(-(4 + 2 * padding) // stride), -(-(width + 2 * padding) // stride)).to(dtype)
        for c, stride in zip(channels, (1, 2, 4))
    ]
    head.to(dtype).float()  # the reference has the rounded weights too
    pixels = torch.arange(4 * width).unsqueeze(0)
    with torch.no_grad():
        expected = head([feature.float() for feature in maps]).flatten(2)
        if not autocast:
            head.to(dtype)
        with torch.autocast('cpu', dtype=dtype, enabled=autocast):
            found = [head(maps).flatten(2), head.score_pixels(maps, pixels).flatten(2)]
    for scores in found:
        assert (scores.argmax(1) == expected.argmax(1)).float().mean() > 0.97
        assert (scores - expected).abs().max() < (0.1 if dtype == torch.bfloat16 else 0.02) * expected.abs().max()


def test_loss_covers_the_drawn_pixels_of_each_image_and_no_ignored_ones(inputs):
    head = make_head(loss_decode=[dict(type='mmgb.ExpGBLoss'), dict(type='CrossEntropyLoss', avg_non_ignore=True)])
    labels = torch.full((2, 1, *SIZE), 255)
    labels[0, 0, 10:12, 20] = 3  # two valid pixels in the first image, one in the second
    labels[1, 0, 30, 5] = 1
    losses = head.loss(inputs, make_samples(labels), None)
    assert set(losses) == {'loss_exp_gb', 'loss_ce', 'acc_seg'}

    # 300 draws repeat the first image's two pixels 150 times each, the second's one 300 times.
    with torch.no_grad():
        dense = head(inputs)
    scores = torch.cat([dense[0, :, 10:12, 20].T.repeat(150, 1), dense[1, :, 30, 5].expand(300, -1)])
    target = torch.cat([torch.full((300,), 3), torch.full((300,), 1)])
    expected = torch.nn.functional.cross_entropy(scores, target)
    assert torch.allclose(losses['loss_ce'], expected, rtol=1e-4)


def test_every_parameter_has_a_gradient_unless_the_whole_batch_is_ignored():
    torch.manual_seed(0)
    backbone = PixelNetVGG(width=1 / 16, padding=PADDING)
    backbone.init_weights()
    head = make_head(loss_decode=dict(type='mmgb.Pow3GBLoss')).train()
    image = torch.randn(2, 3, *SIZE)
    parameters = [*backbone.parameters(), *head.parameters()]

    def gradients(labels):
        loss = head.loss(backbone(image), make_samples(labels), None)['loss_pow3_gb']
        return loss, torch.autograd.grad(loss, parameters)

    loss, grads = gradients(torch.randint(5, (2, 1, *SIZE)))
    assert loss > 0 and all(grad.abs().max() > 0 for grad in grads)
    loss, grads = gradients(torch.full((2, 1, *SIZE), 255))
    assert loss == 0 and all((grad == 0).all() for grad in grads)


def test_the_hosts_encoder_decoder_tta_and_visualization_hook_work(tmp_path):
    torch.manual_seed(0)
    config = Config.fromfile(CONFIGS / '_base_/models/pixelnet_vgg16-slim.py')
    config.model.backbone.padding = config.model.decode_head.padding = 50  # enough for the smallest scale
    config.model.data_preprocessor.size = None
    with DefaultScope.overwrite_default_scope('mmseg'):
        tta = MODELS.build(dict(type='SegTTAModel', module=config.model)).eval()
    image = torch.randint(256, (3, 112, 120), dtype=torch.uint8)
    meta = dict(
        img_shape=(112, 120),
        ori_shape=(56, 60),
        pad_shape=(112, 120),
        scale_factor=(2.0, 2.0),
        flip=False,
        flip_direction=None,
        img_path='scene.jpg',
    )
    views = [image, image.flip(-1), torch.nn.functional.interpolate(image[None].float(), scale_factor=1.5)[0].byte()]
    metas = [
        meta,
        {**meta, 'flip': True, 'flip_direction': 'horizontal'},
        {**meta, 'img_shape': (168, 180), 'pad_shape': (168, 180), 'scale_factor': (3.0, 3.0)},
    ]
    with torch.no_grad():
        result = tta.test_step(
            dict(inputs=[[view] for view in views], data_samples=[[SegDataSample(metainfo=m)] for m in metas])
        )
        plain = tta.module.test_step(dict(inputs=[image], data_samples=[SegDataSample(metainfo=meta)]))
    for prediction in (result[0], plain[0]):
        assert prediction.pred_sem_seg.shape == (56, 60)

    path = tmp_path / 'scene.png'
    Image.fromarray(image.permute(1, 2, 0).numpy()).resize((60, 56)).save(path)
    plain[0].set_metainfo(dict(img_path=str(path)))
    plain[0].set_data(dict(gt_sem_seg=PixelData(data=torch.zeros(1, 56, 60, dtype=torch.long))))
    visualizer = SegLocalVisualizer.get_instance(
        'pixelnet', vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )
    visualizer.dataset_meta = PascalVOCDataset.METAINFO
    hook = SegVisualizationHook(draw=True, interval=1)  # it uses the visualizer created last

    class Runner:
        iter = 0

    hook.after_test_iter(Runner, 0, None, plain)
    assert list(tmp_path.rglob('vis_image/*.png'))


def test_norm_outputs_gives_each_class_mean_0_and_variance_1_over_the_drawn_pixels(inputs):
    pixels = torch.randint(SIZE[0] * SIZE[1], (2, 150))
    head, plain = (make_head(norm_cfg=dict(type='BN'), norm_outputs=norm, dropout_ratio=0.0) for norm in (True, False))
    plain.load_state_dict(head.state_dict(), strict=False)
    with torch.no_grad():
        scores, raw = (each.train().score_pixels(inputs, pixels).transpose(0, 1).flatten(1) for each in (head, plain))
        mean, variance = raw.mean(1, keepdim=True), raw.var(1, correction=0, keepdim=True)
        assert_close(scores, (raw - mean) / (variance + 1e-5).sqrt())
        # Testing uses the running statistics, so the scores don't depend on the chunk size.
        head.eval()
        whole = head(inputs)
        head.chunk_size = 17
        assert_close(head(inputs), whole)


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(norm_outputs=True), 'norm_outputs=True: expected a norm_cfg, got norm_cfg=None'),
        (dict(strides=(1, 2, 4)), r'strides=\(1, 2, 4\): expected one number for each of the 6 maps .* got 3'),
        (dict(offsets=(0,)), r'offsets=\(0,\): expected one number for each of the 6 maps .* got 1'),
        (dict(strides=(2, 2, 4, 8, 16, 32)), r'strides=\(2, .*\): expected stride 1 for the first map'),
        (dict(pixels_per_image=0), r'pixels_per_image=0: expected at least 1'),
        (dict(chunk_size=0), r'chunk_size=0: expected at least 1'),
    ],
)
def test_invalid_settings_raise(setting, message):
    with pytest.raises(ValueError, match=message):
        make_head(**setting)


def test_a_padding_other_than_the_backbones_raises(inputs):
    with pytest.raises(ValueError, match=r'padding=10: expected labels of the size \(180, 188\) .* got \(56, 64\)'):
        make_head(padding=10).loss(inputs, make_samples(torch.zeros(2, 1, *SIZE, dtype=torch.long)), None)
