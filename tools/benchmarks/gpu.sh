#!/usr/bin/env bash
# Measures on this machine's GPUs all that needs one: tests of the kernels, benchmarks of losses, relay and segmentation,
# and trainings on scenes of handwritten digits in float32, in mixed precision and with SyncBN in several processes.
#
#   bash tools/benchmarks/gpu.sh             # writes docs/results/gpu/tables.md, JSON files and logs
#   bash tools/benchmarks/gpu.sh --dry-run   # prints the commands, also without a GPU
#
# A failed step doesn't stop the others. A second call repeats only what has failed.
#
#   OUT    folder for the results (default: docs/results/gpu)
#   WORK   folder for scenes and trainings (default: work_dirs/gpu)
#   GPUS   processes of the SyncBN training (default: the number of GPUs)
set -uo pipefail
DRY_RUN=
[ "${1:-}" = --dry-run ] && DRY_RUN=1
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
OUT="${OUT:-docs/results/gpu}"
WORK="${WORK:-work_dirs/gpu}"
if [ -z "$DRY_RUN" ]; then
    GPUS="${GPUS:-$(python -c 'import torch; print(torch.cuda.device_count())')}"
    if [ "${GPUS:-0}" -lt 1 ]; then
        echo 'This machine has no GPU that torch can use; --dry-run prints the commands.' >&2
        exit 1
    fi
    mkdir -p "$OUT" "$WORK"
fi
GPUS="${GPUS:-1}"
FAILED=()

# step NAME COMMAND...: run a command once, with its output in OUT/NAME.log.
step() {
    local name=$1
    shift
    if [ -n "$DRY_RUN" ]; then
        echo "$*"
    elif [ -e "$WORK/$name.done" ]; then
        echo "== $name: already done"
    else
        echo "== $name: $*"
        if "$@" > "$OUT/$name.log" 2>&1; then touch "$WORK/$name.done"; else
            FAILED+=("$name")
            echo "== $name failed, see $OUT/$name.log" >&2
        fi
    fi
}

# run NAME LOSS COMMAND...: train with the command and test the result.
run() {
    local name=$1 config
    config=$(echo configs/gradient_boosting/digits/pixelnet-vgg16-slim_"$2"_*.py)
    shift 2
    step "train-$name" "$@" "$config" ${PROCESSES:-} --work-dir "$WORK/$name" --resume ${AMP:-} \
        --cfg-options "${DATA[@]}" ${NORM:-}
    step "test-$name" python tools/test.py "$config" "$WORK/$name/epoch_4.pth" --work-dir "$WORK/$name/test" \
        --out "$WORK/$name/predictions" --cfg-options "${DATA[@]}"
}

step tests python -m pytest -n 0 tests/functional/losses tests/functional/full_resolution
step loss python tools/benchmarks/loss.py --out "$OUT/loss_benchmark.json"
step relay python tools/benchmarks/relay.py --out "$OUT/relay_benchmark.json"
step segmentation python tools/benchmarks/segmentation_loss.py --out "$OUT/segmentation_loss_benchmark.json"

step scenes python tools/dataset_converters/make_digits_voc.py "$WORK/digits"
DATA=()
for loader in train val test; do DATA+=("${loader}_dataloader.dataset.data_root=$WORK/digits/VOC2012"); done
RUNS=()
for loss in softmax exp-gb pow3-gb; do
    run "$loss" "$loss" python tools/train.py
    AMP=--amp run "$loss-amp" "$loss" python tools/train.py
    PROCESSES=$GPUS NORM="model.backbone.norm_cfg.type=SyncBN model.decode_head.norm_cfg.type=SyncBN" \
        run "$loss-syncbn" "$loss" bash tools/dist_train.sh
    for name in "$loss" "$loss-amp" "$loss-syncbn"; do RUNS+=("$name=$WORK/$name"); done
done
step trainings python tools/analysis_tools/compare_segmentation_runs.py "${RUNS[@]}" \
    --data-root "$WORK/digits/VOC2012" --out "$OUT"

[ -n "$DRY_RUN" ] && exit
{
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
    for name in tests loss relay segmentation trainings; do
        printf '\n## %s\n\n' "$name"
        if [ "$name" = tests ]; then tail -n 1 "$OUT/tests.log"; else grep '^|' "$OUT/$name.log"; fi
    done
} > "$OUT/tables.md"
echo "Written: $OUT/tables.md"
if [ ${#FAILED[@]} -gt 0 ]; then
    echo "failed: ${FAILED[*]}" >&2
    exit 1
fi
