"""Runs tools/analysis_tools/ensemble.py, on results of tools/test.py and on others."""

import pickle

import numpy as np
import pytest
import torch
from helpers import scene_results as scenes
from helpers.many_runs import assert_one_sentence, run_many
from mmengine.registry import MODELS, DefaultScope

TOOL = 'analysis_tools/ensemble.py'
BAD_INPUT = {  # name: (arguments, what the sentence holds)
    'one result': (['a.pkl'], "results='a.pkl': expected at least two"),
    'no file': (['a.pkl', 'nowhere.pkl'], "'nowhere.pkl' is not a file"),
    'no result': (['a.pkl', 'config.py'], "'config.py'"),
    'lengths': (['a.pkl', 'short.pkl'], "'a.pkl' and 'short.pkl' are of different images: 12 and 11"),
    'images': (
        ['a.pkl', 'others.pkl'],
        "'a.pkl' and 'others.pkl' are of different images: number 0 (from 0) is "
        'scenes/airport/a_airport.png and scenes/airport/a_airport.png.jpg',
    ),
    'labels': (['a.pkl', 'relabelled.pkl'], 'different labels: number 3 (from 0) is (1,) and (5,)'),
    'classes': (['a.pkl', 'five.pkl'], 'different classes: (6,) and (5,)'),
    'negative': (['a.pkl', 'negative.pkl', '--mean', 'geometric'], "mean='geometric': a score is -"),
    'ending': (['a.pkl', 'b.pkl', '--out', 'x.txt'], "--out='x.txt' should end with .pkl"),
    'config': (['a.pkl', 'b.pkl', '--config', 'nowhere.py'], "config='nowhere.py' is not a file"),
    'metric': (['a.pkl', 'b.pkl', '--metrics', 'NoSuchMetric'], "--metrics='NoSuchMetric' is no metric of mmpretrain"),
    'top-7': (
        ['a.pkl', 'b.pkl', '--config', 'config.py', '--cfg-options', 'test_evaluator.0.topk=(7,)'],
        'Top-7 accuracy is unavailable',
    ),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = scenes.make_scenes(tmp_path_factory.mktemp('ensemble'))
    for seed, name in enumerate('ab'):
        torch.manual_seed(seed)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            model = MODELS.build(
                dict(
                    type='ImageClassifier',
                    backbone=dict(type='LeNet5', num_classes=6),
                    head=dict(type='ClsHead', loss=dict(type='CrossEntropyLoss')),
                )
            )
        torch.save(dict(state_dict=model.state_dict()), folder / f'{name}.pth')
    scores, labels = scenes.random_scores(0), scenes.labels()
    scenes.write_result(folder / 'short.pkl', scores[:-1])
    scenes.write_result(folder / 'others.pkl', scores, suffix='.jpg')
    scenes.write_result(folder / 'relabelled.pkl', scores, np.where(np.arange(12) == 3, 5, labels))
    scenes.write_result(folder / 'five.pkl', scores[:, :5], np.minimum(labels, 4))
    scenes.write_result(folder / 'negative.pkl', scores - np.float32(0.5))
    for name in ('unlabelled', 'unlabelled2'):
        scenes.write_result(folder / f'{name}.pkl', scores, with_labels=False)
    return folder


@pytest.fixture(scope='module')
def outputs(folder):
    commands = {
        f'test {name}': ['test.py', 'config.py', f'{name}.pth', '--out', f'{name}.pkl', '--work-dir', name]
        for name in 'ab'
    }
    commands['default'] = [TOOL, 'a.pkl', 'b.pkl', '--out', 'new/mean.pkl']
    commands['config'] = [
        TOOL,
        'a.pkl',
        'b.pkl',
        '--config',
        'config.py',
        '--mean',
        'geometric',
        '--out',
        'product.pkl',
    ]
    commands['metrics'] = [TOOL, 'a.pkl', 'b.pkl', '--metrics', 'SingleLabelMetric', 'Accuracy']
    commands['of an ensemble'] = [TOOL, 'new/mean.pkl', 'a.pkl']
    commands['unlabelled'] = [TOOL, 'unlabelled.pkl', 'unlabelled2.pkl', '--out', 'unlabelled3.pkl']
    commands.update({f'bad {name}': [TOOL, *arguments] for name, (arguments, _) in BAD_INPUT.items()})
    return run_many(folder, commands)


def table(result):
    """{row: {column: text}} of a run's table."""
    assert result[0] == 0, result[1]
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in result[1].splitlines() if line[:1] == '|']
    return {row[0]: dict(zip(rows[0][1:], row[1:])) for row in rows[2:]}


def read(path):
    with open(path, 'rb') as file:
        return pickle.load(file)


def scores_of(path):
    return torch.stack([sample['pred_score'] for sample in read(path)])


def accuracy(scores, k):
    top = scores.numpy().argsort(1)[:, ::-1][:, :k]
    return f'{100 * (top == scenes.labels()[:, None]).any(1).mean():.2f}'


def test_scores_of_two_runs_of_the_test_tool_are_averaged_and_each_is_evaluated(folder, outputs):
    mean = scores_of(folder / 'new/mean.pkl')
    first, second = scores_of(folder / 'a.pkl'), scores_of(folder / 'b.pkl')
    torch.testing.assert_close(mean, (first + second) / 2)
    assert table(outputs['default']) == {
        name: {f'accuracy/top{k}': accuracy(scores, k) for k in (1, 5)}
        for name, scores in (('a.pkl', first), ('b.pkl', second), ('ensemble', mean))
    }


def test_a_config_brings_its_own_metrics(folder, outputs):
    product = scores_of(folder / 'product.pkl')
    torch.testing.assert_close(product, (scores_of(folder / 'a.pkl') * scores_of(folder / 'b.pkl')).sqrt())
    right = product.numpy().argmax(1) == scenes.labels()
    recall = f'{100 * right.reshape(6, 2).mean(1).mean():.2f}'
    assert table(outputs['config'])['ensemble'] == {
        'accuracy/top1': accuracy(product, 1),
        'accuracy/top2': accuracy(product, 2),
        'single-label/recall': recall,
    }


def test_metrics_can_be_named(outputs):
    assert list(table(outputs['metrics'])['ensemble']) == [
        'single-label/precision',
        'single-label/recall',
        'single-label/f1-score',
        'accuracy/top1',
        'accuracy/top5',
    ]


def test_the_written_result_is_one_of_the_same_format_and_not_larger(folder, outputs):
    assert list(table(outputs['of an ensemble'])) == ['new/mean.pkl', 'a.pkl', 'ensemble']
    written, original = read(folder / 'new/mean.pkl'), read(folder / 'a.pkl')
    assert [sample['img_path'] for sample in written] == [sample['img_path'] for sample in original]
    assert all(torch.equal(sample['pred_label'], sample['pred_score'].argmax(0, keepdim=True)) for sample in written)
    assert (folder / 'new/mean.pkl').stat().st_size <= (folder / 'a.pkl').stat().st_size


def test_results_without_labels_are_averaged_and_not_evaluated(folder, outputs):
    code, output = outputs['unlabelled']
    assert code == 0 and 'no labels: nothing to evaluate' in output
    torch.testing.assert_close(scores_of(folder / 'unlabelled3.pkl'), scores_of(folder / 'unlabelled.pkl'))


@pytest.mark.parametrize('name', BAD_INPUT)
def test_results_that_do_not_belong_together_and_other_bad_input_end_in_one_sentence(name, outputs):
    code, output = outputs[f'bad {name}']
    progress = [line for line in output.splitlines() if line.startswith('Reading ')]
    rest = '\n'.join(output.splitlines()[len(progress) :]) + '\n'
    assert_one_sentence((code, rest), 'ensemble.py', BAD_INPUT[name][1])
