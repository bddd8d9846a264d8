"""A hook that notes what a training does, and the parts of the scenario ``dropout``; imported by the configs."""

import hashlib
import json
import os
import random
import time

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, HOOKS, MODELS

from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import stack_versions

PAUSE = 0.1  # seconds after each iteration, so that a kill meets the one it is meant for


@HOOKS.register_module()
class NoteHook(Hook):
    """Append ``[iteration, index of the batch, loss, digest of each sample]`` to ``notes_RANK.jsonl``.

    A digest covers the pixels that the model receives, so it changes with the image and with its augmentation. One
    system call writes a line, so that a kill leaves it complete or absent. ``saving`` grows when a checkpoint is due.
    ``versions.json`` holds the versions with which it trains.
    """

    priority = 'VERY_LOW'

    def before_train(self, runner):
        if get_rank() == 0:
            with atomic_write('versions.json') as file:
                json.dump(stack_versions(), file)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        samples = [hashlib.sha256(image.numpy().tobytes()).hexdigest()[:16] for image in data_batch['inputs']]
        append(f'notes_{get_rank()}.jsonl', [runner.iter, batch_idx, float(outputs['loss']).hex(), samples])
        time.sleep(PAUSE)

    def before_save_checkpoint(self, runner, checkpoint):
        append('saving', checkpoint['meta']['iter'])


def append(name, entry):
    file = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, (json.dumps(entry) + '\n').encode())
    os.close(file)


@DATASETS.register_module()
class NoisyPoints:
    """Points of two classes, moved at random by each of the generators."""

    metainfo = dict(classes=('few', 'many'))

    def __init__(self, samples):
        self.labels = [int(index % 5 > 0) for index in range(samples)]

    def __len__(self):
        return len(self.labels)

    def get_gt_labels(self):
        return self.labels

    def __getitem__(self, index):
        noise = random.random() + np.random.randn(16)
        return dict(inputs=torch.randn(16) + torch.as_tensor(noise).float() + index, labels=self.labels[index])


@MODELS.register_module()
class DropoutNet(BaseModel):
    """Two layers with dropout between them."""

    def __init__(self, data_preprocessor=None, width=64):
        super().__init__(data_preprocessor)
        layers = torch.nn.Linear(16, width), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(width, 2)
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, inputs, labels, mode):
        scores = self.layers(torch.stack(inputs) / 10)
        return dict(loss=torch.nn.functional.cross_entropy(scores, torch.tensor(labels)))
