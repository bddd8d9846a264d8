import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import DumpResults
from mmpretrain.structures import DataSample

from mmgb.analysis.predictions.classification_result import (
    ClassificationResult,
    check_same_images,
    classification_result,
    read_samples,
)

SCORES = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))


def dump(path, samples):
    """As the host writes them, with mmengine's own metric."""
    metric = DumpResults(str(path))
    metric.process({}, samples)
    metric.evaluate(len(samples))
    return path


def sample(index, **changes):
    fields = dict(pred_score=SCORES[index], gt_label=[index], pred_label=[0]) | changes
    made = DataSample(metainfo=dict(img_path=f'a/{index}.jpg', sample_idx=index, img_shape=(32, 32)))
    for name, value in fields.items():
        if value is not None:
            getattr(made, f'set_{name}')(value)
    return made.to_dict()


def read(path):
    return classification_result(read_samples(path), 'r.pkl')


def test_a_result_of_the_host_gives_its_scores_labels_and_images(tmp_path):
    result = read(dump(tmp_path / 'r.pkl', [sample(index) for index in range(3)]))
    assert result.images == ['a/0.jpg', 'a/1.jpg', 'a/2.jpg'] and result.labels == [(0,), (1,), (2,)]
    assert result.scores.dtype == np.float32 and (result.scores == SCORES.numpy()).all()


def test_images_may_have_several_labels_or_none(tmp_path):
    several = dump(tmp_path / 'a.pkl', [sample(0, gt_label=[1, 3]), sample(1, gt_label=[2])])
    assert read(several).labels == [(1, 3), (2,)]
    none = dump(tmp_path / 'b.pkl', [sample(0, gt_label=None), sample(1, gt_label=None)])
    assert read(none).labels is None


def test_images_without_a_path_go_by_their_position():
    samples = [dict(pred_score=SCORES[0], sample_idx=np.int64(7))]
    assert classification_result(samples, 'r.pkl').images == ['sample 7']


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_numpy_numbers_and_every_protocol_are_read(protocol, tmp_path):
    (tmp_path / 'r.pkl').write_bytes(
        pickle.dumps([dict(sample(0), scale_factor=np.array([1.0, 2.0]), sample_idx=np.int64(3))], protocol)
    )
    (found,) = read_samples(tmp_path / 'r.pkl')
    assert found['scale_factor'].tolist() == [1, 2] and found['sample_idx'] == 3
    assert torch.equal(found['pred_score'], SCORES[0])


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path):
    touched = tmp_path / 'touched'
    (tmp_path / 'r.pkl').write_bytes(pickle.dumps([dict(pred_score=Payload(touched))]))
    with pytest.raises(ValueError, match="can't be read as a test result: it asks for pathlib"):
        read_samples(tmp_path / 'r.pkl')
    assert not touched.exists()

    # Nor one hidden in the bytes of a tensor.
    class Storage:
        def __reduce__(self):
            return torch.storage._load_from_bytes, (pickle.dumps(Payload(touched), 2),)

    (tmp_path / 'r.pkl').write_bytes(pickle.dumps([dict(pred_score=Storage())]))
    with pytest.raises(ValueError):
        read_samples(tmp_path / 'r.pkl')
    assert not touched.exists()


@pytest.mark.parametrize(
    'content, sentence',
    [
        (b'', r"'.*r.pkl' is no pickle of a test result \(EOFError\)"),
        (b'text', "'.*r.pkl'"),
        (pickle.dumps([dict(x=1)])[:-4], "'.*r.pkl'"),
        (pickle.dumps([]), 'holds no list of predictions'),
        (pickle.dumps({'accuracy/top1': 5.0}), 'holds no list of predictions'),
        (pickle.dumps([1, 2]), 'holds no list of predictions'),
    ],
)
def test_what_is_no_test_result_is_refused_in_one_sentence(content, sentence, tmp_path):
    (tmp_path / 'r.pkl').write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as error:
        read_samples(tmp_path / 'r.pkl')
    assert '\n' not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.pkl' is not a file"):
        read_samples(tmp_path / 'nowhere.pkl')


@pytest.mark.parametrize(
    'change, sentence',
    [
        (dict(pred_score=None), r"'r.pkl': image 'a/1.jpg' has no pred_score, but"),
        (dict(pred_score=torch.rand(5)), r'has the shape \(5,\) and 5 finite values; expected \(4,\), all finite'),
        (dict(pred_score=torch.tensor([1.0, torch.nan, 0, 0])), 'and 3 finite values'),
        (dict(gt_label=None), "of the images 'a/0.jpg' and 'a/1.jpg' one has a gt_label, one has none"),
    ],
)
def test_samples_that_do_not_fit_are_refused_by_name(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        classification_result([sample(0), sample(1, **change)], 'r.pkl')


@pytest.mark.parametrize(
    'other, sentence',
    [
        (dict(images=['a', 'b']), "'x.pkl' and 'y.pkl' are of different images: 3 and 2"),
        (dict(images=['a', 'c', 'b']), r'different images: number 1 \(from 0\) is b and c'),
        (dict(scores=np.zeros((3, 5))), r'different classes: \(4,\) and \(5,\)'),
        (dict(labels=[(0,), (1,), (3,)]), r'different labels: number 2 \(from 0\) is \(2,\) and \(3,\)'),
        (dict(labels=None), 'different labels: one has labels, one has none'),
    ],
)
def test_results_of_other_images_classes_or_labels_are_refused_by_name(other, sentence):
    first = ClassificationResult(['a', 'b', 'c'], np.zeros((3, 4)), [(0,), (1,), (2,)])
    check_same_images({'x.pkl': first, 'same.pkl': first._replace(scores=first.scores + 1)})
    with pytest.raises(ValueError, match=sentence):
        check_same_images({'x.pkl': first, 'y.pkl': first._replace(**other)})
