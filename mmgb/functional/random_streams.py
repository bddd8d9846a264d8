"""Random streams that depend only on a key.

A training draws from the global generators of Python, numpy, torch and CUDA, whose states depend on everything drawn
before: by the network, by validation, by each worker of a data loader. If every iteration and every sample instead
starts them from a seed of its own, ``stream_seed(seed, iteration)`` or ``stream_seed(seed, epoch, position, sample)``,
then its draws depend on nothing else, and an interrupted training can go on without the states.

Counter-based generators (Salmon et al., *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011) and JAX's ``fold_in``
rest on the same idea. Here a cryptographic hash makes the seeds, because the hosts' transforms and layers only draw
from the global generators.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

WORD = 0xFFFFFFFF
WORD_BYTES = 8


def stream_seed(*key: int) -> int:
    """Return a seed for each key: a hash that is the same on every machine and for every version.

    Args:
        *key: integers; of those outside 0 to 2**64 - 1 only the lowest 64 bits count.

    Returns:
        Integer from 0 to 2**128 - 1.
    """
    words = b''.join((part & (1 << 64) - 1).to_bytes(WORD_BYTES, 'little') for part in key)
    return int.from_bytes(hashlib.blake2b(words, digest_size=16).digest(), 'little')


def seed_generators(seed: int, cuda: bool = False) -> None:
    """Start the global generators of Python, numpy and torch's CPU from different words of a seed.

    Unlike ``torch.manual_seed`` this takes microseconds, also without an accelerator.

    Args:
        seed: integer from 0 to 2**128 - 1, from :func:`stream_seed`. The generators of Python and numpy use 32 bits.
        cuda: True also starts the generator of the current CUDA device, if CUDA is in use. Default: False.
    """
    random.seed(seed & WORD)
    np.random.seed(seed >> 32 & WORD)
    torch.default_generator.manual_seed(seed >> 64)
    if cuda and torch.cuda.is_initialized():
        torch.cuda.manual_seed(seed >> 64)


@contextmanager
def preserved_generators() -> Iterator[None]:
    """Restore the states of the global generators of Python, numpy and torch's CPU when the block ends."""
    python_state, numpy_state, torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)
