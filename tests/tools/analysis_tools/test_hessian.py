"""tools/analysis_tools/hessian.py on networks of both hosts, trained by tools/train.py."""

import json
import re
import runpy

import pytest
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import TOOLS, make_workspace

from mmgb.analysis.curvature.section_4 import section_4_statements
from mmgb.analysis.curvature.statement import statements_text
from mmgb.functional.errors import ConfigError

TOOL = 'analysis_tools/hessian.py'
NETWORK = 'a=cls.py,run_cls/epoch_1.pth'
BAD_INPUT = {
    'no checkpoint': (['a=cls.py'], "'a=cls.py': expected NAME=CONFIG,CHECKPOINT"),
    'twice': ([NETWORK, NETWORK], "the name 'a' is given twice"),
    'samples': ([NETWORK, '--samples', 0], '--samples=0: expected at least 1'),
    'no file': (['a=cls.py,none.pth'], "checkpoint='none.pth' is not a file"),
    'data': (
        [NETWORK, '--cfg-options', 'test_dataloader.dataset.data_root=none'],
        "test_dataloader.dataset.data_root='none' does not exist",
    ),
}
# Faults that only building or running the model shows, after the statements are printed.
BAD_MODELS = {
    'loss': (
        NETWORK,
        'model.head.loss.type=FocalLoss',
        "config='cls.py': loss type='FocalLoss': expected",
    ),
    'features': (
        NETWORK,
        'model.backbone.num_classes=-1',
        "config='cls.py': the model gives (2, 120, 1, 1); expected scores (N, C)",
    ),
    'labels': (
        'a=seg.py,run_seg/iter_2.pth',
        'test_dataloader.dataset.pipeline.1.type=PhotoMetricDistortion',
        "config='seg.py': the test data set: expected a label map",
    ),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp('hessian'))


@pytest.fixture(scope='module')
def results(folder):
    return run_many(
        folder,
        {
            'train cls': ['train.py', 'cls.py', '--work-dir', 'run_cls'],
            'train seg': ['train.py', 'seg.py', '--work-dir', 'run_seg'],
            'statements': [TOOL],
            'both': [
                TOOL,
                NETWORK,
                'seg=seg.py,run_seg/iter_2.pth',
                '--out-dir',
                'new/out',
                '--json',
                'new/hessian.json',
            ],
            'three': [TOOL, NETWORK, '--samples', 3, '--json', 'three.json'],
            **{name: [TOOL, *arguments] for name, (arguments, _) in BAD_INPUT.items()},
            **{name: [TOOL, network, '--cfg-options', option] for name, (network, option, _) in BAD_MODELS.items()},
        },
    )


def test_networks_are_named_pairs_of_config_and_checkpoint():
    parse_networks = runpy.run_path(TOOLS / TOOL)['parse_networks']
    assert parse_networks(['a=x,y.py,z.pth', 'b=c,d']) == {'a': ('x,y.py', 'z.pth'), 'b': ('c', 'd')}
    with pytest.raises(ConfigError, match="^'a=,z.pth': expected NAME=CONFIG,CHECKPOINT$"):
        parse_networks(['a=,z.pth'])


@pytest.mark.slow
def test_without_a_network_the_statements_are_printed(results):
    code, output = results['statements']
    assert code == 0 and statements_text(section_4_statements()) in output


@pytest.mark.slow
def test_networks_of_both_hosts_are_measured_and_drawn(results, folder):
    code, output = results['both']
    assert code == 0, output
    found = json.loads((folder / 'new/hessian.json').read_text())
    assert len(found['statements']) == len(section_4_statements())
    cls, seg = found['networks']['a'], found['networks']['seg']
    assert (cls['loss'], cls['samples'], cls['classes']) == ('CrossEntropyLoss', 4, 2)
    assert (seg['loss'], seg['samples'], seg['classes']) == ('CrossEntropyLoss', 4 * 256, 3)
    assert (folder / 'new/out/hessian.png').read_bytes().startswith(b'\x89PNG')
    assert '<svg' in (folder / 'new/out/hessian.svg').read_text()
    written = (folder / 'new/out/hessian.md').read_text()
    assert all(line in output for line in written.splitlines()) and '## seg\n' in written


@pytest.mark.slow
def test_the_measured_error_is_that_of_the_checkpoint(results, folder):
    accuracy = re.search(r'accuracy/top1: ([\d.]+)', results['train cls'][1])  # of its validation
    found = json.loads((folder / 'new/hessian.json').read_text())['networks']['a']
    assert 100 * (1 - found['error']) == pytest.approx(float(accuracy.group(1)))


@pytest.mark.slow
def test_number_of_samples_may_end_inside_a_batch(results, folder):
    assert results['three'][0] == 0
    assert json.loads((folder / 'three.json').read_text())['networks']['a']['samples'] == 3


@pytest.mark.slow
@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence(name, results):
    assert_one_sentence(results[name], 'hessian.py', BAD_INPUT[name][1])


@pytest.mark.slow
@pytest.mark.parametrize('name', BAD_MODELS)
def test_a_model_that_cannot_be_measured_ends_with_one_sentence(name, results):
    code, output = results[name]
    assert code == 2 and 'Traceback' not in output
    assert BAD_MODELS[name][2] in output.splitlines()[-1]
