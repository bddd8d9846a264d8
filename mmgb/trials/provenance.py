"""Table of the origin of measured numbers."""

from collections.abc import Mapping

from mmgb.utils.markdown import table


def provenance_table(files: Mapping[str, dict]) -> str:
    """Return a table with one row per file of trials: its config, settings, number of seeds, and machine.

    Args:
        files: name to the file's content, see :mod:`mmgb.trials.file`.
    """
    rows = []
    for name, content in files.items():
        overrides = ' '.join(f'{key}={value}' for key, value in content['cfg_options'].items())
        varied = sorted({key for setting in content['settings'] for key in setting['overrides']})
        numbers = sorted(len(setting['trials']) for setting in content['settings'])
        settings = f'{len(content["settings"])} of {", ".join(varied)}' if varied else '1'
        seeds = str(numbers[0]) if numbers[0] == numbers[-1] else f'{numbers[0]} to {numbers[-1]}'
        rows.append([name, content['config'], overrides, settings, seeds, _machine(content['environment'])])
    return table(['numbers', 'config', 'with', 'settings', 'seeds each', 'machine'], rows)


def _machine(environment: dict) -> str:
    if not environment:
        return 'not recorded'
    processes = f'{environment["processes"]} processes, ' if 'processes' in environment else ''
    device = environment['gpu'] or environment['cpu']
    return f'{device}, {processes}{environment["threads"]} threads, torch {environment["torch"]}'
