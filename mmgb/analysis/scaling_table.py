"""Markdown tables of ``tools/benchmarks/scaling.py``: measured processes, and modelled GPUs."""

from __future__ import annotations

from mmgb.utils.markdown import table

from .scaling_model import Machine, Workload, bottleneck, efficiency, largest_useful, model_step

GPUS = (1, 8, 64)


def measured_table(results: dict) -> str:
    """Return samples per second and the share of communication by network and number of processes."""
    rows = []
    for case in results['results']:
        single = case['processes'][0]
        for found in case['processes']:
            rows.append(
                [
                    case['title'],
                    str(found['processes']),
                    f'{found["samples_per_s"]:.1f}',
                    f'{found["samples_per_s"] / single["samples_per_s"]:.2f}',
                    f'{100 * found["communication"]:.0f}',
                ]
            )
    return table(['network', 'processes', 'samples/s', 'times one process', '% communication'], rows)


def modelled_table(results: dict) -> str:
    """Return what the model says of 1, 8 and 64 GPUs, on each machine."""
    rows = []
    for machine in (Machine(**fields) for fields in results['machines']):
        for workload in (Workload(**fields) for fields in results['workloads']):
            row = [machine.name, workload.name]
            for gpus in GPUS:
                step = model_step(workload, machine, gpus)
                speed = gpus * workload.batch / step.seconds
                row.append(f'{speed:,.0f} ({100 * efficiency(workload, machine, gpus):.0f} %)')
            stops = largest_useful(workload, machine)
            row += [bottleneck(workload, machine, GPUS[-1]), 'never' if stops is None else f'{stops}']
            rows.append(row)
    header = ['machine', 'network', *(f'{gpus} GPUs' for gpus in GPUS), 'waits for', 'GPUs at 80 %']
    return table(header, rows)


def constants_table(results: dict) -> str:
    """Return the measured constants of the networks."""
    rows = [
        [
            workload['name'],
            f'{workload["multiply_adds"] / 1e9:.1f}',
            f'{workload["gradient_bytes"] / 1e6:.0f}',
            str(workload['batch']),
            f'{1e3 * workload["loading_s"]:.1f}',
        ]
        for workload in results['workloads']
    ]
    header = ['network', '10⁹ multiply-adds', 'gradients, MB', 'images per GPU', 'ms to load an image on a core']
    return table(header, rows)
