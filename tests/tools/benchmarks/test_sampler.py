"""The benchmark of the samplers measures each of them and writes a row for it."""

import json

import pytest
from helpers.tiny_runs import run, succeeded


@pytest.mark.slow
def test_every_sampler_is_measured(tmp_path):
    output = succeeded(run(tmp_path, 'benchmarks/sampler.py', '--images', 5000, '--rounds', 1, '--out', 'results.json'))
    (case,) = json.loads((tmp_path / 'results.json').read_text())['results']
    assert case['images'] == 5000 and len(case['contenders']) == 4
    for name, measured in case['contenders'].items():
        assert f'| {name} |' in output
        assert min(measured['start_up_s'], measured['first_batch_s'], measured['epoch_s']) >= 0


def test_too_few_images_are_rejected(tmp_path):
    process = run(tmp_path, 'benchmarks/sampler.py', '--images', 100)
    assert process.returncode == 2 and '--images 100: expected at least 1 round and 4010 images' in process.stdout
