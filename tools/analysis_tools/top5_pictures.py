"""Draws right and wrong images with their top-5 classes, and writes the top-5 file for a challenge's server.

From a test result of mmpretrain (`tools/test.py CONFIG CHECKPOINT --out FILE.pkl`, or ensemble.py's) and the data set
that was tested on. Writes OUT/right.png, OUT/wrong.png (where there are such images) and OUT/top5.txt. Exit code 2 and
one sentence for bad input.

    python tools/analysis_tools/top5_pictures.py result.pkl CONFIG --out work_dirs/top5
"""

import argparse
import io
from pathlib import Path

from mmgb import compat

compat.apply()

import numpy as np  # noqa: E402
from mmengine.fileio import get  # noqa: E402
from mmengine.registry import DATASETS, init_default_scope  # noqa: E402
from PIL import Image  # noqa: E402

from mmgb.analysis.predictions.classification_result import classification_result, image_name, read_samples  # noqa: E402
from mmgb.analysis.predictions.top_labels import FORMATS, is_right, submission_lines, top_labels  # noqa: E402
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
    parser.add_argument('result', type=Path, help='.pkl')
    parser.add_argument('config', help='its test_dataloader has the images and the names of the classes')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument('--count', type=int, default=12, help='images in each picture (default: 12)')
    parser.add_argument(
        '--right-within',
        type=int,
        default=TOP,
        metavar='K',
        help='an image is right if its class is among the first K (default: 5)',
    )
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='ilsvrc',
        help='of top5.txt: labels from 1 (ilsvrc, the '
        'default), file name and labels from 0 (places), or file name and names of the classes',
    )
    parser.add_argument(
        '--label-ids',
        type=Path,
        help='text file with the number that top5.txt is to have for each '
        "class, one in each line; ImageNet's ILSVRC2012_IDs, for example",
    )
    add_cfg_options(parser)
    return parser.parse_args()


def build_dataset(cfg):
    check_data_roots(cfg, ('test_dataloader',))
    init_default_scope(cfg.get('default_scope') or 'mmpretrain')
    try:
        return DATASETS.build(cfg.test_dataloader.dataset)
    except (AssertionError, AttributeError, ImportError, KeyError, OSError, TypeError, ValueError) as error:
        raise ConfigError(f"config='{cfg.filename}': its test data set can't be built: {one_line(error)}") from error


def check_dataset(dataset, result, path):
    if len(dataset) != len(result.images):
        raise ConfigError(f"result='{path}' has {len(result.images)} images, the config's test data set {len(dataset)}")
    for index, image in enumerate(result.images):
        info = dataset.get_data_info(index)
        if 'img_path' in info and image != image_name(info, index):
            raise ConfigError(
                f"result='{path}': image {index} (from 0) is '{image}', and '{info['img_path']}' in the "
                "config's test data set"
            )


def class_names(dataset, num_classes):
    names = dataset.metainfo.get('classes')
    if names is None:
        return [f'class {label}' for label in range(num_classes)]
    if len(names) != num_classes:
        raise ConfigError(f"the config's test data set has {len(names)} classes, the result {num_classes}")
    return [str(name) for name in names]


def read_label_ids(path, num_classes):
    try:
        ids = [int(line) for line in path.read_text().split()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"--label-ids='{path}' can't be read as one integer a line: {one_line(error)}") from error
    if len(ids) != num_classes or len(set(ids)) != num_classes:
        raise ConfigError(
            f"--label-ids='{path}' has {len(ids)} numbers, {len(set(ids))} different ones; expected one "
            f'for each of the {num_classes} classes'
        )
    return ids


def read_image(dataset, index):
    info = dataset.get_data_info(index)
    if 'img' in info:
        return np.asarray(info['img']).squeeze()
    try:
        return np.asarray(Image.open(io.BytesIO(get(info['img_path']))).convert('RGB'))
    except OSError as error:
        raise ConfigError(f"the image '{info['img_path']}' can't be read: {one_line(error)}") from error


def evenly(positions, count):
    """``count`` of ``positions``, or all of them, evenly spread."""
    return positions[np.linspace(0, len(positions) - 1, min(count, len(positions))).round().astype(int)]


def draw(dataset, result, top, names, chosen, path):
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
    try:
        result = classification_result(read_samples(args.result), str(args.result))
        top = top_labels(result.scores, TOP)
    except (FileNotFoundError, ValueError) as error:
        raise ConfigError(f'result: {error}') from error
    dataset = build_dataset(cfg)
    check_dataset(dataset, result, args.result)
    names = class_names(dataset, result.scores.shape[1])
    ids = None if args.label_ids is None else read_label_ids(args.label_ids, len(names))
    args.out.mkdir(parents=True, exist_ok=True)
    lines = submission_lines(result.images, top, args.format, names, ids)
    (args.out / 'top5.txt').write_text('\n'.join(lines) + '\n', encoding='utf-8')
    print(f'Written: {args.out / "top5.txt"}')
    if result.labels is None:
        print('These images have no labels: nothing to draw.')
        return
    right = is_right(top[:, : args.right_within], result.labels)
    print(f'Right within the top {args.right_within}: {right.sum()} of {len(right)} images.')
    for name, positions in (('right', np.flatnonzero(right)), ('wrong', np.flatnonzero(~right))):
        draw(dataset, result, top, names, evenly(positions, args.count), args.out / f'{name}.png')


if __name__ == '__main__':
    run_tool(main)
