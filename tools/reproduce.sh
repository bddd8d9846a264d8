#!/usr/bin/env bash
# Measures claims of the papers again, all of them or those that are named:
#
#   bash tools/reproduce.sh [--gpu] [CLAIM…]
#
# CLAIM is one of CLAIMS or, the rates of one alone, of PARTS below: functions in tools/reproduction. --gpu trains
# PixelNet and the networks on CIFAR-10 at their full width, and more trials. Trials that docs/results holds already
# aren't run again: without its files everything is measured anew. What has to lie in data/, and what the numbers mean,
# stands in the READMEs of the configs' folders.
#
#   JOBS   trials at a time (default: 1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CLAIMS=(lecture mnist_outputs mnist_hidden_units mnist_boosting targets cifar10_losses variants gradients
        second_derivatives alexnet outputs segmentation relay_depth relay class_aware_sampling)
PARTS=(mnist_output_rates mnist_boosting_rates cifar10_loss_rates alexnet_rates voc12_rates relay_rates relay_weights)
BOOSTING=configs/gradient_boosting RELAY=configs/relay_bp/imagenette RESULTS=docs/results
WIDTH=-slim TRIALS=5
CHOSEN=()
for ARGUMENT in "$@"; do
    case " --gpu ${CLAIMS[*]} ${PARTS[*]} " in
        *" $ARGUMENT "*) ;;
        *) echo "reproduce.sh: no claim '$ARGUMENT', expected some of: ${CLAIMS[*]}" >&2; exit 2 ;;
    esac
    if [ "$ARGUMENT" = --gpu ]; then WIDTH='' TRIALS=20; else CHOSEN+=("$ARGUMENT"); fi
done
[ ${#CHOSEN[@]} -gt 0 ] || CHOSEN=("${CLAIMS[@]}")
for FILE in tools/reproduction/*.sh; do
    . "$FILE"
done
for CLAIM in "${CHOSEN[@]}"; do
    echo "== $CLAIM"
    "$CLAIM"
done
python tools/make_results_table.py
