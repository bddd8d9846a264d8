"""Arrays that the workers of a data loader share, whichever way the workers are started."""

from multiprocessing.context import get_spawning_popen
from multiprocessing.heap import Arena

import numpy as np


class SharedArray:
    """Read-only numpy array that worker processes map instead of copying.

    Forked workers see their parent's memory. When the first worker is spawned, the array moves into one of
    multiprocessing's arenas: an unnamed file, in ``/dev/shm`` if it fits and in the folder of temporary files
    otherwise. Every worker maps this file, and the system frees it with the last process. Pickling for any other
    purpose stores an ordinary array.

    Args:
        array (np.ndarray): values; the caller must not write to them any more.

    Attributes:
        array (np.ndarray): read-only view of the values.
    """

    def __init__(self, array: np.ndarray) -> None:
        self.array = array.view()
        self.array.flags.writeable = False
        self._memory = None

    def __reduce__(self):
        if get_spawning_popen() is None:
            return SharedArray, (self.array,)
        if self._memory is None:
            self._memory = Arena(max(1, self.array.nbytes))
            moved = np.ndarray(self.array.shape, self.array.dtype, self._memory.buffer)
            moved[...] = self.array
            moved.flags.writeable = False
            self.array = moved
        return _mapped, (self._memory, self.array.shape, self.array.dtype.str)

    def __deepcopy__(self, memo: dict) -> 'SharedArray':
        return self


def _mapped(memory: Arena, shape: tuple[int, ...], dtype: str) -> SharedArray:
    shared = SharedArray(np.ndarray(shape, dtype, memory.buffer))
    shared._memory = memory
    return shared
