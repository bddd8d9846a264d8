"""Faults of the original hosts without the patches of mmgb, found in one process."""

import json

import pytest
from helpers.host_stacks import stack_path
from helpers.tiny_runs import run, succeeded

UNPATCHED = """
import json, sys, torch
found, loaded = {}, []
try:
    from mmengine.utils import is_installed
    is_installed('numpy')
except ImportError as error:
    found['is_installed'] = str(error)
try:
    import mmcv.ops
except ImportError as error:
    found['mmcv.ops'] = str(error)

from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 20
    def __getitem__(self, index):
        loaded.append(index)
        return torch.tensor([float(index)])

class Resumed(Hook):
    def before_train(self, runner):
        runner.train_loop._iter = 3

class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
    def forward(self, inputs, mode):
        return dict(loss=(inputs * self.weight).mean())

Runner(model=Model(), work_dir='unpatched', default_scope='mmengine', log_level='ERROR',
       train_dataloader=dict(dataset=Numbers(), batch_size=2, sampler=dict(type='InfiniteSampler', shuffle=False),
                             collate_fn=lambda batch: dict(inputs=torch.stack(batch))),
       train_cfg=dict(type='IterBasedTrainLoop', max_iters=4), custom_hooks=[Resumed()],
       default_hooks=dict(checkpoint=None, logger=None),
       optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))).train()
found['loaded'] = loaded
print('FOUND' + json.dumps(found))
"""


@pytest.fixture(scope='session')
def unpatched_originals(tmp_path_factory):
    """Return the faults of the original hosts by name, as they are without :func:`mmgb.compat.apply`."""
    output = succeeded(run(tmp_path_factory.mktemp('unpatched'), '-c', UNPATCHED, path=stack_path('openmmlab')))
    return json.loads(output.rpartition('FOUND')[2])
