"""tools/model_converters/export_onnx.py writes a checked file, or nothing and one sentence."""

import numpy as np
import pytest
import torch
from helpers.many_runs import assert_one_sentence, run_many
from mmengine.config import Config

from mmgb.apis.runner import build_model
from mmgb.conversion.inference_module import InferenceModule

pytestmark = pytest.mark.slow

TOOL = 'model_converters/export_onnx.py'
CONFIG = """
default_scope = 'mmpretrain'
data_preprocessor = dict(num_classes=5, mean=[120., 110., 100.], std=[60., 50., 40.], to_rgb=True)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.CifarConvNet', depth=5, width=1 / 16),
    head=dict(type='mmgb.BoostedLinearClsHead', num_classes=5, in_channels=512,
              loss=dict(type='mmgb.Pow3GBLoss', matched=True)))
"""
REFUSED = {
    'ending': (['a.py', 'a.pth', 'a.pt'], "out='a.pt': expected a file name that ends with .onnx"),
    'size': (
        ['a.py', 'a.pth', 'b.onnx', '--image-size', 0, 32],
        '--image-size 0 32: expected positive integers',
    ),
    'checkpoint': (['a.py', 'none.pth', 'b.onnx'], "checkpoint='none.pth' is not a file"),
    'other weights': (['a.py', 'b.pth', 'b.onnx'], "the checkpoint 'b.pth' does not fit the config's model"),
}


def test_the_file_gives_the_probabilities_of_the_checkpoint_and_bad_input_writes_nothing(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime', reason='pip install ".[test]"')
    pytest.importorskip('onnxscript', reason='pip install ".[test]"')
    (tmp_path / 'a.py').write_text(CONFIG)
    model = build_model(Config.fromfile(tmp_path / 'a.py')).eval()
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'a.pth')
    torch.save(dict(state_dict=dict(other=torch.zeros(1))), tmp_path / 'b.pth')
    commands = {name: [TOOL, *arguments] for name, (arguments, _) in REFUSED.items()}
    commands['good'] = [TOOL, 'a.py', 'a.pth', 'a.onnx', '--image-size', 32, 32]
    results = run_many(tmp_path, commands)
    for name, (_, sentence) in REFUSED.items():
        assert_one_sentence(results[name], 'export_onnx.py', sentence)
    code, output = results['good']
    assert code == 0 and "Wrote 'a.onnx'; onnxruntime differs from PyTorch by at most" in output, output
    assert {path.name for path in tmp_path.iterdir() if '.onnx' in path.name} == {'a.onnx'}
    images = np.random.default_rng(0).uniform(0, 255, (4, 3, 32, 32)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / 'a.onnx', providers=['CPUExecutionProvider'])
    found = session.run(['scores', 'probabilities'], {'images': images})
    with torch.no_grad():
        expected = InferenceModule(model)(torch.from_numpy(images))
    torch.testing.assert_close(tuple(map(torch.from_numpy, found)), expected, rtol=0, atol=1e-4)
