"""Where each number was measured."""

from collections.abc import Mapping

from mmgb.utils.markdown import table


def provenance_table(files: Mapping[str, dict]) -> str:
    """One row for each file of ``tools/run_trials.py``: its config, settings, trials and machine.

    Args:
        files: name to content.
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
    return f'{environment["gpu"] or environment["cpu"]}, {environment["threads"]} threads, torch {environment["torch"]}'
