# Sourced by quickstart.sh and run_tests.sh. Provides an environment with mmgb, the default stack and what WANTED adds:
# the active environment, or .venv, which is created if none is active. Installs only what is missing, and into an
# environment that the caller made only with MMGB_INSTALL=1.
#
#   WANTED   extra of setup.py to install beside the default stack: quickstart or test
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ -z "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ]; then
    [ -x "$ROOT/.venv/bin/python" ] || python3 -m venv "$ROOT/.venv" || exit 1
    . "$ROOT/.venv/bin/activate"
fi
ENVIRONMENT="${VIRTUAL_ENV:-$CONDA_PREFIX}"
# The extras of setup.py from which a distribution is missing. The original OpenMMLab distributions have the module names
# of the default stack: never install it over them. mmgb itself must be this folder.
MISSING=$(cd "$ROOT" && python - "$WANTED" <<'PYTHON'
import ast
import pathlib
import re
import sys
from importlib.metadata import distributions
from importlib.util import find_spec

sys.path.remove('')  # this folder, where mmgb would always be found

names = {(distribution.metadata['Name'] or '').lower().replace('_', '-') for distribution in distributions()}
setup = pathlib.Path('setup.py').read_text(encoding='utf-8')
extras = ast.literal_eval(re.search(r'EXTRAS = (\{.*?\n\})', setup, re.S).group(1))
wanted = [*([] if {'mmengine', 'mmsegmentation', 'mmpretrain'} & names else ['onedl']), *sys.argv[1:]]
required = {extra: {re.split('[<>=]', part)[0] for part in extras[extra]} for extra in wanted}
missing = {extra: sorted(parts - names) for extra, parts in required.items() if parts - names}
mmgb = find_spec('mmgb')
absent = [] if mmgb and mmgb.origin == str(pathlib.Path('mmgb/__init__.py').resolve()) else ['mmgb from this folder']
if missing or absent:
    print(','.join(wanted) + ':' + ', '.join(absent + sorted(set(sum(missing.values(), [])))))
PYTHON
) || exit 1
if [ -n "$MISSING" ]; then
    if [ "$ENVIRONMENT" != "$ROOT/.venv" ] && [ -z "${MMGB_INSTALL:-}" ]; then
        echo "The active environment $ENVIRONMENT lacks ${MISSING#*:}: set MMGB_INSTALL=1 to install this into it," \
            "or deactivate it to use $ROOT/.venv." >&2
        exit 1
    fi
    echo "Installing ${MISSING#*:} into $ENVIRONMENT (PyTorch alone takes 6 GB and a minute or more)."
    EXTRAS=${MISSING%%:*}
    python -m pip install --disable-pip-version-check --editable "$ROOT${EXTRAS:+[$EXTRAS]}" || exit 1
fi
# OpenMP threads that spin while waiting slow down the other processes of a shared machine.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
