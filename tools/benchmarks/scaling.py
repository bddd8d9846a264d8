"""Time data-parallel training steps on 1, 2 and 4 processes of this machine, and the constants of the scaling model.

The processes are connected by gloo. A step is a forward and a backward pass of slim networks on made images; the share
of communication is what it takes longer than the same step without adding up the gradients. The constants are those of
the networks at full width: multiply-adds, bytes of gradients, and the time to load an image on a core. The speeds of
the modelled GPUs are assumptions, see MACHINES. Takes five minutes of CPU time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
from measuring import write_results  # beside this file  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.dataset import Compose  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402
from PIL import Image  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from mmgb.analysis.scaling_model import Machine, Workload  # noqa: E402
from mmgb.analysis.scaling_table import constants_table, measured_table, modelled_table  # noqa: E402
from mmgb.apis.runner import build_model  # noqa: E402

CONFIGS = Path(__file__).parents[2] / 'configs'
# Config to time, images per process and side; then the config at full width and its side.
NETWORKS = {
    'PixelNet': (
        'gradient_boosting/digits/pixelnet-vgg16-slim_pow3-gb_1xb4-4e_digits-200x200.py',
        1,
        200,
        'gradient_boosting/voc12/pixelnet-vgg16_pow3-gb_1xb5-40e_voc12sbd-224x224.py',
        224,
    ),
    'ResNet-50, relay': (
        'relay_bp/imagenette/resnet50-w8_relay-bp_1xb64-12e_imagenette-64x64.py',
        32,
        64,
        'relay_bp/imagenet/resnet50_relay-bp_8xb32-120e_in1k-224x224.py',
        224,
    ),
    'model A, relay': (
        'relay_bp/imagenette/model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py',
        32,
        64,
        'relay_bp/places2/model-a_relay-bp_8xb32-24e_places2-224x224.py',
        224,
    ),
}
# Assumptions: a GPU of 2020 in float32 with tensor cores, and one of 2022 in bfloat16, both at a third of their peak;
# rings at 70 % of their links' peak, with one link of 200 or 400 Gbit/s per node; 12 cores per GPU; gradients are sent
# during 70 % of the backward pass.
MACHINES = (
    Machine('A100, TF32', 25e12, 8, 200e9, 17e9, 10e-6, 12, 0.7),
    Machine('H100, bfloat16', 150e12, 8, 310e9, 35e9, 10e-6, 12, 0.7),
)
PHOTO = (500, 375)  # usual size of ImageNet's
PROCESSES = (1, 2, 4)


def build(name: str) -> tuple[torch.nn.Module, Config]:
    """Build the model of a config with random weights, and return both."""
    cfg = Config.fromfile(CONFIGS / name)
    inner = cfg.model.get('model', cfg.model)
    for part in (inner, inner.backbone):
        part.pop('init_cfg', None)
    return build_model(cfg), cfg


def make_batch(cfg: Config, batch: int, side: int) -> dict:
    """Return images and labels as the config's loader gives them."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randint(0, 256, (3, side, side), dtype=torch.uint8, generator=generator) for _ in range(batch)]
    if cfg.default_scope == 'mmseg':
        from mmengine.structures import PixelData
        from mmseg.structures import SegDataSample

        labels = torch.randint(0, 11, (batch, 1, side, side), generator=generator)
        samples = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
        for sample in samples:
            sample.set_metainfo(dict(img_shape=(side, side)))
    else:
        from mmpretrain.structures import DataSample

        samples = [DataSample().set_gt_label(label) for label in torch.randint(0, 10, (batch,), generator=generator)]
    return dict(inputs=inputs, data_samples=samples)


class Training(torch.nn.Module):
    """A forward pass to the loss, which DistributedDataParallel can wrap."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict) -> torch.Tensor:
        losses = self.model(**self.model.data_preprocessor(batch, True), mode='loss')
        return self.model.parse_losses(losses)[0]


def time_steps(rank: int, world_size: int, name: str, steps: int, folder: str) -> None:
    """Time steps with and without communication in turns, and write the medians of this process to a file."""
    torch.set_num_threads(1)
    store = dist.FileStore(f'{folder}/store', world_size)
    dist.init_process_group('gloo', store=store, rank=rank, world_size=world_size)
    config, batch_size, side, *_ = NETWORKS[name]
    torch.manual_seed(0)
    model, cfg = build(config)
    training = DistributedDataParallel(Training(model.train()))
    batch = make_batch(cfg, batch_size, side)
    times: dict[bool, list[float]] = {True: [], False: []}
    for step in range(2 * (steps + 1)):
        communicate = step % 2 == 0
        dist.barrier()
        begin = time.perf_counter()
        with nullcontext() if communicate else training.no_sync():
            training(batch).backward()
        dist.barrier()
        times[communicate].append(time.perf_counter() - begin)
        training.zero_grad()
    medians = [statistics.median(times[kind][1:]) for kind in (True, False)]
    if rank == 0:
        np.save(f'{folder}/times.npy', np.array(medians))
    dist.destroy_process_group()


def measure(name: str, steps: int) -> list[dict]:
    """Return samples per second and the share of communication for each number of processes."""
    found = []
    for processes in PROCESSES:
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.start_processes(
                time_steps, (processes, name, steps, folder), nprocs=processes, start_method='fork'
            )
            together, alone = np.load(f'{folder}/times.npy').tolist()
        found.append(
            dict(
                processes=processes,
                step_s=together,
                samples_per_s=processes * NETWORKS[name][1] / together,
                communication=max(0.0, 1 - alone / together) if processes > 1 else 0.0,
            )
        )
        print(f'{name}: {found[-1]}', flush=True)
    return found


def loading_seconds(cfg: Config, repetitions: int = 20) -> float:
    """Return the CPU time of the config's training pipeline for a photo of usual size."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, DefaultScope.overwrite_default_scope(cfg.default_scope):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(small).resize(PHOTO, Image.Resampling.BICUBIC).save(f'{folder}/photo.jpg', quality=90)
        Image.fromarray(rng.integers(0, 21, PHOTO[::-1], dtype=np.uint8)).save(f'{folder}/labels.png')
        dataset = cfg.train_dataloader.dataset
        steps = [dict(step) for step in dataset.pipeline]
        for step in steps:
            if step['type'] == 'mmgb.SubtractMeanImage':  # the mean image of the data set, which isn't here
                np.save(f'{folder}/mean.npy', np.zeros((256, 256, 3), np.float32))
                step.update(mean_image=f'{folder}/mean.npy', resize=True)
        pipeline = Compose(steps)
        sample = dict(img_path=f'{folder}/photo.jpg', gt_label=0, seg_map_path=f'{folder}/labels.png')
        sample |= dict(label_map=None, reduce_zero_label=False, seg_fields=[], sample_idx=0)
        begin = time.process_time()
        for _ in range(repetitions):
            assert pipeline(dict(sample)) is not None
        return (time.process_time() - begin) / repetitions


def constants(name: str) -> Workload:
    """Return the constants of a network at full width."""
    *_, config, side = NETWORKS[name]
    model, cfg = build(config)
    size = sum(4 * parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:  # which counts multiplications and additions
        Training(model.train())(make_batch(cfg, 2, side))
    multiply_adds = counter.get_total_flops() / 2 / 2
    return Workload(name, multiply_adds, size, cfg.train_dataloader.batch_size, loading_seconds(cfg))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--steps', type=int, default=7, help='timed steps of each kind (default: %(default)s)')
    parser.add_argument(
        '--out', type=Path, default=Path('docs/results/scaling.json'), help='JSON file (default: %(default)s)'
    )
    args = parser.parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    torch.set_num_threads(1)
    cases = [dict(title=name, processes=measure(name, args.steps)) for name in NETWORKS]
    settings = dict(
        cores=os.cpu_count(),
        workloads=[constants(name)._asdict() for name in NETWORKS],
        machines=[machine._asdict() for machine in MACHINES],
    )
    write_results(args.out, cases, **settings)
    results = dict(results=cases, **settings)
    print(measured_table(results), constants_table(results), modelled_table(results), sep='\n')


if __name__ == '__main__':
    main()
