"""Test-time augmentation averages the probabilities of the decode head's loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmgb.functional.errors import ConfigError

HEAD = dict(in_channels=1, channels=1, in_index=0, num_classes=3)
POW3 = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0))
CROSS_ENTROPY = dict(type='CrossEntropyLoss')


def build(kind, *losses, **settings):
    """Build the test-time augmentation of a segmentor, a cascade if there is more than one loss."""
    first = dict(HEAD, type='FCNHead', num_convs=0, concat_input=False, loss_decode=losses[0], **settings)
    heads = [first, *(dict(HEAD, type='OCRHead', ocr_channels=1, loss_decode=loss) for loss in losses[1:])]
    model = dict(
        type='EncoderDecoder', backbone=dict(type='mmgb.PixelNetVGG', width=1 / 64), test_cfg=dict(mode='whole')
    )
    if len(heads) == 1:
        model.update(decode_head=first)
    else:
        model.update(type='CascadeEncoderDecoder', num_stages=len(heads), decode_head=heads)
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(dict(type=kind, module=model))


def merge(kind, loss, views):
    return merged_class(build(kind, loss), views)


def merged_class(tta, views):
    samples = [SegDataSample(metainfo=dict(img_path='x'), seg_logits=PixelData(data=view)) for view in views]
    return tta.merge_preds([samples])[0].pred_sem_seg.data.squeeze(0)


@pytest.mark.parametrize('several', [False, True])
def test_pow3_gb_probabilities_are_averaged_instead_of_softmax(several):
    # Scores of given probabilities for two classes in two views. Softmax is more confident in the first view.
    score = {p: ((10 * p - 0.4) / 0.001) ** (1 / 3) for p in (1.0, 0.73, 0.2, 0.3)}
    views = [torch.tensor([score[1.0], score[0.73], -5.0]), torch.tensor([score[0.2], score[0.3], -5.0])]
    views = [view.view(3, 1, 1) for view in views]
    shares = torch.tensor([[1.0, 0.73], [0.2, 0.3]])
    expected = (shares / shares.sum(1, keepdim=True)).mean(0)
    loss = [POW3, dict(type='mmseg.DiceLoss')] if several else POW3
    assert merge('mmgb.BoostedSegTTAModel', loss, views).item() == expected.argmax().item() == 1
    assert merge('SegTTAModel', loss, views).item() == 0


def test_exp_gb_with_negative_target_0_equals_the_stock_model():
    torch.manual_seed(0)
    views = [torch.randn(3, 8, 9) for _ in range(4)]
    loss = dict(type='mmgb.ExpGBLoss')
    stock = merge('SegTTAModel', loss, [view.clone() for view in views])
    assert torch.equal(merge('mmgb.BoostedSegTTAModel', loss, views), stock)


@settings(max_examples=60)
@given(
    scores=arrays('float32', (5, 3, 4), elements=st.floats(-50, 50, width=32)),
    dtype=st.sampled_from([torch.float16, torch.float32]),
    copies=st.integers(1, 5),
)
def test_copies_of_one_view_predict_the_argmax_of_its_scores(scores, dtype, copies):
    scores = torch.from_numpy(scores).to(dtype)
    tta = build('mmgb.BoostedSegTTAModel', POW3)
    predicted = merged_class(tta, [scores.clone() for _ in range(copies)])
    assert torch.equal(scores.gather(0, predicted.unsqueeze(0)).squeeze(0), scores.amax(0))


@pytest.mark.parametrize('losses', [(CROSS_ENTROPY, POW3), (dict(type='mmgb.ExpGBLoss'), [CROSS_ENTROPY, POW3])])
def test_the_loss_of_the_last_head_of_a_cascade_decides(losses):
    torch.manual_seed(0)
    views = [torch.randn(3, 16, 16) * 20 for _ in range(3)]
    expected = merge('mmgb.BoostedSegTTAModel', POW3, [view.clone() for view in views])
    assert not torch.equal(merge('mmgb.BoostedSegTTAModel', dict(type='mmgb.ExpGBLoss'), [*views]), expected)
    assert torch.equal(merged_class(build('mmgb.BoostedSegTTAModel', *losses), views), expected)


@pytest.mark.parametrize(
    'losses, names',
    [
        ((CROSS_ENTROPY,), 'CrossEntropyLoss'),
        (([CROSS_ENTROPY, dict(type='DiceLoss')],), 'CrossEntropyLoss, DiceLoss'),
        ((POW3, CROSS_ENTROPY), 'CrossEntropyLoss'),
        ((dict(type='mmgb.SquentropyLoss'),), 'SquentropyLoss'),
    ],
)
def test_a_decode_head_without_a_boosted_loss_is_refused_when_built(losses, names):
    with pytest.raises(ConfigError, match=f'^module.decode_head.loss_decode={names}: expected a loss of mmgb with'):
        build('mmgb.BoostedSegTTAModel', *losses)


def test_a_single_output_channel_is_refused_when_built():
    with pytest.raises(ConfigError, match='^module.decode_head.out_channels=1: expected one output channel per class'):
        build('mmgb.BoostedSegTTAModel', POW3, num_classes=2, out_channels=1, threshold=0.3)


def test_the_merged_sample_has_the_ground_truth_and_no_scores_of_a_single_view():
    views = [
        SegDataSample(
            metainfo=dict(img_path='x'),
            seg_logits=PixelData(data=torch.randn(3, 4, 4)),
            gt_sem_seg=PixelData(data=torch.full((1, 4, 4), 2)),
        )
        for _ in range(2)
    ]
    (merged,) = build('mmgb.BoostedSegTTAModel', POW3).merge_preds([views])
    assert set(merged.keys()) == {'pred_sem_seg', 'gt_sem_seg'} and (merged.gt_sem_seg.data == 2).all()
