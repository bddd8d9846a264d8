"""Print what to change in a config of mmsegmentation or mmpretrain to train it with a method of mmgb.

    python -m mmgb.suggest CONFIG --loss pow3-gb --write NEW.py
    python -m mmgb.suggest CONFIG --loss relay --class-aware --write NEW.py

The output is a config that inherits CONFIG and trains as it is. With a boosted loss, every head's cross-entropy becomes
that loss in the units of cross-entropy's logits, and learning rate, schedule and initialisation stay. With relay, the
model gets an auxiliary loss, and the ranges of both losses follow from its depth. The docstring of the output lists
every change, and every loss that stays.
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.suggest.class_aware import with_class_aware_sampler  # noqa: E402
from mmgb.suggest.losses import LOSS_TYPES  # noqa: E402
from mmgb.suggest.relay import suggest_relay  # noqa: E402
from mmgb.suggest.suggestion import config_text, suggest_loss  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(
        prog='python -m mmgb.suggest', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument(
        '--loss', choices=[*sorted(LOSS_TYPES), 'relay'], default='pow3-gb', help='method (default: %(default)s)'
    )
    parser.add_argument('--class-aware', action='store_true', help='draw every class equally often in training')
    parser.add_argument('--write', type=Path, metavar='NEW.py', help='write the config to a file that does not exist')
    return parser.parse_args()


def main():
    args = parse_args()
    if args.write and (args.write.suffix != '.py' or args.write.exists()):
        raise ConfigError(f"--write='{args.write}': expected the name of a new file that ends with .py")
    if Path(args.config).is_file() and b'read_base()' in Path(args.config).read_bytes():
        raise ConfigError(
            f"config='{args.config}': expected a config with _base_, since read_base() can't be inherited"
        )
    cfg = load_config(args.config, {}, ('model',))
    suggestion = suggest_relay(cfg) if args.loss == 'relay' else suggest_loss(cfg, args.loss)
    if args.class_aware:
        suggestion = with_class_aware_sampler(suggestion, cfg)
    text = config_text(suggestion, args.config, str(args.write.parent) if args.write else '.')
    if args.write:
        with atomic_write(args.write) as file:
            file.write(text)
    print(text, end='')


if __name__ == '__main__':
    run_tool(main)
