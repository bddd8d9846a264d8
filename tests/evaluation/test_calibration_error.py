"""CalibrationError on the data samples of both hosts."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.evaluator import Evaluator
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample as ClsDataSample
from mmseg.structures import SegDataSample

from mmgb.evaluation import CalibrationError
from mmgb.functional.calibration import calibration_histogram, expected_calibration_error
from mmgb.functional.errors import ConfigError

LOSS = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0))


def expected(scores, labels):
    shares = ((0.001 * scores**3 + 0.4) / 10).clamp(0, 1)
    return {
        f'calibration/{name}': pytest.approx(
            100 * expected_calibration_error(calibration_histogram(probabilities, labels, 15)), abs=1e-6
        )
        for name, probabilities in (('ece', shares), ('ece_softmax', scores.softmax(1)))
    }


def test_pixels_of_mmseg_without_the_ignored_ones():
    torch.manual_seed(0)
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=LOSS)])
    logits, labels = torch.randn(2, 5, 4, 6) * 10, torch.randint(5, (2, 1, 4, 6))
    labels[0, 0, 0] = 255
    for image, truth in zip(logits, labels):
        evaluator.process(data_samples=[_Sample(seg_logits=dict(data=image), gt_sem_seg=dict(data=truth))])
    flat, truth = logits.movedim(1, -1).reshape(-1, 5), labels.flatten()
    assert evaluator.evaluate(2) == expected(flat[truth != 255], truth[truth != 255])


def test_images_of_mmpretrain():
    torch.manual_seed(0)
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=LOSS)])
    scores, labels = torch.randn(20, 5) * 10, torch.randint(5, (20,))
    evaluator.process(data_samples=[_Sample(cls_score=s, gt_label=y.view(1)) for s, y in zip(scores, labels)])
    assert evaluator.evaluate(20) == expected(scores, labels)


def test_every_label_of_a_classifier_counts():
    torch.manual_seed(0)
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=LOSS)])
    scores, labels = torch.randn(20, 300) * 10, torch.arange(245, 265)
    evaluator.process(data_samples=[_Sample(cls_score=s, gt_label=y.view(1)) for s, y in zip(scores, labels)])
    assert evaluator.evaluate(20) == expected(scores, labels)


def test_matched_probabilities_depend_on_the_number_of_classes():
    torch.manual_seed(0)
    scores, labels = 4 * torch.randn(20, 5), torch.randint(5, (20,))
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=dict(type='mmgb.ExpGBLoss', matched=True))])
    evaluator.process(data_samples=[_Sample(cls_score=s, gt_label=y.view(1)) for s, y in zip(scores, labels)])
    histogram = calibration_histogram((scores.exp() / 5).clamp(0, 1), labels, 15, scores.argmax(1))
    assert evaluator.evaluate(20)['calibration/ece'] == pytest.approx(100 * expected_calibration_error(histogram))


def test_invalid_input_is_refused():
    with pytest.raises(ValueError, match=r"^data sample with \['gt_label', 'pred_score'\]: expected linear outputs"):
        CalibrationError(LOSS).process({}, [dict(pred_score=torch.ones(2), gt_label=torch.zeros(1))])
    with pytest.raises(ValueError, match='num_bins=0: expected at least 1'):
        CalibrationError(LOSS, num_bins=0)


@pytest.mark.parametrize('scores, error', [((-20.0, -15.0), 100), ((22.0, 25.0), 0)])
def test_prediction_is_the_argmax_of_the_scores_where_probabilities_are_clamped(scores, error):
    """The correct class 1 is predicted, with a probability of 0 or of 1 for both classes."""
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=LOSS)])
    evaluator.process(data_samples=[_Sample(cls_score=torch.tensor(scores), gt_label=torch.tensor([1]))])
    assert evaluator.evaluate(1)['calibration/ece'] == pytest.approx(error)


def classifier(copies):
    """Build the test-time augmentation of a classifier of vectors, and a batch of ``copies`` of the same view."""
    torch.manual_seed(0)
    head = dict(type='mmgb.BoostedLinearClsHead', num_classes=5, in_channels=4, loss=LOSS)
    model = dict(
        type='ImageClassifier', backbone=dict(type='mmgb.MLP', in_features=4, hidden_features=(4, 4)), head=head
    )
    images, labels = torch.randn(20, 4) * 30, torch.randint(5, (20,))
    samples = [ClsDataSample().set_gt_label(label) for label in labels]
    return 'mmpretrain', dict(type='AverageClsScoreTTA', module=model), batch_of_views(images, samples, copies)


def segmentor(copies, kind='mmgb.BoostedSegTTAModel'):
    """Build the test-time augmentation of a segmentor, and a batch of ``copies`` of the same view."""
    torch.manual_seed(0)
    head = dict(type='FCNHead', in_channels=4, channels=4, num_convs=0, concat_input=False, num_classes=5)
    model = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(type='mmgb.PixelNetVGG', width=1 / 16, padding=0, out_indices=(0,)),
        decode_head=dict(head, in_index=0, loss_decode=LOSS),
        test_cfg=dict(mode='whole'),
    )
    images, labels = torch.randint(255, (2, 3, 16, 16)), torch.randint(5, (2, 1, 16, 16))
    meta = dict(img_shape=(16, 16), ori_shape=(16, 16), pad_shape=(16, 16), img_path='x')
    samples = [SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=meta) for label in labels]
    return 'mmseg', dict(type=kind, module=model), batch_of_views(images, samples, copies)


def batch_of_views(images, samples, copies):
    return dict(
        inputs=[list(images) for _ in range(copies)],
        data_samples=[[sample.clone() for sample in samples] for _ in range(copies)],
    )


@pytest.mark.parametrize(
    'make', [classifier, segmentor, lambda copies: segmentor(copies, 'SegTTAModel')], ids=['cls', 'seg', 'stock seg']
)
@pytest.mark.parametrize('copies', [1, 2, 3])
def test_test_time_augmentation_is_refused_in_both_hosts(make, copies):
    host, config, batch = make(copies)
    with DefaultScope.overwrite_default_scope(host):
        model = MODELS.build(ConfigDict(config)).eval()
    evaluator = Evaluator([dict(type='mmgb.CalibrationError', loss=LOSS)])
    with torch.no_grad():
        merged = model.test_step(batch)
    with pytest.raises(ConfigError, match=f'^CalibrationError: expected one view per image, got {copies} views'):
        evaluator.process(data_samples=merged, data_batch=batch)


class _Sample(dict):
    """A data sample that is its own dict."""

    def to_dict(self):
        return self


@pytest.mark.parametrize('loss', ['mmgb.SquentropyLoss', 'mmseg.CrossEntropyLoss', 'mmpretrain.LabelSmoothLoss'])
def test_a_loss_without_probabilities_is_refused_when_built(loss):
    options = dict(label_smooth_val=0.1) if 'Smooth' in loss else {}
    with pytest.raises(ConfigError, match=f'^loss={loss.split(".")[1]}: expected a loss of mmgb that predicts prob'):
        CalibrationError(dict(type=loss, **options))
