"""Run training steps of FCN-R50-d8 with growing batches until the process needs more memory than a limit.

A step is a forward and a backward pass and a step of SGD with momentum. Each batch size runs in a new process, whose
peak is that of its resident memory: libraries, weights, gradients, momentum and activations. One image and a very small
one predict the largest batch that fits; that one and the next are run, and more if the prediction was wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from measuring import write_results  # beside this file
from mmengine.registry import init_default_scope
from segmentation_loss import NETWORKS, STOCK, TRAINED, network, random_batch

from mmgb.analysis.full_resolution_tables import largest_batch_table
from mmgb.recipes.peak_memory import peak_memory

NETWORK = 'FCN-R50-d8'
CONTENDERS = (STOCK, 'pow3-GB, full resolution')
SMALL = 64  # height and width of the image that tells the memory without activations


def peak_of_step(contender: str, classes: int, images: int, size: int) -> dict:
    """Run one training step and return the process's peak memory. Call it in a new process.

    The optimizer makes a step with zero gradients before, so that its momentum exists as it does in all later steps.
    """
    torch.set_num_threads(1)
    init_default_scope('mmseg')
    model = network(NETWORKS[NETWORK], classes, *TRAINED[contender])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    optimizer.zero_grad()
    inputs, samples = random_batch(classes, images, size)
    begin = time.process_time()
    model.parse_losses(model.loss(inputs, samples))[0].backward()
    optimizer.step()
    return dict(images=images, peak_bytes=peak_memory(), seconds=time.process_time() - begin)


def in_new_process(*settings: object) -> dict:
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        found = pool.submit(peak_of_step, *settings).result()
    print(*settings, found, flush=True)
    return found


def find_largest(contender: str, classes: int, size: int, limit: int) -> list[dict]:
    """Return the measured batches of a contender, among them the largest below the limit and the next one."""
    nothing = in_new_process(contender, classes, 1, SMALL)['peak_bytes']
    runs = {1: in_new_process(contender, classes, 1, size)}
    images = max(1, (limit - nothing) // (runs[1]['peak_bytes'] - nothing))
    while True:
        if images not in runs:
            runs[images] = in_new_process(contender, classes, images, size)
        fits = runs[images]['peak_bytes'] <= limit
        neighbour = images + 1 if fits else images - 1
        if neighbour < 1 or (neighbour in runs and (runs[neighbour]['peak_bytes'] <= limit) != fits):
            return [runs[images] for images in sorted(runs)]
        images = neighbour


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--limit', type=float, default=8, help='limit of memory in GiB (default: %(default)s)')
    parser.add_argument('--classes', type=int, default=150, help='number of classes (default: %(default)s)')
    parser.add_argument('--size', type=int, default=512, help='height and width of the images (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('docs/results/largest_batch.json'), help='JSON to write')
    args = parser.parse_args()
    settings = dict(network=NETWORK, classes=args.classes, size=args.size, limit=int(args.limit * 2**30))
    results = []
    for contender in CONTENDERS:
        runs = find_largest(contender, args.classes, args.size, settings['limit'])
        results.append(dict(contender=contender, runs=runs))
        write_results(args.out, results, **settings)
    print(largest_batch_table(dict(results=results, **settings)))


if __name__ == '__main__':
    main()
