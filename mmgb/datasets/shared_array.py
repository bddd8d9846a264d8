"""Arrays that the workers of a data loader share, in whichever way they are started."""

from multiprocessing.context import get_spawning_popen
from multiprocessing.heap import Arena

import numpy as np


class SharedArray:
    """A read-only numpy array that reaches worker processes without a copy.

    A forked worker sees its parent's memory. For the first spawned worker the array moves into an arena of
    multiprocessing's, a file without a name (in ``/dev/shm`` where it fits, else where temporary files are): every
    worker maps it, and it is gone with the last process. Pickled for anything but a starting process, it is an ordinary
    array.

    Attributes:
        array: the values; all who hold this object may keep references, since nobody can write.
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
