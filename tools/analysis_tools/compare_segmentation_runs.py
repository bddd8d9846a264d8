"""Compare trained and tested segmentation runs: a table, its numbers as JSON, and a figure.

Each run is NAME=WORK_DIR. The folder WORK_DIR comes from `tools/train.py`, and holds two folders from `tools/test.py
--work-dir WORK_DIR/test --out WORK_DIR/predictions`: `test` and `predictions`. Invalid input ends with exit code 2 and
one sentence.
"""

import argparse
import json
from pathlib import Path

from mmgb.analysis.predictions.comparison_table import comparison_table
from mmgb.analysis.predictions.scenes import read_scenes
from mmgb.analysis.predictions.segmentation_figure import segmentation_figure
from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.named_arguments import parse_named
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.work_dir import read_curve, read_test

METRIC = 'mIoU'


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('runs', nargs='+', metavar='NAME=WORK_DIR', help='runs to compare')
    parser.add_argument('--data-root', type=Path, required=True, help='tested data set, in the layout of Pascal VOC')
    parser.add_argument('--scenes', type=int, default=4, help='number of images whose predictions to show (default: 4)')
    parser.add_argument('--out', type=Path, required=True, help='folder for comparison.md, .json and .png')
    return parser.parse_args()


def main():
    args = parse_args()
    if args.scenes < 1:
        raise ConfigError(f'--scenes={args.scenes}: expected at least 1')
    runs = {name: Path(folder) for name, folder in parse_named(args.runs, 'NAME=WORK_DIR').items()}
    try:
        curves = {name: read_curve(folder, METRIC) for name, folder in runs.items()}
        results = {name: read_test(folder / 'test') for name, folder in runs.items()}
        table = comparison_table(results)
        scenes = read_scenes(runs, args.data_root, args.scenes)
    except FileNotFoundError as error:
        raise ConfigError(str(error)) from error
    num_classes = len(next(iter(results.values())).class_iou)
    if num_classes == 0:
        raise ConfigError(
            f'{next(iter(runs.values())) / "test"}: expected a test with the IoU of each class, got none; test with '
            "iou_metrics=['mIoU'] of mmseg's IoUMetric"
        )
    args.out.mkdir(parents=True, exist_ok=True)
    segmentation_figure(curves, METRIC, scenes, num_classes).savefig(args.out / 'comparison.png')
    (args.out / 'comparison.md').write_text(table, encoding='utf-8')
    (args.out / 'comparison.json').write_text(
        json.dumps({name: dict(curve=curves[name], **results[name]._asdict()) for name in runs}, indent=1) + '\n',
        encoding='utf-8',
    )
    print(table)
    print(f'Written: {args.out / "comparison.md"}, {args.out / "comparison.json"}, {args.out / "comparison.png"}')


if __name__ == '__main__':
    run_tool(main)
