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

# curves FOLDER NAME…: the table and the learning curves of these trials, into the same folder
curves() {
    local name files=()
    for name in "${@:2}"; do
        files+=("$name=$RESULTS/$1/$name.json")
    done
    python tools/analysis_tools/compare_trials.py "${files[@]}" --out-dir "$RESULTS/$1"
}

# Rates are compared on the last part of the training set, which is then not trained with: rates a factor of
# two apart, as many for each loss of a claim, the best of them between two others; one seed.
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
    curves mnist_outputs linear sigmoid tanh softmax
}
mnist_output_rates() {
    rate() {
        rates "$BOOSTING/mnist/mlp_$1_1xb100-100e_mnist-28x28.py" "mnist_outputs/rates_$1" "$2" \
            train_cfg.max_epochs=10 "${MNIST_HELD_OUT[@]}"
    }
    rate linear 0.125,0.25,0.5,1.0,2.0
    rate sigmoid 0.25,0.5,1.0,2.0,4.0
    rate tanh 0.05,0.1,0.2,0.4,0.8
    rate softmax 0.125,0.25,0.5,1.0,2.0
}

# Figure 1a: the two boosted losses against softmax and against linear outputs without boosting, on CIFAR-10.
cifar10_losses() {
    local loss
    cifar10_loss_rates
    for loss in softmax linear exp-gb pow3-gb mirrored-exp-gb; do
        trials "$BOOSTING/cifar10/cifar-convnet5${WIDTH}_${loss}_1xb128-10e_cifar10-32x32.py" "$TRIALS" \
            "cifar10_losses${WIDTH}/$loss"
    done
    curves "cifar10_losses${WIDTH}" softmax linear exp-gb pow3-gb mirrored-exp-gb
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

# Figures 1b, 2, 3 and 5: ten layers on CIFAR-10, softmax at three rates; what GradientStatsHook recorded, as pictures.
gradients() {
    local loss rate run runs=()
    while read -r loss rate; do
        trials "$BOOSTING/cifar10/cifar-convnet10_${loss}_1xb128-10e_cifar10-32x32.py" 1 "gradients/${loss}_$rate" \
            --work-dir "work_dirs/gradients/${loss}_$rate" \
            --cfg-options optim_wrapper.optimizer.lr="$rate" ${WIDTH:+model.backbone.width=0.25}
        run=(work_dirs/gradients/"${loss}_$rate"/*/seed_0)
        runs+=("$loss, rate $rate=${run[0]}")
    done <<< $'softmax 0.1\nsoftmax 0.3\nsoftmax 1.0\nexp-gb 0.01\npow3-gb 0.005'
    python tools/analysis_tools/plot_gradients.py "${runs[@]}" --out "$RESULTS/gradients"
}

# Table 2 and Figure 4: AlexNet with batch norm, here slim, on ten classes of ImageNet.
alexnet() {
    local loss
    alexnet_rates
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/imagenette/alexnet-bn-slim_${loss}_1xb64-10e_imagenette-64x64.py" 3 "alexnet/$loss"
    done
    curves alexnet softmax exp-gb pow3-gb
}

alexnet_rates() {
    # Every tenth training image is held out: the folders are in the order of their classes.
    find data/imagenette64/train/ -type f | LC_ALL=C sort | awk -F/ '
        $4 != folder {folder = $4; label++}
        {print $4 "/" $5, label - 1 > ("data/imagenette64/" (NR % 10 ? "most.txt" : "rest.txt"))}'
    rate() {
        rates "$BOOSTING/imagenette/alexnet-bn-slim_$1_1xb64-10e_imagenette-64x64.py" "alexnet/rates_$1" "$2" \
            train_cfg.max_epochs=4 train_dataloader.dataset.ann_file=most.txt \
            val_dataloader.dataset.ann_file=rest.txt val_dataloader.dataset.data_prefix=train
    }
    rate softmax 0.005,0.01,0.02,0.04
    rate exp-gb 5e-4,0.001,0.002,0.004
    rate pow3-gb 0.002,0.004,0.008,0.016
}

# The Relay paper's Table 1: VGG networks of 19, 22 and 25 layers, here slim, on ten classes of ImageNet.
relay_depth() {
    local depth
    for depth in 19 22 25; do
        trials configs/relay_bp/imagenette/vgg${depth}-slim_bp_1xb64-12e_imagenette-64x64.py 3 "relay_depth/vgg$depth"
    done
}

# The Relay paper's Tables 3, 4 and 6: standard, multi-loss and relay backpropagation, here of slim networks.
relay() {
    local method network
    for method in bp multi-loss relay-bp; do
        for network in model-a-slim resnet50-w8; do
            trials configs/relay_bp/imagenette/${network}_${method}_1xb64-12e_imagenette-64x64.py 3 \
                "relay/${network}_$method"
        done
    done
    trials configs/relay_bp/imagenette/model-a-slim_relay-bp_exp-gb_1xb64-12e_imagenette-64x64.py 3 \
        relay/model-a-slim_relay-bp_exp-gb
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

CLAIMS=(lecture mnist_outputs cifar10_losses gradients alexnet relay_depth relay class_aware_sampling)
CHOSEN=()
for ARGUMENT in "$@"; do
    case " --gpu ${CLAIMS[*]} mnist_output_rates cifar10_loss_rates alexnet_rates " in
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
