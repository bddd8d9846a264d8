"""GradientStatsHook in mmengine runs against autograd; it leaves nothing in the model."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.gradient_runs import ALPHA, CpuAmp, Net, by_autograd, samples, train, written
from helpers.tiny_runs import make_workspace, run, succeeded
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner

from mmgb.engine.hooks import GradientStatsHook
from mmgb.models.losses import SquaredErrorLoss


def without_hooks(model):
    return not any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks for module in model.modules()
    )


def assert_close(found, expected):
    assert found == pytest.approx(expected, rel=1e-6, abs=0)


def test_every_scalar_of_every_iteration_equals_autograds(tmp_path):
    model = Net()
    train(tmp_path, model)
    scalars, _ = written(tmp_path)
    assert list(scalars) == [1, 2]
    for step, batch in ((1, samples()[:4]), (2, samples()[4:])):
        expected = by_autograd(model, batch)[0]
        assert_close(scalars[step], expected)
        assert expected['dead_relu_share/relu'] == 0.25 and 0 < expected['saturated_share/sigmoid'] < 1


def test_histograms_are_those_of_the_papers_deltas(tmp_path):
    model = Net()
    train(tmp_path, model)
    for line, batch in zip(written(tmp_path)[1], (samples()[:4], samples()[4:])):
        _, deltas, scores, labels = by_autograd(model, batch)
        formula = ALPHA * scores.double().exp() - 16 * F.one_hot(labels, 3)
        assert torch.allclose(deltas.double(), formula, rtol=1e-5)
        edges, counts = np.array(line['edges']), np.array(line['counts'])
        assert np.allclose(edges, np.linspace(edges[0], edges[-1], 201), rtol=0, atol=1e-12)
        assert np.allclose(edges[[0, -1]], [formula.min(), formula.max()], rtol=1e-5)
        assert (counts == np.histogram(deltas.numpy(), edges)[0]).all() and counts.sum() == 12
        assert line['not_finite'] == 0 and line['loss'] == 'head.loss_module'


def test_under_mixed_precision_gradients_are_unscaled(tmp_path):
    model = Net()
    train(tmp_path, model, wrapper=CpuAmp)
    scalars, lines = written(tmp_path)
    expected, deltas, *_ = by_autograd(model, samples()[:4], amp=True)
    assert_close(scalars[1], expected)
    assert_close(lines[0]['edges'][-1], deltas.max().item())


def test_gradients_of_a_fused_optimizer_which_unscales_them_itself_are_unscaled(tmp_path):
    model = Net()
    train(tmp_path, model, wrapper=CpuAmp, optimizer=torch.optim.SGD(model.parameters(), 0.0, fused=True))
    assert_close(written(tmp_path)[0][1], by_autograd(model, samples()[:4], amp=True)[0])


def test_accumulated_weight_gradients_are_written_at_their_update(tmp_path):
    model = Net()
    train(tmp_path, model, batch_size=2, accumulative_counts=2, interval=3)
    scalars, _ = written(tmp_path)
    assert list(scalars) == [1, 2, 4]
    expected = by_autograd(model, samples()[:2])[0]
    assert_close(scalars[1], {name: value for name, value in expected.items() if not name.startswith('weight')})
    update = by_autograd(model, samples()[:4])[0]  # the mean over two batches equals the mean over their samples
    assert_close(scalars[2], {name: value for name, value in update.items() if name.startswith('weight')})
    assert {name.split('/')[0] for name in scalars[4]} >= {'weight_grad_mean', 'error_rms'}


def test_only_recorded_iterations_have_hooks(tmp_path):
    model, seen = Net(), []
    forward = model.forward
    model.forward = lambda *args, **kwargs: seen.append(without_hooks(model)) or forward(*args, **kwargs)
    train(tmp_path, model, batch_size=1, epochs=2, interval=3)
    scalars, lines = written(tmp_path)
    assert list(scalars) == [1, 4, 7, 9, 10, 13, 16]
    assert [step for step, bare in enumerate(seen, 1) if not bare] == list(scalars)
    assert [(line['step'], line['epoch'], line['batch']) for line in lines] == [
        (1, 1, 1),
        (4, 1, 4),
        (7, 1, 7),
        (9, 2, 1),
        (10, 2, 2),
        (13, 2, 5),
        (16, 2, 8),
    ]


def test_nothing_remains_in_the_model_or_its_optimizer(tmp_path):
    model = Net()
    runner = train(tmp_path, model, batch_size=2, accumulative_counts=8, hooks=[dict(type='EMAHook')])
    assert without_hooks(model) and not runner.optim_wrapper.optimizer._optimizer_step_pre_hooks
    copied = pickle.loads(pickle.dumps(copy.deepcopy(model)))
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in copied.state_dict().items())


def test_layers_restricts_the_recorded_modules(tmp_path):
    train(tmp_path, Net(), layers=['relu', 'conv2'])
    scalars = written(tmp_path)[0][1]
    assert {name for name in scalars if name.startswith(('error', 'activation', 'weight'))} == {
        'error_rms/relu',
        'error_rms/conv2',
        'activation_variance/relu',
        'activation_variance/conv2',
        'weight_grad_mean/conv2',
        'weight_grad_ratio/conv2',
    }


# ------------------------------------------------------------------------------------ several processes

WORKER = """
import sys
import torch
from helpers.gradient_runs import Net, train
from mmgb.utils.process_exit import exit_if_distributed
torch.distributed.init_process_group('gloo', init_method=f'file://{sys.argv[2]}/store', rank=int(sys.argv[1]),
                                     world_size=2)
torch.set_num_threads(1)
train(sys.argv[2] + '/run', Net(), batch_size=2, launcher='pytorch')
exit_if_distributed()
"""


@pytest.mark.slow
def test_two_processes_write_the_same_as_one_with_the_joined_batch(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        for process in pool.map(
            lambda rank: run(
                tmp_path, '-c', WORKER, rank, tmp_path, path=[Path(__file__).parents[2]], LOCAL_RANK=str(rank)
            ),
            range(2),
        ):
            succeeded(process)
    scalars, lines = written(tmp_path / 'run')
    for step, start in ((1, 0), (2, 4)):
        # DefaultSampler assigns samples to ranks in turn: the ranks' second batch is samples 4 to 7.
        expected, deltas, *_ = by_autograd(Net(), samples()[start : start + 4])
        assert_close(scalars[step], expected)
        edges = np.array(lines[step - 1]['edges'])
        assert lines[step - 1]['counts'] == np.histogram(deltas.numpy(), edges)[0].tolist()


# ------------------------------------------------------------------------------------ both hosts

HOOK = "\ncustom_hooks = [dict(type='mmgb.GradientStatsHook', interval=1)]\n"


def check_host_run(work_dir, loss, deltas):
    scalars, lines = written(work_dir)
    assert list(scalars) == [1, 2] and [line['loss'] for line in lines] == [loss] * 2
    assert f'softmax_normaliser_mean/{loss}' in scalars[1]
    assert all(np.isfinite(list(record.values())).all() for record in scalars.values())
    assert all(sum(line['counts']) == deltas for line in lines)


def test_losses_of_enlarged_scores_are_named_once_since_they_have_no_deltas(tmp_path, monkeypatch):
    make_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path('full.py').write_text(
        "_base_ = './seg.py'"
        + HOOK
        + "work_dir = 'run'\ntrain_dataloader = dict(persistent_workers=False)\n"
        + "model = dict(decode_head=dict(type='mmgb.FullResolutionLoss', head='FCNHead'))\n"
    )
    Runner.from_cfg(Config.fromfile('full.py')).train()
    log = next(Path('run').glob('*/*.log')).read_text()
    assert log.count('GradientStatsHook records no output deltas of decode_head.loss_decode,') == 1
    assert 'error_rms/decode_head.conv_seg' in written(tmp_path / 'run')[0][1]


@pytest.mark.slow
def test_a_segmentor_with_two_losses_is_recorded_by_train_py(tmp_path):
    make_workspace(tmp_path)
    (tmp_path / 'hooked.py').write_text(
        "_base_ = './seg.py'"
        + HOOK
        + (
            "model = dict(decode_head=dict(loss_decode=[dict(type='CrossEntropyLoss', loss_name='loss_ce'),"
            "dict(type='mmgb.ExpGBLoss')]))"
        )
    )
    succeeded(run(tmp_path, 'train.py', 'hooked.py', '--work-dir', 'run'))
    check_host_run(tmp_path / 'run', 'decode_head.loss_decode.0', 2 * 3 * 32 * 32)


def test_a_classifier_is_recorded(tmp_path, monkeypatch):
    make_workspace(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'hooked.py').write_text("_base_ = './cls.py'" + HOOK + "work_dir = 'run'\n")
    Runner.from_cfg(Config.fromfile('hooked.py')).train()
    check_host_run(tmp_path / 'run', 'head.loss_module', 2 * 2)


# ------------------------------------------------------------------------------------ invalid input


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(interval=0), 'interval=0: expected a positive number of iterations'),
        (dict(interval=2.5), 'interval=2.5: expected a positive number of iterations'),
        (dict(layers='conv1'), "layers='conv1': expected a list of module paths, or None"),
    ],
)
def test_invalid_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=f'^{message}$'):
        GradientStatsHook(**settings)


def test_a_missing_layer_is_refused_with_close_matches_before_training(tmp_path):
    with pytest.raises(ValueError, match=r"^layers='head\.fcc': no such module; close matches: head\.fc"):
        train(tmp_path, Net(), layers=['head.fcc'])


def test_an_optimizer_wrapper_with_unknown_scaling_is_refused(tmp_path):
    def wrapper(optimizer, accumulative_counts):
        return OptimWrapperDict(whole=OptimWrapper(optimizer))

    with pytest.raises(ValueError, match='^optim_wrapper=OptimWrapperDict: expected OptimWrapper or AmpOptimWrapper'):
        train(tmp_path, Net(), wrapper=wrapper)


class Saturated(BaseModel):
    """A linear classifier with large outputs, whose loss applies a tanh."""

    def __init__(self, scale):
        super().__init__()
        self.fc = torch.nn.Linear(36, 3)
        self.sigmoid = torch.nn.Sigmoid()
        self.loss_module = SquaredErrorLoss('tanh', 'symmetric')
        with torch.no_grad():
            self.fc.weight *= scale
        self.scores = []

    def forward(self, inputs, labels, mode):
        self.scores.append(self.fc(inputs.flatten(1)))
        self.sigmoid(self.scores[-1])
        return dict(loss=self.loss_module(self.scores[-1], labels))


def test_saturated_outputs_are_recorded_and_named_once_in_the_log(tmp_path, monkeypatch):
    logged = []
    monkeypatch.setattr('mmgb.engine.hooks.gradient_stats_hook.print_log', lambda message, *_: logged.append(message))
    model = Saturated(1e4)
    train(tmp_path / 'large', model, epochs=2)
    assert len(logged) == 2  # and not again in iterations 2 to 4
    for name, message in zip(('loss_module', 'sigmoid'), logged):
        assert message.startswith('iteration 1: 100.0% of the outputs of ' + name + ' are saturated')
        assert 'lower the learning rate' in message
    logged.clear()
    model = Saturated(8.0)
    train(tmp_path / 'small', model)
    expected = (model.scores[0].tanh().abs() > 0.98).double().mean().item()
    assert written(tmp_path / 'small')[0][1]['saturated_share/loss_module'] == pytest.approx(expected)
    assert not logged and 0 < expected < 0.99
