"""Run many command lines in one process, to import the hosts only once."""

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
        except Exception:  # like the interpreter
            traceback.print_exc()
            code = 1
    results[name] = (code, shown.getvalue())
print('RESULTS' + json.dumps(results))
"""


def run_many(folder, commands):
    """Run ``commands`` one after another and return {name: (exit code, output)}.

    Args:
        folder (Path): working directory.
        commands (dict[str, list]): name to the tool's path below ``tools/`` and its arguments.
    """
    absolute = {name: [str(TOOLS / tool), *map(str, arguments)] for name, (tool, *arguments) in commands.items()}
    done = run(folder, '-c', RUN_ALL, stdin=json.dumps(absolute))
    return {name: tuple(result) for name, result in json.loads(succeeded(done).rpartition('RESULTS')[2]).items()}


def assert_one_sentence(result, tool, sentence):
    """Assert that ``result``, (exit code, output), is code 2 and one error line of ``tool`` with ``sentence`` in it."""
    code, output = result
    assert code == 2, output
    assert output.startswith(f'{tool}: error: ') and output.count('\n') == 1, output
    assert sentence in output
