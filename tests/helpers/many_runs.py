"""Runs many command lines of our tools in one process, to import the hosts once."""

import json

from helpers.tiny_runs import TOOLS, run, succeeded

RUN_ALL = """
import contextlib, io, json, runpy, sys, traceback
results = {}
for name, command in json.load(sys.stdin).items():
    sys.argv, code, shown = command, 0, io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        try:
            runpy.run_path(command[0], run_name='__main__')
        except SystemExit as end:
            code = end.code or 0
        except Exception:  # as the interpreter does it
            traceback.print_exc()
            code = 1
    results[name] = (code, shown.getvalue())
print('RESULTS' + json.dumps(results))
"""


def run_many(folder, commands):
    """{name: (exit code, output)} of ``commands``, {name: [tool, argument, …]}, run in ``folder`` one after the other.

    A tool's path is that below ``tools/``.
    """
    absolute = {name: [str(TOOLS / tool), *map(str, arguments)] for name, (tool, *arguments) in commands.items()}
    done = run(folder, '-c', RUN_ALL, stdin=json.dumps(absolute))
    return {name: tuple(result) for name, result in json.loads(succeeded(done).rpartition('RESULTS')[2]).items()}


def assert_one_sentence(result, tool, sentence):
    """Of a (exit code, output): the code is 2, and the output one line of the tool's that holds ``sentence``."""
    code, output = result
    assert code == 2, output
    assert output.startswith(f'{tool}: error: ') and output.count('\n') == 1, output
    assert sentence in output
