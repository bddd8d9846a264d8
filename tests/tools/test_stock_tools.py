"""The hosts' own tools, as installed, run configs that name mmgb without a fork and without `custom_imports`."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.host_stacks import session_path
from helpers.tiny_runs import ROOT, make_workspace, run, succeeded

pytestmark = pytest.mark.slow  # each test imports a host in new processes

DIGITS = ROOT / 'configs/gradient_boosting/digits'


def stock_tool(host, name):
    """Return the path of a tool that is installed with a host."""
    return str(Path(find_spec(host).origin).parent / '.mim' / 'tools' / name)


@pytest.fixture(scope='module')
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp('digits')
    succeeded(run(folder, 'dataset_converters/make_digits_voc.py', 'digits', '--train', 8, '--val', 2, '--size', 64))
    return folder


@pytest.mark.skipif(
    bool(session_path()) and find_spec('mmcv._ext') is None,
    reason="mmsegmentation 1.2's own tools need mmcv's compiled operators, which mmcv-lite lacks; those of mmgb do not",
)
@pytest.mark.parametrize('loss, name', [('exp-gb', 'loss_exp_gb'), ('pow3-gb', 'loss_pow3_gb')])
def test_mmsegs_own_tools_train_and_test_pixelnet_with_a_boosted_loss(digits, loss, name):
    (config,) = DIGITS.glob(f'pixelnet-vgg16-slim_{loss}_*.py')
    roots = [f'{field}_dataloader.dataset.data_root={digits}/digits/VOC2012' for field in ('train', 'val', 'test')]
    output = succeeded(
        run(
            digits,
            stock_tool('mmseg', 'train.py'),
            config,
            '--work-dir',
            loss,
            '--cfg-options',
            *roots,
            'train_cfg.max_epochs=1',
            'train_cfg.val_interval=1',
            'default_hooks.logger.interval=1',
        )
    )
    assert 'Epoch(train) [1][2/2]' in output and f'decode.{name}' in output and 'mIoU' in output
    output = succeeded(
        run(
            digits,
            stock_tool('mmseg', 'test.py'),
            config,
            f'{loss}/epoch_1.pth',
            '--tta',
            '--show-dir',
            f'{loss}/pictures',
            '--work-dir',
            loss,
            '--cfg-options',
            *roots,
        )
    )
    assert 'mIoU' in output
    assert len(list((digits / loss).rglob('pictures/**/*.png'))) == 2


def test_mmpretrains_own_tool_trains_with_a_boosted_loss(tmp_path):
    folder = make_workspace(tmp_path)
    output = succeeded(
        run(
            folder,
            stock_tool('mmpretrain', 'train.py'),
            'cls.py',
            '--no-persistent-workers',
            '--cfg-options',
            'model.head.loss.type=mmgb.ExpGBLoss',
        )
    )
    assert 'Epoch(train) [1][2/2]' in output and 'accuracy/top1' in output
