"""tools/analysis_tools/ensemble.py on results of tools/test.py and on made-up ones."""

import pickle
import runpy

import numpy as np
import pytest
import torch
from helpers import scene_results as scenes
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import TOOLS
from mmengine.registry import MODELS, DefaultScope

TOOL = 'analysis_tools/ensemble.py'
BAD_INPUT = {  # name: (arguments, part of the error message)
    'one result': (['a.pkl'], "results='a.pkl': expected at least two"),
    'no file': (['a.pkl', 'nowhere.pkl'], "'nowhere.pkl' is not a file"),
    'no result': (['a.pkl', 'config.py'], "'config.py'"),
    'lengths': (['a.pkl', 'short.pkl'], "'a.pkl' and 'short.pkl' have different images: 12 and 11"),
    'images': (
        ['a.pkl', 'others.pkl'],
        "'a.pkl' and 'others.pkl' have different images: number 0 (from 0) is "
        'scenes/airport/a_airport.png and scenes/airport/a_airport.png.jpg',
    ),
    'labels': (['a.pkl', 'relabelled.pkl'], 'have different labels: number 3 (from 0) is (1,) and (5,)'),
    'classes': (['a.pkl', 'five.pkl'], 'have different classes: (6,) and (5,)'),
    'negative': (
        ['a.pkl', 'negative.pkl', '--mean', 'geometric'],
        "mean='geometric': expected scores of at least 0",
    ),
    'ending': (['a.pkl', 'b.pkl', '--out', 'x.txt'], "--out='x.txt': expected a name that ends with .pkl"),
    'config': (['a.pkl', 'b.pkl', '--config', 'nowhere.py'], "config='nowhere.py' is not a file"),
    'metric': (
        ['a.pkl', 'b.pkl', '--metrics', 'NoSuchMetric'],
        "--metrics='NoSuchMetric': expected a metric",
    ),
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
    (folder / 'single.py').write_text("test_evaluator = dict(type='Accuracy')")
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
    """Return the printed table as {row: {column: text}}."""
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


def test_a_config_may_have_one_evaluator_or_a_list(folder):
    config_metrics = runpy.run_path(TOOLS / TOOL)['config_metrics']
    listed, single = (config_metrics(folder / name, {}) for name in ('config.py', 'single.py'))
    assert [metric['type'] for metric in listed] == ['Accuracy', 'SingleLabelMetric']
    assert single == [dict(type='Accuracy')]


@pytest.mark.slow
def test_results_of_two_networks_are_averaged_and_each_is_evaluated(folder, outputs):
    mean = scores_of(folder / 'new/mean.pkl')
    first, second = scores_of(folder / 'a.pkl'), scores_of(folder / 'b.pkl')
    torch.testing.assert_close(mean, (first + second) / 2)
    assert table(outputs['default']) == {
        name: {f'accuracy/top{k}': accuracy(scores, k) for k in (1, 5)}
        for name, scores in (('a.pkl', first), ('b.pkl', second), ('ensemble', mean))
    }


@pytest.mark.slow
def test_metrics_of_a_config_are_used(folder, outputs):
    product = scores_of(folder / 'product.pkl')
    torch.testing.assert_close(product, (scores_of(folder / 'a.pkl') * scores_of(folder / 'b.pkl')).sqrt())
    right = product.numpy().argmax(1) == scenes.labels()
    recall = f'{100 * right.reshape(6, 2).mean(1).mean():.2f}'
    assert table(outputs['config'])['ensemble'] == {
        'accuracy/top1': accuracy(product, 1),
        'accuracy/top2': accuracy(product, 2),
        'single-label/recall': recall,
    }


@pytest.mark.slow
def test_metrics_are_chosen_by_name(outputs):
    assert list(table(outputs['metrics'])['ensemble']) == [
        'single-label/precision',
        'single-label/recall',
        'single-label/f1-score',
        'accuracy/top1',
        'accuracy/top5',
    ]


@pytest.mark.slow
def test_written_ensemble_has_the_format_of_a_result_and_is_no_larger(folder, outputs):
    assert list(table(outputs['of an ensemble'])) == ['new/mean.pkl', 'a.pkl', 'ensemble']
    written, original = read(folder / 'new/mean.pkl'), read(folder / 'a.pkl')
    assert [sample['img_path'] for sample in written] == [sample['img_path'] for sample in original]
    assert all(torch.equal(sample['pred_label'], sample['pred_score'].argmax(0, keepdim=True)) for sample in written)
    assert (folder / 'new/mean.pkl').stat().st_size <= (folder / 'a.pkl').stat().st_size


@pytest.mark.slow
def test_results_without_labels_are_averaged_but_not_evaluated(folder, outputs):
    code, output = outputs['unlabelled']
    assert code == 0 and 'no labels: nothing to evaluate' in output
    torch.testing.assert_close(scores_of(folder / 'unlabelled3.pkl'), scores_of(folder / 'unlabelled.pkl'))


@pytest.mark.slow
@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence(name, outputs):
    code, output = outputs[f'bad {name}']
    progress = [line for line in output.splitlines() if line.startswith('Reading ')]
    rest = '\n'.join(output.splitlines()[len(progress) :]) + '\n'
    assert_one_sentence((code, rest), 'ensemble.py', BAD_INPUT[name][1])
