"""Invalid input of tools/train.py and tools/test.py ends with one sentence and exit code 2, before any work."""

import shutil
from pathlib import Path

import pytest
import torch
from helpers.many_runs import run_many
from helpers.tiny_runs import make_workspace

pytestmark = pytest.mark.slow  # imports both hosts in a new process

WRONG_WEIGHTS = {'decode_head.conv_seg.weight': torch.zeros(5, 4, 1, 1), 'auxiliaries.0.weight': torch.zeros(1)}
TRAINING = {
    'meta': {'epoch': 0, 'iter': 2},
    'message_hub': {'log_scalars': {}, 'runtime_info': {}, 'resumed_keys': {}},
    'optimizer': {},
    'param_schedulers': [],
}


class Payload:
    """An object whose pickle creates a file when it is fully unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


# name: (command line, expected part of the message)
BAD_INPUT = {
    'no config': ('train.py nowhere.py', "config='nowhere.py' is not a file"),
    'syntax error': ('train.py broken.py', "config='broken.py' can't be read: SyntaxError"),
    'undefined name': ('train.py undefined.py', "can't be read: NameError: name 'nothing' is not defined"),
    'no base': ('train.py baseless.py', "config='baseless.py' can't be read: FileNotFoundError"),
    'config without a field': ('test.py half.py x.pth', "config='half.py' lacks test_dataloader, test_cfg"),
    'option without a value': ('train.py seg.py --cfg-options lr', 'expected KEY=VALUE pairs'),
    'option with an open bracket': ('train.py seg.py --cfg-options load=[1,2', 'VALUE is a number, a word or a list'),
    'option with a dict in a list': (
        'train.py seg.py --cfg-options hooks=[dict(type=x,y=1)]',
        'for a dict write KEY.SUBKEY=VALUE',
    ),
    'option beyond a list': (
        'train.py seg.py --cfg-options load.7.type=x',
        "expected an index from 0 to 1 into the list 'load', got '7'",
    ),
    'option into a number': (
        'train.py seg.py --cfg-options train_cfg.max_iters.x=1',
        "'train_cfg.max_iters' is 2, without entry 'x'",
    ),
    'unknown class': (
        'train.py seg.py --cfg-options model.backbone.type=NoSuchNet',
        "config='seg.py' can't be built: KeyError: NoSuchNet is not in the mmseg::model",
    ),
    'unusable argument': (
        'train.py seg.py --cfg-options model.decode_head.num_convs=-1',
        "config='seg.py' can't be built: AssertionError",
    ),
    'no data': (
        'train.py seg.py --cfg-options val_dataloader.dataset.data_root=nowhere',
        "val_dataloader.dataset.data_root='nowhere' does not exist",
    ),
    'no wrapped data': (
        'train.py wrapped.py',
        "train_dataloader.dataset.dataset.datasets.1.data_root='nowhere' does not exist",
    ),
    'no data to test on': (
        'test.py cls.py x.pth --cfg-options test_dataloader.dataset.data_root=nowhere',
        '--cfg-options test_dataloader.dataset.data_root=…',
    ),
    'no image folder': (
        'train.py seg.py --cfg-options train_dataloader.dataset.data_prefix.img_path=nowhere',
        "config='seg.py' can't be built: FileNotFoundError",
    ),
    'amp on a CPU': ('train.py cls.py --amp', '--amp'),
    'no base batch size': ('train.py cls.py --auto-scale-lr', 'needs auto_scale_lr=dict(base_batch_size=…)'),
    'nothing launched': ('train.py cls.py --launcher pytorch', 'expected the environment variable RANK'),
    'no checkpoint to resume': ('train.py seg.py --resume nowhere.pth', "--resume='nowhere.pth' is not a file"),
    'latest checkpoint gone': ('train.py seg.py --resume --work-dir moved', "--resume='moved/iter_2.pth' is not"),
    'every checkpoint damaged': (
        'train.py seg.py --resume --work-dir unreadable',
        "--resume: no checkpoint in 'unreadable' can be resumed",
    ),
    'optimizer not saved': (
        'train.py seg.py --resume stateless.pth',
        "--resume='stateless.pth' lacks optimizer, which would start anew: to accept that, use --cfg-options "
        'resume_optimizer=False',
    ),
    'malformed training': ('train.py seg.py --resume malformed.pth', 'expected meta to be a dict, got a list'),
    'text to resume': ('train.py seg.py --resume seg.py', "--resume='seg.py': expected a checkpoint written by torch"),
    'weights to resume': ('train.py seg.py --resume weights.pth', "--resume='weights.pth' lacks message_hub, meta"),
    'another net to resume': (
        'train.py seg.py --resume wrong.pth --work-dir refused',
        "does not fit the config's model",
    ),
    'another net to resume by itself': ('train.py seg.py --resume --work-dir wrong', "does not fit the config's model"),
    'no weights to start from': ('train.py seg.py --cfg-options load_from=nowhere.pth', "load_from='nowhere.pth'"),
    'no checkpoint': ('test.py seg.py nowhere.pth', "checkpoint='nowhere.pth' is not a file"),
    'damaged checkpoint': ('test.py seg.py damaged.pth', "checkpoint='damaged.pth' can't be read as a checkpoint"),
    'no dictionary': (
        'test.py seg.py list.pth',
        "checkpoint='list.pth': expected a checkpoint with a dict",
    ),
    'damaged weights to start from': (
        'train.py seg.py --cfg-options load_from=damaged.pth',
        "load_from='damaged.pth' can't be read as a checkpoint",
    ),
    'weights of which none fits': (
        'train.py seg.py --cfg-options load_from=foreign.pth --work-dir refused',
        "load_from='foreign.pth': expected weights of the config's model, got none of its",
    ),
    'weights that run code': (
        'train.py seg.py --cfg-options load_from=payload.pth',
        "load_from='payload.pth' is refused: reading it could run code",
    ),
    'pretrained weights that run code': (
        'train.py seg.py --cfg-options model.backbone.init_cfg.type=Pretrained '
        'model.backbone.init_cfg.checkpoint=payload.pth --work-dir refused',
        'a checkpoint is refused: reading it could run code',
    ),
    'checkpoint that runs code': ('test.py seg.py payload.pth', "checkpoint='payload.pth' is refused"),
    'another net': (
        'test.py seg.py wrong.pth --work-dir refused',
        '1 unexpected (first auxiliaries.0.weight), 1 of another shape '
        '(first decode_head.conv_seg.weight: expected (3, 4, 1, 1), got (5, 4, 1, 1))',
    ),
    'another net under tta': (
        'test.py seg.py wrong.pth --tta --work-dir refused',
        'keys are missing (first backbone.encoder.0.0.convs.0.conv.weight)',
    ),
    'tta without a pipeline': (
        'test.py half.py x.pth --tta --cfg-options test_dataloader.dataset.type=X '
        'test_cfg.type=TestLoop test_evaluator.type=IoUMetric',
        '--tta needs tta_model and',
    ),
    'tta with pictures': ('test.py cls.py x.pth --tta --show-dir x', '--tta cannot be combined with --show'),
    'pictures without a hook': (
        'test.py seg.py x.pth --show-dir x --cfg-options default_hooks.visualization=None',
        "default_hooks.visualization=dict(type='SegVisualizationHook')",
    ),
    'item of nothing': ('test.py cls.py x.pth --out-item metrics', "--out-item='metrics' needs --out"),
    'item of mmseg': ('test.py seg.py x.pth --out x --out-item metrics', "--out-item='metrics' is for mmpretrain"),
    'ending': (
        'test.py cls.py x.pth --out scores.txt',
        "--out='scores.txt': expected a file name that ends with .pkl",
    ),
}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp('tiny'))


@pytest.fixture(scope='module')
def refusals(workspace):
    """Return {name: (exit code, output)} of every command line of BAD_INPUT."""
    (workspace / 'broken.py').write_text('model = dict(')
    (workspace / 'undefined.py').write_text('model = nothing')
    (workspace / 'baseless.py').write_text("_base_ = 'nowhere.py'")
    (workspace / 'half.py').write_text("default_scope = 'mmseg'\nmodel = dict(type='EncoderDecoder')")
    (workspace / 'wrapped.py').write_text("""
_base_ = 'seg.py'
part = dict(type='BaseSegDataset', data_root='seg')
train_dataloader = dict(dataset=dict(_delete_=True, type='RepeatDataset', times=2, dataset=dict(
    type='ConcatDataset', datasets=[part, dict(type='BaseSegDataset', data_root='nowhere')])))
""")
    torch.save({'state_dict': WRONG_WEIGHTS}, workspace / 'weights.pth')
    torch.save({'state_dict': WRONG_WEIGHTS, **TRAINING}, workspace / 'wrong.pth')
    torch.save({'state_dict': {}, 'payload': Payload(workspace / 'touched')}, workspace / 'payload.pth')
    torch.save([1], workspace / 'list.pth')
    (workspace / 'damaged.pth').write_bytes((workspace / 'wrong.pth').read_bytes()[:-200])
    torch.save({'state_dict': WRONG_WEIGHTS, **TRAINING, 'meta': []}, workspace / 'malformed.pth')
    torch.save({'net.weight': torch.ones(1)}, workspace / 'foreign.pth')
    stateless = {key: value for key, value in TRAINING.items() if key != 'optimizer'}
    torch.save({'state_dict': WRONG_WEIGHTS, **stateless}, workspace / 'stateless.pth')
    for work_dir, checkpoint in (('moved', 'old/iter_2.pth'), ('wrong', 'old/wrong.pth'), ('unreadable', '')):
        (workspace / work_dir).mkdir()
        (workspace / work_dir / 'last_checkpoint').write_text(checkpoint)
    shutil.copy(workspace / 'wrong.pth', workspace / 'wrong')
    shutil.copy(workspace / 'damaged.pth', workspace / 'unreadable')
    return run_many(workspace, {name: line.split() for name, (line, _) in BAD_INPUT.items()})


@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence_and_exit_code_2(name, refusals):
    line, expected = BAD_INPUT[name]
    code, output = refusals[name]
    errors = [shown for shown in output.splitlines() if ': error: ' in shown]
    assert code == 2, output
    assert len(errors) == 1 and errors[0] == output.splitlines()[-1], output
    assert errors[0].startswith(f'{line.split()[0]}: error: ') and expected in errors[0]
    assert 'Traceback' not in output and '(train)' not in output


def test_reading_a_refused_checkpoint_runs_no_code(refusals, workspace, monkeypatch):
    assert not (workspace / 'touched').exists()
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)  # compat.apply sets it for the original hosts
    torch.load(workspace / 'payload.pth', weights_only=False)
    assert (workspace / 'touched').exists()  # full unpickling does
