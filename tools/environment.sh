# Sourced by quickstart.sh and run_tests.sh. Provides an environment with mmgb, the default stack and the test tools:
# the active environment, or .venv, which is created if none is active. Installs only what the last call did not.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ -z "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ]; then
    [ -x "$ROOT/.venv/bin/python" ] || python3 -m venv "$ROOT/.venv" || exit 1
    . "$ROOT/.venv/bin/activate"
fi
STAMP="${VIRTUAL_ENV:-$CONDA_PREFIX}/mmgb-installed"
INSTALLED="$ROOT $(cksum < "$ROOT/setup.py")"
if [ "$(cat "$STAMP" 2>/dev/null)" != "$INSTALLED" ]; then
    # The original OpenMMLab distributions have the same module names: never install the default stack over them.
    EXTRAS=$(python - <<'PYTHON'
from importlib.metadata import distributions
names = {distribution.metadata['Name'] for distribution in distributions()}
print('test' if {'mmengine', 'mmsegmentation', 'mmpretrain'} & names else 'onedl,test')
PYTHON
)
    echo "Installing mmgb[$EXTRAS] into ${VIRTUAL_ENV:-$CONDA_PREFIX} (PyTorch alone takes 6 GB and a minute or more)."
    python -m pip install --disable-pip-version-check --editable "$ROOT[$EXTRAS]" || exit 1
    echo "$INSTALLED" > "$STAMP"
fi
# OpenMP threads that spin while waiting slow down the other processes of a shared machine.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-PASSIVE}"
