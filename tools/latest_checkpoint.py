"""Print the path of the checkpoint from which the training of a work dir goes on.

    python tools/latest_checkpoint.py WORK_DIR

It is the file that WORK_DIR/last_checkpoint names, looked for in WORK_DIR, else the newest readable checkpoint there.
"""

import argparse
import sys

from mmgb import compat

compat.apply()

from mmgb.apis.latest_checkpoint import find_latest_checkpoint  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', help='work dir of tools/train.py')
    return parser.parse_args()


def main():
    args = parse_args()
    found = find_latest_checkpoint(args.work_dir)
    if found is None:
        raise ConfigError(f"work_dir='{args.work_dir}': expected a training with checkpoints, got none")
    if found.remark:
        print(found.remark, file=sys.stderr)
    print(found.path)


if __name__ == '__main__':
    run_tool(main)
