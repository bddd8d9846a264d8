"""Train, resume and test RelayBP with the tools, on both stacks; checkpoints are exchanged with the plain model."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from helpers.host_stacks import STACKS, installed_stacks, stack_path
from helpers.tiny_runs import make_workspace, run, succeeded

pytestmark = pytest.mark.slow

RELAY = """
_base_ = './cls.py'
auxiliary = dict(
    source='backbone.features.5', loss_weight=0.3,
    head=dict(type='mmgb.AuxiliaryClsHead', num_classes=2, in_channels=16, pooled_size=2, conv_channels=8,
              fc_channels=8))
model = dict(_delete_=True, type='mmgb.RelayBP', model=_base_.model, auxiliaries=[auxiliary],
             primary_lowest='backbone.features.3', propagation='relay')
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
tta_model = dict(type='AverageClsScoreTTA')
tta_pipeline = [dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='TestTimeAug', transforms=[
    [dict(type='RandomFlip', prob=0.), dict(type='RandomFlip', prob=1.)], [dict(type='PackInputs')]])]
"""
# UNet of mmsegmentation with SyncBN.
SEGMENTATION_RELAY = """
_base_ = './seg.py'
auxiliary = dict(source='backbone.encoder.1', head=dict(_base_.model.decode_head, in_channels=8, in_index=0))
model = dict(_delete_=True, type='mmgb.RelayBP', model=_base_.model, auxiliaries=[auxiliary],
             primary_lowest='backbone.encoder.1', propagation='standard')
"""


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Start the runs of both stacks, two chains at a time: {stack: (folder, futures of {run: output})}."""
    with ThreadPoolExecutor(2) as pool:
        folders = {stack: make_folder(tmp_path_factory.mktemp(stack)) for stack in installed_stacks()}
        yield {
            stack: (folder, [pool.submit(chain, folder, path) for chain in (from_scratch, from_plain)])
            for (stack, path), folder in zip(installed_stacks().items(), folders.values())
        }


def make_folder(folder):
    make_workspace(folder)
    (folder / 'relay.py').write_text(RELAY)
    (folder / 'seg_relay.py').write_text(SEGMENTATION_RELAY)
    return folder


def from_scratch(folder, path):
    return {
        'trained': tool(folder, path, 'train.py', 'relay.py', '--work-dir', 'relay'),
        'resumed': tool(
            folder,
            path,
            'train.py',
            'relay.py',
            '--work-dir',
            'relay',
            '--resume',
            '--cfg-options',
            'train_cfg.max_epochs=2',
            'activation_checkpointing=backbone.features',
        ),
        'tested': tool(folder, path, 'test.py', 'relay.py', 'relay/epoch_2.pth', '--tta'),
        'tested as plain': tool(folder, path, 'test.py', 'cls.py', 'relay/epoch_2.pth'),
    }


def from_plain(folder, path):
    return {
        'plain': tool(folder, path, 'train.py', 'cls.py', '--work-dir', 'plain'),
        'from plain': tool(
            folder,
            path,
            'train.py',
            'relay.py',
            '--work-dir',
            'from_plain',
            '--cfg-options',
            'load_from=plain/epoch_1.pth',
            'optim_wrapper.optimizer.lr=0.',
            'custom_hooks=[]',
        ),
        'segmentation': tool(folder, path, 'train.py', 'seg_relay.py', '--work-dir', 'seg'),
    }


def tool(folder, path, *arguments):
    return succeeded(run(folder, *arguments, path=path))


@pytest.fixture(params=STACKS)
def ran(request, runs):
    stack_path(request.param)  # skips where the stack is not installed
    folder, chains = runs[request.param]
    outputs = {name: output for chain in chains for name, output in chain.result().items()}
    assert ('MMEngine: 0.10.7' in outputs['trained']) == (request.param == 'openmmlab')
    return folder, outputs


def weights(path):
    return torch.load(path, weights_only=False)['state_dict']


def test_auxiliary_losses_are_logged_in_a_first_and_in_a_resumed_run(ran):
    _, outputs = ran
    for output in (outputs['trained'], outputs['resumed']):
        assert 'aux_0.loss: ' in output and 'accuracy/top1: ' in output
    assert 'Epoch(train) [2][2/2]' in outputs['resumed'] and 'Epoch(train) [1]' not in outputs['resumed']
    assert 'decode.loss_ce: ' in outputs['segmentation'] and 'aux_0.loss_ce: ' in outputs['segmentation']


def test_a_trained_checkpoint_loads_into_the_plain_model(ran):
    folder, outputs = ran
    keys, plain = list(weights(folder / 'relay/epoch_2.pth')), list(weights(folder / 'plain/epoch_1.pth'))
    assert [key for key in keys if not key.startswith('auxiliaries.')] == plain and len(keys) > len(plain)
    assert 'accuracy/top1' in outputs['tested'] and 'accuracy/top1' in outputs['tested as plain']
    assert 'missing keys' not in outputs['tested as plain']
    assert 'auxiliaries.0.fc.weight' in outputs['tested as plain']  # listed as unexpected and ignored


def test_training_can_start_from_a_plain_checkpoint(ran):
    folder, _ = ran
    start, end = weights(folder / 'plain/epoch_1.pth'), weights(folder / 'from_plain/epoch_1.pth')
    assert all(torch.equal(end[name], value) for name, value in start.items())
