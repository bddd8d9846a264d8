"""A killed and resumed run trains on the same images as an uninterrupted one: two processes, both stacks."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers.host_stacks import STACKS, installed_stacks, stack_path
from helpers.tiny_runs import run, succeeded
from torch.distributed import TCPStore

from mmgb.functional import class_aware_order, group_by_class

pytestmark = pytest.mark.slow

LABELS = [0] * 2 + [1] * 17 + [2] * 5
BATCH = 3

TOY = f"""
import json, os, signal
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, HOOKS, MODELS


def note(name, line):
    with open(f'{{name}}_{{os.environ["RUN"]}}_{{get_rank()}}.jsonl', 'a') as file:
        file.write(json.dumps(line) + chr(10))


@DATASETS.register_module()
class Numbers:
    metainfo = dict(classes=('a', 'b', 'c'))

    def __len__(self):
        return len({LABELS})

    def get_gt_labels(self):
        return {LABELS}

    def __getitem__(self, index):
        if torch.utils.data.get_worker_info() is None:
            note('loaded', index)
        return dict(index=index)


@MODELS.register_module()
class Scale(BaseModel):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, index, mode):
        return dict(loss=self.scale.sum())


@HOOKS.register_module()
class Watch(Hook):
    def __init__(self, killed_at):
        self.killed_at = killed_at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.killed_at and get_rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        note('trained', [runner.iter, [int(index) for index in data_batch['index']]])
"""

COMMON = f"""
custom_imports = dict(imports=['toy'])
default_scope = 'mmengine'
model = dict(type='Scale')
train_dataloader = dict(batch_size={BATCH}, num_workers=0, dataset=dict(type='Numbers'),
                        sampler=dict(type='mmgb.ClassAwareSampler'))
optim_wrapper = dict(optimizer=dict(type='SGD', lr=.01))
custom_hooks = [dict(type='Watch', killed_at=-1)]
"""

ITERATIONS = (
    COMMON
    + """
train_dataloader.update(sampler=dict(type='mmgb.ClassAwareSampler', infinite=True))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=13)
custom_hooks += [dict(type='mmgb.ExactResumeHook')]
default_hooks = dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=5))
"""
)

EPOCHS = (
    COMMON
    + """
train_dataloader.update(num_workers=1, persistent_workers=True)
train_cfg = dict(by_epoch=True, max_epochs=3)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
"""
)


@pytest.fixture(scope='module')
def chains(tmp_path_factory):
    """Start chains of runs, two at a time, and return {(chain, stack): Future}."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            (chain, stack): pool.submit(chain, make_folder(tmp_path_factory.mktemp(stack)), path)
            for chain in (iterations, epochs)
            for stack, path in installed_stacks().items()
        }


def make_folder(folder):
    for name, text in (('toy', TOY), ('iterations', ITERATIONS), ('epochs', EPOCHS)):
        (folder / f'{name}.py').write_text(text)
    return folder


def train(folder, stack, config, name, *options):
    command = ['train.py', config, '--launcher', 'pytorch', '--work-dir', 'run', '--resume', '--cfg-options', *options]
    # The ranks meet at a store of this process, as at that of torchrun's agent: a port that rank 0 opens later can be
    # taken by another process, or by rank 1, whose attempts to connect can end at itself.
    store = TCPStore('127.0.0.1', 0, is_master=True, wait_for_workers=False)
    agent = dict(TORCHELASTIC_USE_AGENT_STORE='True', TORCHELASTIC_RESTART_COUNT='0')
    group = dict(agent, WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(store.port))

    def train_rank(rank):
        return run(folder, *command, path=[*stack, folder], RUN=name, RANK=rank, LOCAL_RANK=rank, **group)

    with ThreadPoolExecutor(2) as ranks:
        return list(ranks.map(train_rank, '01'))


def iterations(folder, stack):
    killed = train(folder, stack, 'iterations.py', 'killed', 'randomness.seed=4', 'custom_hooks.0.killed_at=8')
    resumed = train(folder, stack, 'iterations.py', 'resumed', 'custom_hooks.0.killed_at=-1')  # the checkpoint's seed
    return folder, killed, resumed


def epochs(folder, stack):
    # 24 images: 12 per rank, 4 iterations per epoch; killed in the second epoch.
    options = ['train_dataloader.sampler.seed=5']
    killed = train(folder, stack, 'epochs.py', 'killed', *options, 'custom_hooks.0.killed_at=6')
    return folder, killed, train(folder, stack, 'epochs.py', 'resumed', *options)


def finished(chains, chain, stack):
    stack_path(stack)  # skips where the stack is not installed
    folder, killed, resumed = chains[chain, stack].result()
    assert killed[0].returncode != 0 and killed[1].returncode == -9, killed[0].stdout
    outputs = [succeeded(rank) for rank in resumed]
    assert ('MMEngine: 0.10.7' in outputs[0]) == (stack == 'openmmlab')
    return folder


def noted(folder, what, name, rank):
    lines = (folder / f'{what}_{name}_{rank}.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def uninterrupted(rank, seed, steps):
    """Return [iteration, images] of a rank in an uninterrupted run, from the definition of the order."""
    images = class_aware_order(group_by_class(np.array(LABELS), 3), seed, 0, 2 * BATCH * steps)[rank::2].tolist()
    return [[step, images[BATCH * step : BATCH * (step + 1)]] for step in range(steps)]


@pytest.mark.parametrize('stack', STACKS)
def test_an_iteration_based_run_continues_without_loading_the_images_before(chains, stack):
    folder = finished(chains, iterations, stack)
    for rank in range(2):
        expected = uninterrupted(rank, 4, 13)
        assert noted(folder, 'trained', 'killed', rank)[:8] == expected[:8]
        assert noted(folder, 'trained', 'resumed', rank) == expected[5:]
        assert len(noted(folder, 'loaded', 'resumed', rank)) == BATCH * 8


@pytest.mark.parametrize('stack', STACKS)
def test_an_epoch_based_run_continues_with_the_next_epoch(chains, stack):
    folder = finished(chains, epochs, stack)
    for rank in range(2):
        expected = uninterrupted(rank, 5, 12)
        assert noted(folder, 'trained', 'killed', rank)[:6] == expected[:6]
        assert noted(folder, 'trained', 'resumed', rank) == expected[4:]
