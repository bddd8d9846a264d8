#!/usr/bin/env bash
# Sets up the environment (see environment.sh), then runs the linters, the type checker and the tests.
#
#   bash tools/run_tests.sh                    # everything
#   bash tools/run_tests.sh -m "not slow"      # the short suite; all arguments go to pytest
#
#   WORKERS   test processes (default: the number of CPU cores)
set -uo pipefail
WANTED=test
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$ROOT" || exit 1

# The original OpenMMLab stack in a folder of its own: only the tests that ask for it see it.
export MMGB_ORIGINALS="${MMGB_ORIGINALS:-$ROOT/.originals}"
if [ ! -d "$MMGB_ORIGINALS/mmseg" ]; then
    python -m pip install --disable-pip-version-check --no-deps --target "$MMGB_ORIGINALS" \
        mmengine==0.10.7 mmcv-lite==2.1.0 mmsegmentation==1.2.2 mmpretrain==1.2.0 || exit 1
fi

WORKERS="${WORKERS:-$(nproc 2>/dev/null || echo 1)}"
# One thread per worker: the workers already use all cores.
[ "$WORKERS" -gt 1 ] && export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
run_tests() { python -m pytest --numprocesses "$WORKERS" --dist worksteal "$@"; }
ruff check . && ruff format --check --quiet . || exit 1
TYPE_ERRORS=$(mktemp)
mypy > "$TYPE_ERRORS" & # beside the tests, which wait at times
run_tests "$@"
STATUS=$?
if ! wait $!; then
    cat "$TYPE_ERRORS"
    echo "== mypy found the errors above"
    STATUS=1
fi
rm "$TYPE_ERRORS"
if [ $# -gt 0 ]; then
    echo "== Left out: the session on the original OpenMMLab packages, which only a call without arguments runs"
    exit $STATUS
fi
echo "== What trains, resumes, tests and loads, in the same process on the original OpenMMLab packages"
ON_ORIGINALS=(tests/apis tests/engine tests/models/relay_bp tests/models/test_boosted_seg_tta.py tests/datasets/samplers
    tests/datasets/test_fault_tolerant_dataset.py)
export PYTHONPATH="$MMGB_ORIGINALS${PYTHONPATH:+:$PYTHONPATH}"
SLOW_ON_ORIGINALS=(tests/tools/test_latest_checkpoint.py tests/tools/test_training_that_cannot_go_on.py)
run_tests -m "not slow" "${ON_ORIGINALS[@]}"
ON_ORIGINALS_STATUS=$?
run_tests "${SLOW_ON_ORIGINALS[@]}" || ON_ORIGINALS_STATUS=$?
echo "== Left out on the original packages, to save time: all but ${ON_ORIGINALS[*]} without the tests marked slow," \
    "and ${SLOW_ON_ORIGINALS[*]}"
echo "== Exit codes: $STATUS on the default stack, $ON_ORIGINALS_STATUS on the original packages"
[ $STATUS -eq 0 ] && [ $ON_ORIGINALS_STATUS -eq 0 ]
