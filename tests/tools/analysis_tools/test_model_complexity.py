"""tools/analysis_tools/model_complexity.py, compared with counts by hand."""

import pytest
import yaml
from helpers.host_stacks import STACKS, stack_path
from helpers.many_runs import run_many
from helpers.tiny_runs import run

pytestmark = pytest.mark.slow  # tests/analysis/test_complexity.py is the fast one
TOOL = 'analysis_tools/model_complexity.py'
MLP = """
default_scope = 'mmpretrain'
model = dict(type='ImageClassifier', backbone=dict(type='mmgb.MLP'),
             head=dict(type='LinearClsHead', num_classes=10, in_channels=50))
data_preprocessor = dict(mean=[33.], std=[78.])
"""
RELAY = """
default_scope = 'mmpretrain'
model = dict(
    type='mmgb.RelayBP',
    model=dict(type='ImageClassifier', backbone=dict(type='mmgb.Places2VGG', width=1 / 64),
               neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=4, fc_channels=(6, 5)),
               head=dict(type='LinearClsHead', num_classes=3, in_channels=5)),
    auxiliaries=[dict(source='backbone.stages.3',
                      head=dict(type='mmgb.AuxiliaryClsHead', num_classes=3, in_channels=8))],
    primary_lowest='backbone.stages.3')
"""


def printed(result):
    """Return the printed entries, without warnings of the hosts."""
    code, output = result
    assert code == 0, output
    lines = [line for line in output.splitlines() if line.startswith(('- Name', '  Input', '  FLOPs', '  Parameters'))]
    return yaml.safe_load('\n'.join(lines))


@pytest.mark.parametrize('stack', STACKS)
def test_counts_are_multiply_adds_and_parameters_used_in_testing(stack, tmp_path):
    (tmp_path / 'mlp_8xb128-100e_mnist-28x28.py').write_text(MLP)
    (tmp_path / 'relay_224x224_tta.py').write_text(RELAY)
    process = run(tmp_path, TOOL, 'mlp_8xb128-100e_mnist-28x28.py', 'relay_224x224_tta.py', path=stack_path(stack))
    mlp, relay = printed((process.returncode, process.stdout))
    assert mlp == {
        'Name': 'mlp_8xb128-100e_mnist-28x28',
        'Input': '1x28x28',
        'FLOPs': 784 * 392 + 392 * 50 + 50 * 10,
        'Parameters': 327_428 + 452,
    }
    flops = parameters = 0
    before = 3
    for side, channels, count in ((224, 1, 2), (112, 2, 2), (56, 4, 5), (28, 8, 5), (14, 4, 5)):
        for _ in range(count):
            flops += side**2 * 9 * before * channels
            parameters += 9 * before * channels + channels
            before = channels
    for inputs, outputs in ((4 * 63, 6), (6, 5), (5, 3)):
        flops += inputs * outputs
        parameters += inputs * outputs + outputs
    assert relay == {'Name': 'relay_224x224_tta', 'Input': '3x224x224', 'FLOPs': flops, 'Parameters': parameters}


CONFIGS = {'mlp.py': MLP, 'mlp_32x32.py': MLP, 'mlp_28x28.py': MLP, 'relay_224x224.py': RELAY, 'empty_32x32.py': ''}
BAD_INPUT = {  # name: (arguments, part of the error message)
    'no size': (['mlp.py'], "config='mlp.py': expected a size like 224x224 in its name; give the size with --shape"),
    'other size': (['mlp_32x32.py'], 'in_features=784: expected images with 784 values, got 1024'),
    'no model': (['empty_32x32.py'], "config='empty_32x32.py' lacks model"),
    'shape': (['mlp_28x28.py', '--shape', 1, 0, 28], '--shape 1 0 28: expected three numbers of at least 1'),
    'no file': (['absent.py'], "config='absent.py' is not a file"),
}


@pytest.fixture(scope='module')
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('complexity')
    for name, content in CONFIGS.items():
        (folder / name).write_text(content)
    commands = {
        'square': [TOOL, 'relay_224x224.py', '--shape', 3, 224, 224],
        'wide': [TOOL, 'relay_224x224.py', '--shape', 3, 224, 240],
        **{name: [TOOL, *arguments] for name, (arguments, _) in BAD_INPUT.items()},
    }
    return run_many(folder, commands)


def test_shape_option_overrides_the_size_in_the_name(outputs):
    (square,), (wide,) = (printed(outputs[name]) for name in ('square', 'wide'))
    assert (square['Input'], wide['Input']) == ('3x224x224', '3x224x240')
    assert wide['FLOPs'] > square['FLOPs'] and wide['Parameters'] == square['Parameters']


@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence_and_exit_code_2(name, outputs):
    code, output = outputs[name]
    assert code == 2 and 'Traceback' not in output
    assert BAD_INPUT[name][1] in output.splitlines()[-1]
