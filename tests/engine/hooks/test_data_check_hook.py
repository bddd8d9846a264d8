"""DataCheckHook calls its check for every data set of the loops that will run."""

from types import SimpleNamespace

import pytest
from torch.utils.data import ConcatDataset, Subset

from mmgb.engine.hooks.data_check_hook import DataCheckHook

TRAIN_A, TRAIN_B, VAL, TEST = [1], [2], [3], [4]


class Recorder(DataCheckHook):
    def __init__(self):
        self.checked = []

    def check_dataset(self, runner, field, dataset):
        self.checked.append((field, dataset))


def loop(dataset):
    return SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))


def runner(val=VAL):
    train = ConcatDataset([TRAIN_A, Subset(TRAIN_B, [0])])
    return SimpleNamespace(train_loop=loop(train), val_loop=None if val is None else loop(val), test_loop=loop(TEST))


@pytest.mark.parametrize('val', [VAL, None])
def test_training_checks_every_data_set_of_training_and_validation(val):
    hook = Recorder()
    hook.before_train(runner(val))
    expected = [('train_dataloader', TRAIN_A), ('train_dataloader', TRAIN_B), ('val_dataloader', VAL)]
    assert hook.checked == (expected if val else expected[:2])


def test_a_test_checks_its_own_data_set():
    hook = Recorder()
    hook.before_test(runner())
    assert hook.checked == [('test_dataloader', TEST)]


def test_the_base_class_has_no_check():
    with pytest.raises(NotImplementedError):
        DataCheckHook().before_test(runner())
