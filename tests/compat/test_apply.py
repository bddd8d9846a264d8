import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from helpers.tiny_runs import make_workspace, run, run_line, succeeded
from mmengine.config.utils import MODULE2PACKAGE

from mmgb import compat


def test_a_second_apply_changes_nothing(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '0')
    compat.apply()
    before = (list(sys.meta_path), dict(MODULE2PACKAGE), set(torch.serialization.get_safe_globals()))
    compat.apply()
    assert (sys.meta_path, MODULE2PACKAGE, set(torch.serialization.get_safe_globals())) == before


@pytest.mark.slow
def test_the_original_distributions_train_resume_and_test_with_our_tools(tmp_path):
    originals = os.environ.get('MMGB_ORIGINALS')
    if not originals:
        pytest.skip(
            'the ORIGINAL OpenMMLab stack is NOT tested: set MMGB_ORIGINALS to a folder made with '
            'pip install --no-deps --target FOLDER mmengine==0.10.7 mmcv-lite==2.1.0 '
            'mmpretrain==1.2.0 mmsegmentation==1.2.2'
        )
    folder = make_workspace(tmp_path / 'tiny')

    def original(line):
        return succeeded(run_line(folder, line, path=[originals]))

    def segmentation():
        assert 'MMEngine: 0.10.7' in original('train.py seg.py --work-dir seg_run')
        original('train.py seg.py --work-dir seg_run --resume --cfg-options train_cfg.max_iters=4')
        # mmsegmentation 1.2 reads `runner.iter` to draw an image; this must not require the training data.
        return original(
            'test.py seg.py seg_run/iter_4.pth --tta --show-dir pictures '
            '--cfg-options train_dataloader.dataset.data_root=nowhere'
        )

    def classification():
        return original('dist_train.sh cls.py 2 --work-dir cls_run')

    def packages():
        (folder / 'based.py').write_text("_base_ = 'mmseg::_base_/models/fcn_r50-d8.py'")
        succeeded(
            run(
                folder,
                '-c',
                """
from mmgb import compat
compat.apply()
from mmengine.config import Config
from mmengine.utils import is_installed
assert Config.fromfile('based.py').model.type == 'EncoderDecoder'
assert is_installed('mmengine') and not is_installed('no_such_package')
""",
                path=[originals],
            )
        )

    with ThreadPoolExecutor(2) as pool:
        tested, trained = pool.submit(segmentation), pool.submit(classification)
        found = pool.submit(packages)
    found.result()
    assert 'mIoU' in tested.result() and 'accuracy/top1' in trained.result()
    assert torch.load(folder / 'seg_run/iter_4.pth', weights_only=False)['meta']['iter'] == 4
    assert len(list((folder / 'pictures').rglob('*.png'))) == 4
