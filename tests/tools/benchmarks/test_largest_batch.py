"""The largest batch is found by batches that were run: one that fits, and the next, which does not."""

import pytest
from helpers.tiny_runs import TOOLS


@pytest.fixture
def largest_batch(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import largest_batch

    return largest_batch


@pytest.mark.parametrize(
    'fixed, linear, square', [(100, 90, 0), (100, 10, 5), (0, 300, -10), (100, 900, 0), (2000, 1, 0)]
)
def test_the_batches_below_and_above_the_limit_are_run(largest_batch, monkeypatch, fixed, linear, square):
    run = []

    def measured(contender, classes, images, size):
        if size == largest_batch.SMALL:
            return dict(peak_bytes=fixed)
        run.append(images)
        return dict(images=images, peak_bytes=fixed + linear * images + square * images**2)

    monkeypatch.setattr(largest_batch, 'in_new_process', measured)
    found = largest_batch.find_largest('any', 5, 512, 1000)
    fitting = [one['images'] for one in found if one['peak_bytes'] <= 1000]
    assert sorted(run) == [one['images'] for one in found], 'no batch is run twice'
    assert max(fitting, default=0) + 1 in run and fitting == [images for images in sorted(run) if images in fitting]
