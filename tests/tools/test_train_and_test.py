"""tools/train.py and tools/test.py, run on tiny configs of both hosts."""

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from helpers.tiny_runs import make_workspace, run_line, succeeded
from PIL import Image

pytestmark = pytest.mark.slow  # each run imports a host in a new process


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp('tiny'))


@pytest.fixture(scope='module')
def runs(workspace):
    """Return {name: Future} of the two chains of runs, which run at the same time."""
    chains = dict(segmentation=segmentation_chain, classification=classification_chain)
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(chain, workspace) for name, chain in chains.items()}


def segmentation_chain(folder):
    return [
        run_line(folder, line)
        for line in (
            'train.py seg.py --work-dir seg_run --resume --no-validate',
            'train.py seg.py --work-dir seg_run --resume --cfg-options train_cfg.max_iters=4 train_cfg.val_interval=4',
            'test.py seg.py seg_run/iter_4.pth --work-dir seg_test --tta --show-dir pictures --out labels',
        )
    ]


def classification_chain(folder):
    return [
        run_line(folder, line)
        for line in (
            'train.py cls.py --work-dir cls_run',
            'train.py cls.py --work-dir cls_run --resume cls_run/epoch_1.pth --no-validate '
            '--cfg-options train_cfg.max_epochs=2',
            'test.py cls.py cls_run/epoch_2.pth --tta --out scores.pkl',
            'test.py cls.py cls_run/epoch_2.pth --show-dir cls_pictures --interval 3 '
            '--out metrics.json --out-item metrics',
        )
    ]


def test_mmseg_trains_afresh_and_logs_it_if_there_is_nothing_to_resume(runs, workspace):
    train, _, _ = runs['segmentation'].result()
    output = succeeded(train)
    assert 'Nothing to resume in seg_run: training starts afresh.' in output
    assert re.search(r'Iter\(train\) \[2/2\].* loss: \d', output)


def test_no_validate_skips_validation(runs):
    segmentation, classification = runs['segmentation'].result(), runs['classification'].result()
    assert '(val)' not in succeeded(segmentation[0]) and '(val)' in succeeded(segmentation[1])
    assert '(val)' in succeeded(classification[0]) and '(val)' not in succeeded(classification[1])


def test_resume_continues_from_the_latest_or_the_named_checkpoint(runs, workspace):
    succeeded(runs['segmentation'].result()[1])
    succeeded(runs['classification'].result()[1])
    for path, steps in (('seg_run/iter_4.pth', 4), ('cls_run/epoch_2.pth', 4)):
        checkpoint = torch.load(workspace / path, weights_only=False)
        assert checkpoint['meta']['iter'] == steps
        # The loss of every step since the start, including the steps before the interruption.
        assert len(checkpoint['message_hub']['log_scalars']['train/loss'].data[0]) == steps


def test_mmseg_tta_reports_miou_and_writes_pictures_and_labels(runs, workspace):
    output = succeeded(runs['segmentation'].result()[2])
    assert re.search(r'Iter\(test\) \[4/4\] .*mIoU: \d', output)
    assert len(list((workspace / 'pictures').rglob('*.png'))) == 4
    for index in range(4):
        label = np.asarray(Image.open(workspace / f'labels/{index}.png'))
        assert label.shape == (32, 32) and label.max() <= 2


def test_mmpretrain_tta_averages_the_scores_of_an_image_and_its_horizontal_flip(runs, workspace):
    succeeded(runs['classification'].result()[2])
    with open(workspace / 'scores.pkl', 'rb') as file:
        results = pickle.load(file)
    weights = torch.load(workspace / 'cls_run/epoch_2.pth', weights_only=False)['state_dict']

    def scores(image):  # LeNet-5 written out
        def layer(name):
            return weights[f'backbone.{name}.weight'], weights[f'backbone.{name}.bias']

        x = torch.as_tensor(image)[None, None]
        for index in (0, 3):
            x = torch.nn.functional.avg_pool2d(torch.conv2d(x, *layer(f'features.{index}')).tanh(), 2)
        x = torch.conv2d(x, *layer('features.6')).tanh().flatten(1)
        x = torch.nn.functional.linear(x, *layer('classifier.0')).tanh()
        return torch.nn.functional.linear(x, *layer('classifier.2')).softmax(1)[0]

    for result in results:
        image = (np.asarray(Image.open(workspace / result['img_path']), dtype=np.float32) - 127) / 60
        expected = (scores(image) + scores(image[:, ::-1].copy())) / 2
        torch.testing.assert_close(result['pred_score'], expected, rtol=1e-4, atol=1e-5)


def test_mmpretrain_draws_every_nth_image_and_writes_the_metrics(runs, workspace):
    output = succeeded(runs['classification'].result()[3])
    metrics = json.loads((workspace / 'metrics.json').read_text())
    assert f'accuracy/top1: {metrics["accuracy/top1"]:.4f}' in output
    assert len(list((workspace / 'cls_pictures').glob('*.png'))) == 2  # the first and the fourth of four images
