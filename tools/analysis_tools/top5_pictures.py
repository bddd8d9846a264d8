"""Draw correctly and wrongly classified images with their top-5 classes, and write a challenge's top-5 file.

Needs a test result of mmpretrain, which `tools/test.py CONFIG CHECKPOINT --out FILE.pkl` or ensemble.py wrote, and the
data set that was tested. Writes OUT/right.png and OUT/wrong.png (if there are such images) and OUT/top5.txt. Invalid
input ends with exit code 2 and one sentence.

    python tools/analysis_tools/top5_pictures.py result.pkl CONFIG --out work_dirs/top5
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import numpy as np  # noqa: E402
from mmengine.registry import DATASETS, init_default_scope  # noqa: E402

from mmgb.analysis.predictions.challenge_file import FORMATS, read_label_ids, submission_lines  # noqa: E402
from mmgb.analysis.predictions.classification_result import classification_result  # noqa: E402
from mmgb.analysis.predictions.result_file import read_samples  # noqa: E402
from mmgb.analysis.predictions.tested_dataset import check_images, class_names, read_image  # noqa: E402
from mmgb.analysis.predictions.top_labels import is_correct, spread_evenly, top_labels  # noqa: E402
from mmgb.analysis.predictions.top_labels_figure import Prediction, top_labels_figure  # noqa: E402
from mmgb.apis.config import load_config  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.errors import one_line  # noqa: E402

TOP = 5


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('result', type=Path, help='.pkl file with the test result')
    parser.add_argument('config', help='config whose test_dataloader has the images and the class names')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument('--count', type=int, default=12, help='number of images in each picture (default: 12)')
    parser.add_argument(
        '--right-within',
        type=int,
        default=TOP,
        metavar='K',
        help='count an image as right if its target class is among the first K (default: 5)',
    )
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='ilsvrc',
        help='format of top5.txt: labels from 1 (ilsvrc, the default), file name and labels from 0 (places), or file '
        'name and class names (names)',
    )
    parser.add_argument(
        '--label-ids',
        type=Path,
        help="text file with one integer per line: the number that top5.txt has for each class, such as ImageNet's "
        'ILSVRC2012_IDs',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def build_dataset(cfg):
    """Return the config's test data set."""
    check_data_roots(cfg, ('test_dataloader',))
    init_default_scope(cfg.get('default_scope') or 'mmpretrain')
    try:
        return DATASETS.build(cfg.test_dataloader.dataset)
    except (AssertionError, AttributeError, ImportError, KeyError, OSError, TypeError, ValueError) as error:
        raise ConfigError(f"config='{cfg.filename}': its test data set can't be built: {one_line(error)}") from error


def read_result(path):
    """Return the test result and the top classes of its images."""
    try:
        result = classification_result(read_samples(path), str(path))
        return result, top_labels(result.scores, TOP)
    except (FileNotFoundError, ConfigError) as error:
        raise ConfigError(f'result: {error}') from error


def draw(dataset, result, top, names, chosen, path):
    """Write one picture of the chosen images, or say that there are none."""
    if not len(chosen):
        print(f'No picture {path}: there are no such images.')
        return
    top_labels_figure(
        [
            Prediction(
                read_image(dataset, index),
                tuple(names[label] for label in result.labels[index]),
                [(names[label], float(result.scores[index, label])) for label in top[index]],
            )
            for index in chosen
        ]
    ).savefig(path)
    print(f'Written: {path}')


def main():
    args = parse_args()
    if args.count < 1:
        raise ConfigError(f'--count={args.count}: expected at least 1')
    if not 1 <= args.right_within <= TOP:
        raise ConfigError(f'--right-within={args.right_within}: expected 1 to {TOP}')
    cfg = load_config(args.config, args.cfg_options, ('test_dataloader',))
    result, top = read_result(args.result)
    dataset = build_dataset(cfg)
    check_images(dataset, result.images, str(args.result))
    names = class_names(dataset, result.scores.shape[1])
    ids = None if args.label_ids is None else read_label_ids(args.label_ids, len(names))
    args.out.mkdir(parents=True, exist_ok=True)
    lines = submission_lines(result.images, top, args.format, names, ids)
    (args.out / 'top5.txt').write_text('\n'.join(lines) + '\n', encoding='utf-8')
    print(f'Written: {args.out / "top5.txt"}')
    if result.labels is None:
        print('These images have no labels: nothing to draw.')
        return
    correct = is_correct(top[:, : args.right_within], result.labels)
    print(f'Right within the top {args.right_within}: {correct.sum()} of {len(correct)} images.')
    for name, positions in (('right', np.flatnonzero(correct)), ('wrong', np.flatnonzero(~correct))):
        draw(dataset, result, top, names, spread_evenly(positions, args.count), args.out / f'{name}.png')


if __name__ == '__main__':
    run_tool(main)
