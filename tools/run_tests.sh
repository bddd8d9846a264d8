#!/usr/bin/env bash
# Sets up the environment (see environment.sh) and runs the whole test suite; arguments go to pytest.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$ROOT" || exit 1

# The original OpenMMLab stack, beside the default one: only the tests that name it see this folder.
export MMGB_ORIGINALS="${MMGB_ORIGINALS:-$ROOT/.originals}"
if [ ! -d "$MMGB_ORIGINALS/mmseg" ]; then
    python -m pip install --disable-pip-version-check --no-deps --target "$MMGB_ORIGINALS" \
        mmengine==0.10.7 mmcv-lite==2.1.0 mmsegmentation==1.2.2 mmpretrain==1.2.0 || exit 1
fi

ruff check . && python -m pytest "$@"
