#!/usr/bin/env bash
# Measures claims of the papers again, all of them or those that are named:
#
#   bash tools/reproduce.sh [--gpu] [CLAIM…]
#
# CLAIM is one of the functions below with a comment in front of it. --gpu trains the networks at their full width, and
# more trials. Trials that docs/results holds already aren't run again: without its files everything is measured anew.
# What has to lie in data/, and what the numbers mean, stands in the READMEs of the configs' folders.
#
#   JOBS   trials at a time (default: 1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
BOOSTING=configs/gradient_boosting
WIDTH=-slim TRIALS=3 RESULTS=docs/results

# trials CONFIG NUMBER NAME [OPTION…]: NUMBER seeds of a config, into docs/results/NAME.json
trials() {
    python -W ignore tools/run_trials.py "$1" --trials "$2" --out "$RESULTS/$3.json" --jobs "${JOBS:-1}" "${@:4}"
}

# Rates are compared on the last part of the training set, which is then not trained with: four rates a factor of two
# apart for each loss, one seed.
rates() {
    trials "$1" 1 "$2" --vary "optim_wrapper.optimizer.lr=$3" --cfg-options "${@:4}"
}
MNIST_HELD_OUT=(train_dataloader.dataset.indices=50000 val_dataloader.dataset.indices=-10000
                val_dataloader.dataset.images=train-images-idx3-ubyte.gz
                val_dataloader.dataset.labels=train-labels-idx1-ubyte.gz)
CIFAR10_HELD_OUT=(train_dataloader.dataset.indices=45000 val_dataloader.dataset.indices=-5000
                  "val_dataloader.dataset.keys=('x_train','y_train')")

# The lecture's tricks, each against the same base, on MNIST.
lecture() {
    python tools/dataset_converters/compute_input_statistics.py data/mnist/train-images-idx3-ubyte.gz \
        data/mnist/input_statistics.npz
    local config trick
    for config in configs/lecture/mlp_*.py; do
        trick=${config#*mlp_}
        trials "$config" 3 "lecture/${trick%%_*}"
    done
}

# Table 1 of the gradient-boosting paper: squared error on linear, sigmoid and tanh outputs, on MNIST.
mnist_outputs() {
    local output
    mnist_output_rates
    for output in linear sigmoid tanh softmax; do
        trials "$BOOSTING/mnist/mlp_${output}_1xb100-100e_mnist-28x28.py" "$TRIALS" "mnist_outputs/$output"
    done
}
mnist_output_rates() {
    rate() {
        rates "$BOOSTING/mnist/mlp_$1_1xb100-100e_mnist-28x28.py" "mnist_outputs/rates_$1" "$2" \
            train_cfg.max_epochs=10 "${MNIST_HELD_OUT[@]}"
    }
    rate linear 0.125,0.25,0.5,1.0
    rate sigmoid 0.5,1.0,2.0,4.0
    rate tanh 0.05,0.1,0.2,0.4
    rate softmax 0.25,0.5,1.0,2.0
}

# Figure 1a: the two boosted losses against softmax and against linear outputs without boosting, on CIFAR-10.
cifar10_losses() {
    local loss
    cifar10_loss_rates
    for loss in softmax linear exp-gb pow3-gb mirrored-exp-gb; do
        trials "$BOOSTING/cifar10/cifar-convnet5${WIDTH}_${loss}_1xb128-10e_cifar10-32x32.py" "$TRIALS" \
            "cifar10_losses${WIDTH}/$loss"
    done
}
cifar10_loss_rates() {
    rate() {
        rates "$BOOSTING/cifar10/cifar-convnet5-slim_$1_1xb128-10e_cifar10-32x32.py" "cifar10_losses-slim/rates_$1" \
            "$2" train_cfg.max_epochs=2 "${CIFAR10_HELD_OUT[@]}"
    }
    rate softmax 0.025,0.05,0.1,0.2
    rate linear 5e-4,0.001,0.002,0.004
    rate exp-gb 2.5e-4,5e-4,0.001,0.002
    rate pow3-gb 0.001,0.002,0.004,0.008
    rate mirrored-exp-gb 2.5e-4,5e-4,0.001,0.002
}

# Class-aware against default sampling, on a long-tailed CIFAR-10 and on eight scenes of SUN.
class_aware_sampling() {
    local sampler
    for sampler in default class-aware; do
        trials configs/class_aware_sampling/sun8/resnet18-w16_${sampler}_1xb64-30e_sun8-64x64.py 3 \
            "class_aware_sampling/sun8_$sampler" --metric single-label/recall
        trials configs/class_aware_sampling/cifar10-lt/resnet18-w16_${sampler}_1xb128-30e_cifar10-lt100-32x32.py 3 \
            "class_aware_sampling/cifar10-lt_$sampler" --metric single-label/recall
    done
}

CLAIMS=(lecture mnist_outputs cifar10_losses class_aware_sampling)
CHOSEN=()
for ARGUMENT in "$@"; do
    case " --gpu ${CLAIMS[*]} mnist_output_rates cifar10_loss_rates " in
        *" $ARGUMENT "*) ;;
        *) echo "reproduce.sh: no claim '$ARGUMENT', expected some of: ${CLAIMS[*]}" >&2; exit 2 ;;
    esac
    if [ "$ARGUMENT" = --gpu ]; then WIDTH='' TRIALS=20; else CHOSEN+=("$ARGUMENT"); fi
done
[ ${#CHOSEN[@]} -gt 0 ] || CHOSEN=("${CLAIMS[@]}")
for CLAIM in "${CHOSEN[@]}"; do
    echo "== $CLAIM"
    "$CLAIM"
done
python tools/make_results_table.py
