"""Puts trained and tested segmentation runs side by side: a table, its numbers as JSON, and a picture.

Each run is NAME=WORK_DIR, where WORK_DIR is that of `tools/train.py`, and holds the folder `test`, that of
`tools/test.py --work-dir WORK_DIR/test --out WORK_DIR/predictions`, and the folder `predictions`.
"""

import argparse
import json
import sys
from pathlib import Path

from mmgb.analysis.predictions.comparison_table import comparison_table
from mmgb.analysis.predictions.segmentation_figure import read_scene, segmentation_figure
from mmgb.utils.work_dir import read_curve, read_test

METRIC = 'mIoU'


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('runs', nargs='+', metavar='NAME=WORK_DIR')
    parser.add_argument('--data-root', type=Path, required=True, help='folder of the VOC layout that was tested on')
    parser.add_argument('--scenes', type=int, default=4, help='how many predictions to show (default: 4)')
    parser.add_argument('--out', type=Path, required=True, help='folder for comparison.md, .json and .png')
    args = parser.parse_args()
    for run in args.runs:
        if '=' not in run:
            parser.error(f'run {run!r}: expected NAME=WORK_DIR')
    if args.scenes < 1:
        parser.error(f'--scenes={args.scenes}: expected at least 1')
    args.runs = {name: Path(folder) for name, folder in (run.split('=', 1) for run in args.runs)}
    return args


def choose_scenes(runs, data_root, count):
    """Scenes that every run has predicted, evenly spread over the list."""
    common = set.intersection(
        *({path.stem for path in (folder / 'predictions').glob('*.png')} for folder in runs.values())
    )
    if not common:
        raise FileNotFoundError('no image has a prediction of every run in its folder "predictions"')
    names = sorted(common)
    names = names[:: max(1, len(names) // count)][:count]
    return [
        read_scene(
            data_root / 'JPEGImages' / f'{name}.jpg',
            data_root / 'SegmentationClass' / f'{name}.png',
            {run: folder / 'predictions' / f'{name}.png' for run, folder in runs.items()},
        )
        for name in names
    ]


def main():
    args = parse_args()
    try:
        curves = {name: read_curve(folder, METRIC) for name, folder in args.runs.items()}
        results = {name: read_test(folder / 'test') for name, folder in args.runs.items()}
        table = comparison_table(results)
        scenes = choose_scenes(args.runs, args.data_root, args.scenes)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')
    args.out.mkdir(parents=True, exist_ok=True)
    num_classes = len(next(iter(results.values())).class_iou)
    segmentation_figure(curves, METRIC, scenes, num_classes).savefig(args.out / 'comparison.png')
    (args.out / 'comparison.md').write_text(table)
    (args.out / 'comparison.json').write_text(
        json.dumps({name: dict(curve=curves[name], **results[name]._asdict()) for name in args.runs}, indent=1) + '\n'
    )
    print(table)
    print(f'Written: {args.out / "comparison.md"}, {args.out / "comparison.json"}, {args.out / "comparison.png"}')


if __name__ == '__main__':
    main()
