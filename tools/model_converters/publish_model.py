"""Write a checkpoint for others: the weights and their meta data, without the state of the training.

    python tools/model_converters/publish_model.py work_dirs/NAME/epoch_4.pth NAME.pth --drop auxiliaries

The first digits of the content's SHA-256 hash are added to the name, NAME-1a2b3c4d.pth, as in OpenMMLab's model zoos.
The hosts' own publish_model.py refuses mmengine's checkpoints with PyTorch 2.6 and newer.
"""

import argparse
import io
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import torch  # noqa: E402

from mmgb.apis.checkpoint import read_checkpoint  # noqa: E402
from mmgb.conversion.published_checkpoint import hashed_name, published  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='checkpoint of a training')
    parser.add_argument('out', type=Path, help='file to write, .pth; the hash is added to its name')
    parser.add_argument(
        '--drop',
        nargs='+',
        default=[],
        metavar='PART',
        help="parts of the model that a prediction doesn't need, such as auxiliaries or auxiliary_head",
    )
    return parser.parse_args()


def main():
    args = parse_args()
    if args.out.suffix != '.pth':
        raise ConfigError(f"out='{args.out}': expected a file name that ends with .pth")
    content = io.BytesIO()
    torch.save(published(read_checkpoint(args.checkpoint, 'checkpoint'), args.drop), content)
    path = hashed_name(args.out, content.getvalue())
    with atomic_write(path, 'wb') as file:
        file.write(content.getvalue())
    print(f"Wrote '{path}'")


if __name__ == '__main__':
    run_tool(main)
