"""FLOPs and parameters of a config, counted here by hand."""

import os

import pytest
import yaml
from helpers.tiny_runs import run, succeeded

TOOL = 'analysis_tools/model_complexity.py'
STACKS = {'onedl': [], 'openmmlab': [os.environ.get('MMGB_ORIGINALS')]}  # what stands first on PYTHONPATH
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


def printed(process):
    """The entries that were printed, between warnings of the hosts."""
    lines = [
        line
        for line in succeeded(process).splitlines()
        if line.startswith(('- Name', '  Input', '  FLOPs', '  Parameters'))
    ]
    return yaml.safe_load('\n'.join(lines))


@pytest.mark.parametrize('stack', STACKS)
def test_counts_are_multiply_adds_and_parameters_of_testing(stack, tmp_path):
    if None in STACKS[stack]:
        pytest.skip('the ORIGINAL OpenMMLab stack is NOT tested: set MMGB_ORIGINALS (see tools/run_tests.sh)')
    (tmp_path / 'mlp_8xb128-100e_mnist-28x28.py').write_text(MLP)
    (tmp_path / 'relay_224x224_tta.py').write_text(RELAY)
    mlp, relay = printed(
        run(tmp_path, TOOL, 'mlp_8xb128-100e_mnist-28x28.py', 'relay_224x224_tta.py', path=STACKS[stack])
    )
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


def test_shape_of_the_command_line_comes_first(tmp_path):
    (tmp_path / 'relay_224x224.py').write_text(RELAY)
    (small,) = printed(run(tmp_path, TOOL, 'relay_224x224.py', '--shape', 3, 224, 224))
    (large,) = printed(run(tmp_path, TOOL, 'relay_224x224.py', '--shape', 3, 224, 240))
    assert large['Input'] == '3x224x240'
    assert large['FLOPs'] > small['FLOPs'] and large['Parameters'] == small['Parameters']


@pytest.mark.parametrize(
    'name, content, options, message',
    [
        ('mlp.py', MLP, (), "config='mlp.py' has no size like 224x224 in its name: say --shape"),
        ('mlp_32x32.py', MLP, (), 'in_features=784: expected images with 784 values, got 1024 from 1x32x32 '),
        ('empty_32x32.py', '', (), "config='empty_32x32.py' lacks model"),
        ('mlp_28x28.py', MLP, ('--shape', 1, 0, 28), '--shape 1 0 28: expected three numbers of at least 1'),
    ],
)
def test_bad_input_ends_in_one_sentence_and_exit_code_2(tmp_path, name, content, options, message):
    (tmp_path / name).write_text(content)
    process = run(tmp_path, TOOL, name, *options)
    assert process.returncode == 2
    assert message in process.stdout.splitlines()[-1] and 'Traceback' not in process.stdout


def test_missing_config_is_named(tmp_path):
    process = run(tmp_path, TOOL, 'absent.py')
    assert process.returncode == 2 and "config='absent.py' is not a file" in process.stdout
