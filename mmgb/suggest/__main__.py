"""Print what to change in a config of mmsegmentation or mmpretrain to train it with a boosted loss.

    python -m mmgb.suggest CONFIG --loss pow3-gb --write NEW.py

The output is a config that inherits CONFIG and trains as it is: every head's cross-entropy becomes the boosted loss in
the units of cross-entropy's logits, and learning rate, schedule and initialisation stay. Its docstring lists every
change, and every loss that stays.
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.suggest.losses import LOSS_TYPES  # noqa: E402
from mmgb.suggest.suggestion import config_text, suggest_loss  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(
        prog='python -m mmgb.suggest', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument('--loss', choices=sorted(LOSS_TYPES), default='pow3-gb', help='loss (default: %(default)s)')
    parser.add_argument('--write', type=Path, metavar='NEW.py', help='write the config to a file that does not exist')
    return parser.parse_args()


def main():
    args = parse_args()
    if args.write and (args.write.suffix != '.py' or args.write.exists()):
        raise ConfigError(f"--write='{args.write}': expected the name of a new file that ends with .py")
    if Path(args.config).is_file() and 'read_base()' in Path(args.config).read_text(encoding='utf-8'):
        raise ConfigError(
            f"config='{args.config}': expected a config with _base_, since read_base() can't be inherited"
        )
    cfg = load_config(args.config, {}, ('model',))
    text = config_text(suggest_loss(cfg, args.loss), args.config, str(args.write.parent) if args.write else '.')
    if args.write:
        with atomic_write(args.write) as file:
            file.write(text)
    print(text, end='')


if __name__ == '__main__':
    run_tool(main)
