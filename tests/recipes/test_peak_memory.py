"""Peak memory since the last reset."""

import numpy as np
import pytest

from mmgb.recipes.peak_memory import RESET, peak_memory, reset_peak_memory


@pytest.mark.skipif(not RESET.exists(), reason='needs Linux')
def test_peak_counts_a_freed_array_until_it_is_reset():
    reset_peak_memory()
    before = peak_memory()
    array = np.ones(400_000_000, dtype=np.uint8)
    del array
    # Linux may take other pages from the process in the meantime.
    assert peak_memory() > before + 200_000_000
    reset_peak_memory()
    assert peak_memory() < before + 100_000_000
