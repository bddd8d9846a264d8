"""Arrays shared by worker processes."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny_runs import run, succeeded

from mmgb.datasets.shared_array import SharedArray


def test_it_is_read_only():
    shared = SharedArray(np.arange(6).reshape(2, 3))
    with pytest.raises(ValueError, match='read-only'):
        shared.array[0] = 1


def test_a_plain_pickle_holds_the_values_and_a_deep_copy_the_same_object():
    shared = SharedArray(np.arange(6).reshape(2, 3))
    assert (pickle.loads(pickle.dumps(shared)).array == np.arange(6).reshape(2, 3)).all()
    assert copy.deepcopy(shared) is shared


# A worker adds what it has written. Clean private pages are those of libraries: they become private to a worker, any
# number of them, when the system takes its parent's away for want of memory.
WORKERS = """
import multiprocessing, sys
from mmgb.datasets.image_list_parser import read_image_list

def use_all(images, queue):
    found = [images[i] for i in range(0, len(images), 997)], int(images.labels.sum())
    parts = [int(column.array.view('u1').sum()) for column in (images._text, *images._columns)]
    memory = dict(line.split()[:2] for line in open('/proc/self/smaps_rollup'))
    queue.put((found, int(memory['Private_Dirty:'])))

if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    added = []
    for count in (10, 1_500_000):
        content = ''.join(f'/a/airfield/{i:08d}.jpg {i % 401}\\n' for i in range(count)).encode()
        images = read_image_list(content)
        expected = [images[i] for i in range(0, count, 997)], int(images.labels.sum())
        for _ in range(2):
            worker = context.Process(target=use_all, args=(images, queue))
            worker.start()
            found, memory = queue.get(timeout=600)
            worker.join()
            assert found == expected
            added.append(memory * 1024)
    print(*added, len(content) + 12 * count)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/smaps_rollup').exists(), reason="reads memory from Linux's /proc")
@pytest.mark.parametrize('start_method', ['fork', 'spawn'])
def test_a_worker_that_reads_a_whole_image_list_adds_less_than_5_percent_of_it(start_method, tmp_path):
    (tmp_path / 'workers.py').write_text(WORKERS)
    process = run(tmp_path, str(tmp_path / 'workers.py'), start_method, new_interpreter=True)
    *of_ten, first, second, whole = map(int, succeeded(process).split())
    assert whole > 60e6
    assert max(first, second) - min(of_ten) < 0.05 * whole
