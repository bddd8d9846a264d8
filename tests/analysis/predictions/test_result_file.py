"""Reader of result files, on files of the host, damaged ones and malicious ones."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.scene_results import dump_samples, make_sample

from mmgb.analysis.predictions.result_file import read_samples

SCORES = torch.rand(4, generator=torch.Generator().manual_seed(0))


def test_samples_of_the_host_are_read_back(tmp_path):
    samples = [make_sample('a/0.jpg', SCORES, [1]), make_sample('a/1.jpg', SCORES.flip(0))]
    first, second = read_samples(dump_samples(tmp_path / 'r.pkl', samples))
    assert first['img_path'] == 'a/0.jpg' and first['gt_label'].tolist() == [1] and 'gt_label' not in second
    assert torch.equal(second['pred_score'], SCORES.flip(0))


@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_numpy_numbers_and_every_pickle_protocol_are_read(protocol, tmp_path):
    (tmp_path / 'r.pkl').write_bytes(
        pickle.dumps(
            [dict(make_sample('a/0.jpg', SCORES), scale_factor=np.array([1.0, 2.0]), sample_idx=np.int64(3))], protocol
        )
    )
    (found,) = read_samples(tmp_path / 'r.pkl')
    assert found['scale_factor'].tolist() == [1, 2] and found['sample_idx'] == 3
    assert torch.equal(found['pred_score'], SCORES)


class Payload:
    """Object whose unpickling creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_file_that_would_run_code_is_refused_without_running_it(tmp_path):
    touched = tmp_path / 'touched'
    (tmp_path / 'r.pkl').write_bytes(pickle.dumps([dict(pred_score=Payload(touched))]))
    with pytest.raises(ValueError, match="can't be read as a test result: it asks for pathlib"):
        read_samples(tmp_path / 'r.pkl')
    assert not touched.exists()

    # Code hidden in the bytes of a tensor is refused too.
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
        (b'', "^'.*r.pkl': expected a pickled test result, got EOFError$"),
        (b'text', "'.*r.pkl'"),
        (pickle.dumps([dict(x=1)])[:-4], "'.*r.pkl'"),
        (pickle.dumps([]), 'expected a list of predictions'),
        (pickle.dumps({'accuracy/top1': 5.0}), 'expected a list of predictions'),
        (pickle.dumps([1, 2]), 'expected a list of predictions'),
    ],
)
def test_other_files_are_refused_in_one_sentence(content, sentence, tmp_path):
    (tmp_path / 'r.pkl').write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as error:
        read_samples(tmp_path / 'r.pkl')
    assert '\n' not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.pkl' is not a file"):
        read_samples(tmp_path / 'nowhere.pkl')
