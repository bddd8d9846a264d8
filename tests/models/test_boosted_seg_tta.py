"""Test-time augmentation averages the probabilities of the decode head's loss."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample


def merge(kind, loss, views):
    model = dict(
        type='EncoderDecoder',
        backbone=dict(type='mmgb.PixelNetVGG', width=1 / 64),
        decode_head=dict(
            type='FCNHead',
            in_channels=1,
            channels=1,
            in_index=0,
            num_classes=3,
            num_convs=0,
            concat_input=False,
            loss_decode=loss,
        ),
        test_cfg=dict(mode='whole'),
    )
    with DefaultScope.overwrite_default_scope('mmseg'):
        tta = MODELS.build(dict(type=kind, module=model))
    samples = [SegDataSample(metainfo=dict(img_path='x'), seg_logits=PixelData(data=view)) for view in views]
    return tta.merge_preds([samples])[0].pred_sem_seg.data.squeeze(0)


@pytest.mark.parametrize('several', [False, True])
def test_pow3_gb_probabilities_are_averaged_instead_of_softmax(several):
    loss = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0))
    # Scores of given probabilities for two classes in two views. Softmax is more confident in the first view.
    score = {p: ((10 * p - 0.4) / 0.001) ** (1 / 3) for p in (1.0, 0.73, 0.2, 0.3)}
    views = [torch.tensor([score[1.0], score[0.73], -5.0]), torch.tensor([score[0.2], score[0.3], -5.0])]
    views = [view.view(3, 1, 1) for view in views]
    shares = torch.tensor([[1.0, 0.73], [0.2, 0.3]])
    expected = (shares / shares.sum(1, keepdim=True)).mean(0)
    loss = [loss, dict(type='mmseg.DiceLoss')] if several else loss
    assert merge('mmgb.BoostedSegTTAModel', loss, views).item() == expected.argmax().item() == 1
    assert merge('SegTTAModel', loss, views).item() == 0


def test_exp_gb_with_negative_target_0_equals_the_stock_model():
    torch.manual_seed(0)
    views = [torch.randn(3, 8, 9) for _ in range(4)]
    loss = dict(type='mmgb.ExpGBLoss')
    stock = merge('SegTTAModel', loss, [view.clone() for view in views])
    assert torch.equal(merge('mmgb.BoostedSegTTAModel', loss, views), stock)
