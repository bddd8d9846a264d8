"""tools/analysis_tools/compare_segmentation_runs.py on two made-up runs."""

import json
import runpy

import numpy as np
import pytest
from helpers.tiny_runs import TOOLS, run
from PIL import Image

from mmgb.functional.errors import ConfigError

TOOL = 'analysis_tools/compare_segmentation_runs.py'
LOG = """per class results:
| Class | IoU | Acc |
| ground | {ground} | 1.0 |
| cat | 2.0 | 1.0 |
"""


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Two runs, ``a`` and ``b``, with curves, tests and predictions of two images; ``c`` has no test, ``d`` no IoU."""
    folder = tmp_path_factory.mktemp('runs')
    for index, name in enumerate(('x', 'y')):
        save(folder / f'voc/JPEGImages/{name}.jpg', np.full((8, 9, 3), 100))
        save(folder / f'voc/SegmentationClass/{name}.png', np.full((8, 9), index))
    for run_name, miou in (('a', 10.0), ('b', 20.0), ('c', 30.0), ('d', 40.0)):
        logs = folder / run_name / '20260101_000000/vis_data'
        logs.mkdir(parents=True)
        records = [{'mIoU': miou - 1, 'step': 1}, {'mIoU': miou, 'step': 2}]
        (logs / 'scalars.json').write_text('\n'.join(map(json.dumps, records)))
        if run_name == 'c':
            continue
        test = folder / run_name / 'test/20260102_000000'
        test.mkdir(parents=True)
        (test / '20260102_000000.json').write_text(json.dumps({'mIoU': miou, 'time': 0.1}))
        (test / '20260102_000000.log').write_text(
            LOG.format(ground=2 * miou - 2).replace('IoU', 'Dice' if run_name == 'd' else 'IoU')
        )
        for name in ('x', 'y'):
            save(folder / run_name / f'predictions/{name}.png', np.zeros((8, 9)))
    return folder


@pytest.fixture
def compare(folder, monkeypatch, capsys):
    """Run the tool in this process and return its output."""

    def call(*arguments):
        monkeypatch.chdir(folder)
        monkeypatch.setattr('sys.argv', [TOOL, *map(str, arguments), '--data-root', 'voc'])
        runpy.run_path(TOOLS / TOOL)['main']()
        return capsys.readouterr().out

    return call


def test_table_numbers_and_figure_are_written(folder, compare):
    output = compare('exp-GB=a', 'softmax=b', '--out', 'new/comparison')
    out = folder / 'new/comparison'
    assert (out / 'comparison.md').read_text().splitlines() == [
        '| % | exp-GB | softmax |',
        '| --- | ---: | ---: |',
        '| mIoU | 10.0 | 20.0 |',
        '| IoU ground | 18.0 | 38.0 |',
        '| IoU cat | 2.0 | 2.0 |',
    ]
    assert output.startswith((out / 'comparison.md').read_text()) and 'Written: new/comparison/comparison.md' in output
    assert json.loads((out / 'comparison.json').read_text())['exp-GB'] == dict(
        curve=[[1, 9.0], [2, 10.0]], metrics={'mIoU': 10.0}, class_iou={'ground': 18.0, 'cat': 2.0}
    )
    assert np.asarray(Image.open(out / 'comparison.png').convert('RGB')).std() > 0


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('a',), "'a': expected NAME=WORK_DIR"),
        (('x=a', 'x=b'), "the name 'x' is given twice"),
        (('x=a', '--scenes', 0), '--scenes=0: expected at least 1'),
        (('x=absent',), 'absent: no validation with mIoU'),
        (('x=a', 'y=c'), 'c/test: no finished test'),
        (('x=d',), 'd/test: expected a test with the IoU of each class, got none'),
    ],
)
def test_invalid_input_is_named_before_anything_is_written(folder, compare, arguments, message):
    with pytest.raises(ConfigError, match=message):
        compare(*arguments, '--out', 'nowhere')
    assert not (folder / 'nowhere').exists()


@pytest.mark.slow
def test_invalid_input_ends_with_one_sentence_and_exit_code_2(folder):
    process = run(folder, TOOL, 'x=absent', '--data-root', 'voc', '--out', 'nowhere')
    assert process.returncode == 2 and 'Traceback' not in process.stdout
    assert process.stdout.startswith('compare_segmentation_runs.py: error: absent: no validation with mIoU')
