"""CalibrationError on the data samples of both hosts."""

import pytest
import torch
from mmengine.evaluator import Evaluator

from mmgb.evaluation import CalibrationError
from mmgb.functional.calibration import calibration_histogram, expected_calibration_error

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


def test_invalid_input_is_refused():
    with pytest.raises(ValueError, match=r"^data sample with \['gt_label', 'pred_score'\]: expected linear outputs"):
        CalibrationError(LOSS).process({}, [dict(pred_score=torch.ones(2), gt_label=torch.zeros(1))])
    with pytest.raises(ValueError, match='num_bins=0: expected at least 1'):
        CalibrationError(LOSS, num_bins=0)


class _Sample(dict):
    """A data sample that is its own dict."""

    def to_dict(self):
        return self
