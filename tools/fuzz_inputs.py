"""Try thousands of hostile inputs on everything that mmgb reads, and write what happened to a report.

Damaged and malicious checkpoints, caches, array files, image lists, settings, Caffe models and images. The exit code is
1 if one is accepted wrongly or ends in a traceback. The report keeps one entry per stack and version of Python: run the
tool with the other distributions on PYTHONPATH to add theirs.
"""

import argparse
import io
import json
import logging
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.hostile_inputs.array_files import damaged_arrays, damaged_caches  # noqa: E402
from mmgb.hostile_inputs.caffe_models import damaged_caffe_models  # noqa: E402
from mmgb.hostile_inputs.campaign import FAILURES, run_campaign  # noqa: E402
from mmgb.hostile_inputs.checkpoints import damaged_checkpoints, malicious_checkpoints  # noqa: E402
from mmgb.hostile_inputs.image_lists import hostile_lists  # noqa: E402
from mmgb.hostile_inputs.images import damaged_images  # noqa: E402
from mmgb.hostile_inputs.settings import hostile_settings  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import stack_versions  # noqa: E402

# Kinds of inputs and the share of each in --count.
KINDS = {
    'damaged checkpoints': (damaged_checkpoints, 0.15),
    'malicious checkpoints': (malicious_checkpoints, 0.1),
    'caches': (damaged_caches, 0.05),
    'array files': (damaged_arrays, 0.15),
    'image lists': (hostile_lists, 0.2),
    'settings': (hostile_settings, 0.2),
    'Caffe models': (damaged_caffe_models, 0.1),
    'images': (damaged_images, 0.05),
}


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--count', type=int, default=24_000, help='number of inputs (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the inputs (default: %(default)s)')
    parser.add_argument(
        '--out', type=Path, default=Path('docs/results/hostile_inputs.json'), help='report (default: %(default)s)'
    )
    return parser.parse_args()


def read_report(path):
    """Return the entries of an existing report."""
    if not path.exists():
        return []
    try:
        return list(json.loads(path.read_text(encoding='utf-8'))['reports'])
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"--out='{path}': expected a report of this tool or a new name, got other content") from error


def main():
    args = parse_args()
    if args.count < 1 or args.seed < 0:
        raise ConfigError(
            f'--count={args.count} --seed={args.seed}: expected a positive count and a seed of at least 0'
        )
    logging.disable(logging.WARNING)  # a refused cache is logged
    reports, campaigns = read_report(args.out), {}
    for name, (kind, share) in KINDS.items():
        # A cache that is read anew shows its progress.
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            campaigns[name] = run_campaign(kind, Path(folder), args.seed, max(1, round(share * args.count)))
        print(f'{name}: {campaigns[name]}', flush=True)
    entry = dict(versions=stack_versions(), campaigns=campaigns)
    key = [(report['versions']['mmengine'], report['versions']['python']) for report in reports]
    kept = [
        report
        for report, stack in zip(reports, key)
        if stack != (entry['versions']['mmengine'], entry['versions']['python'])
    ]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(args.out) as file:
        file.write(json.dumps(dict(reports=[*kept, entry]), indent=1) + '\n')
    sys.exit(any(campaign[ending] for campaign in campaigns.values() for ending in FAILURES))


if __name__ == '__main__':
    run_tool(main)
