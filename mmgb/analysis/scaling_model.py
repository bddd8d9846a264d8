r"""A model of data-parallel training: how fast n GPUs are, and what stops them.

A step of every GPU takes its images through the network, forward and backward, and then adds up the gradients of all
GPUs. With a ring of n GPUs each sends and receives :math:`2 (n - 1) / n` times the gradients' bytes. PyTorch's
DistributedDataParallel cuts them into buckets of 25 MiB and sends a bucket while the backward pass goes on, so only the
rest shows:

.. math::
    t = t_\text{compute} + \max(t_\text{send} - o\, t_\text{backward},\; t_\text{last bucket})

Images must be loaded as fast: a step takes at least batch × seconds per image / cores. The backward pass takes twice as
long as the forward pass. Not modelled: stragglers, shared storage, synchronised batch norm, and a learning rate that no
longer fits the larger batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

BUCKET = 25 * 2**20  # bytes, DistributedDataParallel's default
ENOUGH = 0.8  # efficiency below which more GPUs are said not to pay
MOST = 2**16  # GPUs that are tried


class Workload(NamedTuple):
    """A network with its batch.

    Attributes:
        name (str): name in the tables.
        multiply_adds (float): of a forward pass, per image.
        gradient_bytes (float): bytes of all gradients.
        batch (int): images per GPU and step.
        loading_s (float): seconds to load and transform an image on a core.
    """

    name: str
    multiply_adds: float
    gradient_bytes: float
    batch: int
    loading_s: float


class Machine(NamedTuple):
    """A cluster of equal nodes.

    Attributes:
        name (str): name in the tables.
        multiply_adds_per_s (float): what a GPU sustains in training.
        gpus_per_node (int): GPUs of a node.
        bandwidth_inside (float): bytes/s that a GPU sends to the next one in a node.
        bandwidth_between (float): bytes/s from node to node, of one ring.
        latency (float): seconds per hop of a ring.
        cores (float): CPU cores per GPU for loading.
        overlap (float): share of the backward pass during which gradients are sent.
    """

    name: str
    multiply_adds_per_s: float
    gpus_per_node: int
    bandwidth_inside: float
    bandwidth_between: float
    latency: float
    cores: float
    overlap: float


class Step(NamedTuple):
    """Parts of a step in seconds; ``seconds`` is the whole step."""

    compute: float
    exposed: float  # sending that the backward pass doesn't hide
    loading: float
    seconds: float


def model_step(workload: Workload, machine: Machine, gpus: int) -> Step:
    """Return the step of ``gpus`` GPUs."""
    compute = 3 * workload.multiply_adds * workload.batch / machine.multiply_adds_per_s
    exposed = 0.0
    if gpus > 1:
        send = _send_seconds(workload.gradient_bytes, machine, gpus)
        last = _send_seconds(min(BUCKET, workload.gradient_bytes), machine, gpus)
        exposed = max(send - machine.overlap * compute * 2 / 3, last)
    loading = workload.batch * workload.loading_s / machine.cores
    return Step(compute, exposed, loading, max(compute + exposed, loading))


def efficiency(workload: Workload, machine: Machine, gpus: int) -> float:
    """Return the samples per second of ``gpus`` GPUs over ``gpus`` times those of one."""
    return model_step(workload, machine, 1).seconds / model_step(workload, machine, gpus).seconds


def largest_useful(workload: Workload, machine: Machine) -> int | None:
    """Return the largest power of two of GPUs that are at least ``ENOUGH`` efficient, None if no number stops it."""
    gpus = 1
    while gpus <= MOST:
        if efficiency(workload, machine, 2 * gpus) < ENOUGH:
            return gpus
        gpus *= 2
    return None


def bottleneck(workload: Workload, machine: Machine, gpus: int) -> str:
    """Return what a step of ``gpus`` GPUs waits for most: ``'loading'``, ``'computing'`` or ``'sending'``."""
    step = model_step(workload, machine, gpus)
    if step.loading >= step.seconds:
        return 'loading'
    return 'sending' if step.exposed > step.compute else 'computing'


def _send_seconds(size: float, machine: Machine, gpus: int) -> float:
    bandwidth = machine.bandwidth_inside if gpus <= machine.gpus_per_node else machine.bandwidth_between
    buckets = math.ceil(size / BUCKET)
    return 2 * (gpus - 1) / gpus * size / bandwidth + buckets * 2 * (gpus - 1) * machine.latency
