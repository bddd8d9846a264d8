"""Peak memory since the last reset."""

import pytest
from helpers.tiny_runs import run, succeeded

from mmgb.recipes.peak_memory import RESET

# In a process of its own, where no earlier test's memory is in the way.
CODE = """
import numpy as np
from mmgb.recipes.peak_memory import peak_memory, reset_peak_memory
reset_peak_memory()
before = peak_memory()
array = np.ones(400_000_000, dtype=np.uint8)
del array
with_array = peak_memory()
reset_peak_memory()
print(with_array - before, peak_memory() - before)
"""


@pytest.mark.skipif(not RESET.exists(), reason='needs Linux')
def test_peak_counts_a_freed_array_until_it_is_reset(tmp_path):
    grown, left = map(int, succeeded(run(tmp_path, '-c', CODE, new_interpreter=True)).split())
    assert 200_000_000 < grown and left < 100_000_000
