import runpy
import sys

import pytest
import torch
from helpers.tiny_runs import TOOLS

TOOL = str(TOOLS / 'model_converters' / 'publish_model.py')


def publish(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', [TOOL, *map(str, arguments)])
    runpy.run_path(TOOL, run_name='__main__')


def test_the_published_file_has_the_same_weights_and_a_name_with_their_hash(tmp_path, monkeypatch, capsys):
    weights = {'backbone.w': torch.randn(3), 'auxiliaries.0.w': torch.randn(3)}
    torch.save(dict(state_dict=weights, meta=dict(epoch=3), optimizer=dict(state={})), tmp_path / 'epoch_3.pth')
    publish(monkeypatch, tmp_path / 'epoch_3.pth', tmp_path / 'net.pth', '--drop', 'auxiliaries')
    (path,) = tmp_path.glob('net*.pth')
    assert f"Wrote '{path}'" in capsys.readouterr().out and path.name != 'net.pth'
    found = torch.load(path, weights_only=True)
    assert set(found) == {'state_dict', 'meta'} and set(found['state_dict']) == {'backbone.w'}
    assert torch.equal(found['state_dict']['backbone.w'], weights['backbone.w'])


@pytest.mark.parametrize(
    'out, sentence',
    [('net.pt', "out='net.pt': expected a file name that ends with .pth"), ('net.pth', "checkpoint='no.pth' is not")],
)
def test_bad_input_ends_with_one_sentence_and_writes_nothing(out, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        publish(monkeypatch, 'no.pth', out)
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    message = capsys.readouterr().err
    assert message.startswith(f'publish_model.py: error: {sentence}') and message.count('\n') == 1
