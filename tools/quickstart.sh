#!/usr/bin/env bash
# Trains a slim PixelNet on scenes of handwritten digits with softmax + cross-entropy, and with exp-GB and pow3-GB in
# matched units, tests each with the standard tools and compares them. An interrupted call is resumed by the next one;
# finished parts are reused.
#
#   EPOCHS   epochs of 560 scenes per loss (default: the configs' setting)
#   DATA     folder for the scenes (default: data/digits)
#   WORK     folder for the runs (default: work_dirs/quickstart)
set -euo pipefail
WANTED=quickstart
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$ROOT"
DATA="${DATA:-data/digits}"
WORK="${WORK:-work_dirs/quickstart}"
CONFIGS=configs/gradient_boosting/digits/pixelnet-vgg16-slim

python tools/dataset_converters/make_digits_voc.py "$DATA"

for LOSS in softmax exp-gb-matched pow3-gb-matched; do
    CONFIG=$(echo "${CONFIGS}_${LOSS}-warmup"_*.py)
    OPTIONS=(train_dataloader.dataset.data_root="$DATA/VOC2012" val_dataloader.dataset.data_root="$DATA/VOC2012"
             test_dataloader.dataset.data_root="$DATA/VOC2012" ${EPOCHS:+train_cfg.max_epochs=$EPOCHS})
    if [ -e "$WORK/$LOSS/tested" ]; then
        echo "== $LOSS: already trained and tested in $WORK/$LOSS"
        continue
    fi
    echo "== $LOSS: training ($CONFIG)"
    python -W ignore tools/train.py "$CONFIG" --work-dir "$WORK/$LOSS" --resume --cfg-options "${OPTIONS[@]}"
    echo "== $LOSS: testing"
    CHECKPOINT=$(python -W ignore tools/latest_checkpoint.py "$WORK/$LOSS")
    python -W ignore tools/test.py "$CONFIG" "$CHECKPOINT" --work-dir "$WORK/$LOSS/test" \
        --out "$WORK/$LOSS/predictions" --cfg-options "${OPTIONS[@]}"
    touch "$WORK/$LOSS/tested"
done

python tools/analysis_tools/compare_segmentation_runs.py softmax="$WORK/softmax" \
    "matched exp-GB=$WORK/exp-gb-matched" "matched pow3-GB=$WORK/pow3-gb-matched" --data-root "$DATA/VOC2012" --out "$WORK"
