"""Time training iterations that GradientStatsHook records against iterations that it doesn't record.

Both alternate in one run of mmengine's Runner. An iteration is timed from its start to that of the next one, including
its hooks, files and data. The hook's share of the training time is the difference of the medians, divided by its
default interval. Uses a GPU if there is one. Prints a table and writes the results as JSON to --out.
"""

import statistics
import tempfile
import time
from inspect import signature

import torch
from measuring import Timing, parse_timing_args, show, write_results  # beside this file
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from mmgb.analysis.benchmark_tables import gradient_stats_table
from mmgb.engine.hooks import GradientStatsHook

WARM_UP = 10  # iterations that aren't timed
# {name: (image shape, batch size, backbone, features)}
CASES = {
    'CifarConvNet(depth=5, width=0.25)': ((3, 32, 32), 128, dict(type='mmgb.CifarConvNet', depth=5, width=0.25), 2048),
    'CifarConvNet(depth=10, width=0.25)': ((3, 32, 32), 128, dict(type='mmgb.CifarConvNet', depth=10, width=0.25), 360),
    'MLP': ((1, 28, 28), 100, dict(type='mmgb.MLP'), 50),
}


class IterationTimer(Hook):
    """Record the start of each iteration before any other hook, and stop the run after ``seconds``."""

    priority = 'HIGHEST'

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.starts: list[float] = []

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.starts.append(time.perf_counter())
        show(f'iteration {runner.iter + 1}')

    def after_train_epoch(self, runner) -> None:
        runner.train_loop.stop_training = self.starts[-1] - self.starts[0] > self.seconds

    def timings(self) -> tuple[Timing, Timing]:
        """Return the timings of the recorded iterations and of the others."""
        spans = [1e3 * (after - before) for before, after in zip(self.starts, self.starts[1:])]
        timings = []
        for first in (0, 1):
            times = spans[WARM_UP + first :: 2]
            timings.append(Timing(statistics.median(times), tuple(statistics.quantiles(times, n=4)[::2]), len(times)))
        return timings[0], timings[1]


def measure(shape: tuple[int, ...], batch: int, backbone: dict, features: int, seconds: float) -> tuple[Timing, Timing]:
    """Train for some seconds and return the timings of recorded iterations and of the others."""
    torch.manual_seed(0)
    images = torch.randn(batch, *shape)
    inputs = dict(inputs=images, data_samples=[DataSample().set_gt_label(index % 10) for index in range(batch)])
    head = dict(type='LinearClsHead', num_classes=10, in_channels=features, loss=dict(type='CrossEntropyLoss'))
    timer = IterationTimer(seconds)
    with tempfile.TemporaryDirectory() as folder:
        Runner(
            model=dict(type='ImageClassifier', backbone=backbone, head=head),
            work_dir=folder,
            default_scope='mmpretrain',
            log_level='ERROR',
            experiment_name=folder,
            train_dataloader=dict(
                dataset=[inputs] * 100,
                sampler=dict(type='DefaultSampler'),
                batch_size=1,
                collate_fn=lambda samples: samples[0],
            ),
            train_cfg=dict(by_epoch=True, max_epochs=10**9),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
            default_hooks=dict(checkpoint=None),
            custom_hooks=[timer, dict(type='mmgb.GradientStatsHook', interval=2)],
        ).train()
    show('')
    return timer.timings()


def main():
    args = parse_timing_args(__doc__, 60, 'docs/results/gradient_stats_benchmark.json')
    interval = signature(GradientStatsHook).parameters['interval'].default
    results = []
    for name, (shape, batch, backbone, features) in CASES.items():
        recorded, plain = measure(shape, batch, backbone, features, args.seconds)
        share = (recorded.median_ms - plain.median_ms) / interval / plain.median_ms
        results.append(
            dict(
                network=name,
                batch=batch,
                recorded=recorded._asdict(),
                between=plain._asdict(),
                share_at_default_interval=share,
            )
        )
    print(gradient_stats_table(dict(results=results, interval=interval)))
    write_results(args.out, results, interval=interval)


if __name__ == '__main__':
    main()
