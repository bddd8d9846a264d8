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
WIDTH=-slim TRIALS=5 RESULTS=docs/results

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

# gradients_of FOLDER NAME=RUN…: what GradientStatsHook recorded of these runs, which docs/results doesn't hold, as
# pictures and numbers in work_dirs/FOLDER.
gradients_of() {
    local run
    for run in "${@:2}"; do
        if [ ! -d "${run#*=}" ]; then
            echo "No pictures of $1: its trials were run elsewhere; without their files in $RESULTS/$1 they run here."
            return 1
        fi
    done
    python tools/analysis_tools/plot_gradients.py "${@:2}" --out "work_dirs/$1"
}

# Rates are compared on the last part of the training set, which is then not trained with: rates a factor of
# two apart, as many for each loss of a claim, the best of them between two others; as many seeds as SEEDS says.
rates() {
    trials "$1" "${SEEDS:-1}" "$2" --vary "optim_wrapper.optimizer.lr=$3" --cfg-options "${@:4}"
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
    mnist_rate linear 0.125,0.25,0.5,1.0,2.0
    mnist_rate sigmoid 0.25,0.5,1.0,2.0,4.0
    mnist_rate tanh 0.05,0.1,0.2,0.4,0.8
    mnist_rate softmax 0.125,0.25,0.5,1.0,2.0
}
mnist_rate() {
    # Near the largest rate that they bear, some of these losses learn with one seed and not with another.
    SEEDS=3 mnist_rates "mlp_$1" "rates_$1" "$2"
}
# mnist_rates NETWORK_OUTPUT NAME RATES
mnist_rates() {
    rates "$BOOSTING/mnist/$1_1xb100-100e_mnist-28x28.py" "mnist_outputs/$2" "$3" \
        train_cfg.max_epochs=10 "${MNIST_HELD_OUT[@]}"
}

# The same with other hidden units and initialisations: three of the rates, in the short trainings that compare rates.
mnist_hidden_units() {
    local network
    for network in mlp-tanh mlp-glorot mlp-elu mlp-lecun mlp-logistic; do
        mnist_rates "${network}_linear" "${network}_linear" 0.25,0.5,1.0
        mnist_rates "${network}_sigmoid" "${network}_sigmoid" 0.5,1.0,2.0
        mnist_rates "${network}_tanh" "${network}_tanh" 0.1,0.2,0.4
    done
}

# Not in the paper: the boosted losses on the same network, as one of the data sets of the README's recommendation.
mnist_boosting() {
    local loss
    mnist_boosting_rates
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/mnist/mlp_${loss}_1xb100-100e_mnist-28x28.py" 3 "mnist_boosting/$loss" \
            --cfg-options train_cfg.max_epochs=30
    done
    curves mnist_boosting softmax exp-gb pow3-gb
}
mnist_boosting_rates() {
    mnist_rate softmax 0.125,0.25,0.5,1.0,2.0
    mnist_rate exp-gb 0.0025,0.005,0.01,0.02,0.04
    mnist_rate pow3-gb 0.005,0.01,0.02,0.04,0.08
    # With batch norm on the outputs.
    mnist_rates mlp-norm-outputs_softmax norm-outputs_softmax 0.25,0.5,1.0,2.0,4.0
    mnist_rates mlp-norm-outputs_exp-gb norm-outputs_exp-gb 0.005,0.01,0.02,0.04,0.08,0.16,0.32
    mnist_rates mlp-norm-outputs_pow3-gb norm-outputs_pow3-gb 0.01,0.02,0.04,0.08,0.16,0.32
}

# Sections 2.1, 2.2 and 3: which targets and which alpha, in the short trainings that compare rates on MNIST. Three
# rates for each, around what its second derivative at the fit bears, more where the best was at an end. exp-GB takes
# no negative targets.
targets() {
    target exp-gb 0,1 0.1 0.08,0.16,0.32,0.64
    target exp-gb 0,6 0.1 0.0125,0.025,0.05
    target exp-gb 0,16 0.1 0.005,0.01,0.02
    target exp-gb 0,1 0.01 0.08,0.16,0.32
    target exp-gb 0,6 0.01 0.0125,0.025,0.05
    target exp-gb 0,16 0.01 0.005,0.01,0.02
    target pow3-gb 0,1 0.001 0.02,0.04,0.08
    target pow3-gb 0,6 0.001 0.01,0.02,0.04,0.08
    target pow3-gb 0,10 0.001 0.01,0.02,0.04
    target pow3-gb 0,16 0.001 0.005,0.01,0.02,0.04
    target pow3-gb -2,10 0.001 0.005,0.01,0.02
    target pow3-gb 0,1 0.01 0.01,0.02,0.04,0.08,0.16
    target pow3-gb 0,6 0.01 0.005,0.01,0.02,0.04,0.08
    target pow3-gb 0,10 0.01 0.005,0.01,0.02,0.04
    target pow3-gb 0,16 0.01 0.005,0.01,0.02
    target pow3-gb -2,10 0.01 0.0025,0.005,0.01,0.02
}
# target LOSS NEGATIVE,POSITIVE ALPHA RATES
target() {
    rates "$BOOSTING/mnist/mlp_$1_1xb100-100e_mnist-28x28.py" "targets/$1_${2/,/_}_$3" "$4" \
        train_cfg.max_epochs=10 "${MNIST_HELD_OUT[@]}" "model.head.loss.targets=($2)" model.head.loss.alpha="$3"
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
    # "Batch normalization in all layers", read as on the outputs too; the rates are those of `variants`.
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/cifar10/cifar-convnet5-slim-norm-outputs_${loss}_1xb128-10e_cifar10-32x32.py" "$TRIALS" \
            "cifar10_losses-slim/norm-outputs_$loss"
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

# What could explain a gain or a loss: starts, normalised outputs, negative targets, optimisers, newer losses. Short
# trainings of the slim network on a held-out part of CIFAR-10; three rates each, more where the best was at an end.
variants() {
    variant softmax softmax 0.025,0.05,0.1
    variant softmax-norm-outputs softmax 0.05,0.2,0.8 -norm-outputs
    variant softmax-adamw softmax-adamw 3e-4,0.001,0.003
    variant softmax-warmup-clip softmax-warmup-clip 0.05,0.1,0.2
    variant sigmoid sigmoid 0.0125,0.025,0.05,0.1
    variant label-smooth label-smooth 0.025,0.05,0.1,0.2
    variant squentropy squentropy 0.003,0.006,0.0125,0.025,0.05
    variant linear linear 5e-4,0.001,0.002,0.004
    variant exp-gb exp-gb 2.5e-4,5e-4,0.001
    variant exp-gb-prior exp-gb 5e-4,0.001,0.002 '' model.head.loss.alpha=1.6
    variant exp-gb-norm-outputs exp-gb 0.0025,0.01,0.04 -norm-outputs
    variant exp-gb-adamw exp-gb-adamw 3e-4,0.001,0.003
    variant pow3-gb pow3-gb 0.002,0.004,0.008
    variant pow3-gb-prior pow3-gb-prior 0.002,0.004,0.008
    variant pow3-gb-negative-target pow3-gb 0.002,0.004,0.008 '' "model.head.loss.targets=(-2.,10.)"
    variant pow3-gb-norm-outputs pow3-gb 0.004,0.016,0.064 -norm-outputs
    variant pow3-gb-adamw pow3-gb-adamw 3e-4,0.001,0.003,0.01
    variant pow3-gb-warmup-clip pow3-gb-warmup-clip 0.004,0.008,0.016,0.03,0.06
}
# variant NAME LOSS RATES [NETWORK [OPTION…]]
variant() {
    rates "$BOOSTING/cifar10/cifar-convnet5-slim${4:-}_$2_1xb128-10e_cifar10-32x32.py" "variants/$1" "$3" \
        train_cfg.max_epochs=3 "${CIFAR10_HELD_OUT[@]/indices=45000/indices=20000}" "${@:5}"
}

# Figures 1b, 2, 3 and 5: ten layers on CIFAR-10, softmax at three rates; what GradientStatsHook recorded, as pictures.
gradients() {
    local loss rate run runs=()
    while read -r loss rate; do
        trials "$BOOSTING/cifar10/cifar-convnet10_${loss}_1xb128-10e_cifar10-32x32.py" 1 "gradients/${loss}_$rate" \
            --work-dir "work_dirs/gradients/${loss}_$rate" \
            --cfg-options optim_wrapper.optimizer.lr="$rate" \
            ${WIDTH:+model.backbone.width=0.25 train_dataloader.dataset.indices=20000}
        run=(work_dirs/gradients/"${loss}_$rate"/*/seed_0)
        runs+=("$loss, rate $rate=${run[0]}")
    done <<< $'softmax 0.1\nsoftmax 0.3\nsoftmax 1.0\nexp-gb 0.01\npow3-gb 0.005'
    if gradients_of gradients "${runs[@]}"; then
        cp work_dirs/gradients/{gradients.json,{error_rms,delta_histograms,softmax_normaliser}.{png,svg}} \
            "$RESULTS/gradients"
    fi
}

# Section 4: its statements, and its second derivatives at the outputs of networks that were trained for three epochs.
second_derivatives() {
    local loss config networks=()
    for loss in softmax linear exp-gb pow3-gb; do
        config=$BOOSTING/mnist/mlp_${loss}_1xb100-100e_mnist-28x28.py
        python -W ignore tools/train.py "$config" --work-dir "work_dirs/second_derivatives/$loss" --resume \
            --cfg-options train_cfg.max_epochs=3 randomness.seed=0
        networks+=("$loss=$config,work_dirs/second_derivatives/$loss/epoch_3.pth")
    done
    python tools/analysis_tools/hessian.py "${networks[@]}" --json "$RESULTS/hessian.json" \
        --out-dir "$RESULTS/second_derivatives"
}

# Table 2 and Figure 4: AlexNet with batch norm, here slim, on ten classes of ImageNet.
alexnet() {
    local loss
    alexnet_rates
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/imagenette/alexnet-bn-slim_${loss}_1xb64-10e_imagenette-64x64.py" 10 "alexnet/$loss"
        trials "$BOOSTING/imagenette/alexnet-bn-slim-norm-outputs_${loss}_1xb64-10e_imagenette-64x64.py" 3 \
            "alexnet/norm-outputs_$loss"
    done
    curves alexnet softmax exp-gb pow3-gb
}

alexnet_rates() {
    rate() {
        imagenette_rates "$BOOSTING/imagenette/alexnet-bn-slim_$1_1xb64-10e_imagenette-64x64.py" "alexnet/rates_$1" "$2"
    }
    rate softmax 0.0025,0.005,0.01,0.02,0.04,0.08
    rate exp-gb 1.25e-4,2.5e-4,5e-4,0.001,0.002,0.004
    rate pow3-gb 5e-4,0.001,0.002,0.004,0.008,0.016
    norm_outputs_rate() {
        imagenette_rates "$BOOSTING/imagenette/alexnet-bn-slim-norm-outputs_$1_1xb64-10e_imagenette-64x64.py" \
            "alexnet/norm-outputs_rates_$1" "$2"
    }
    norm_outputs_rate softmax 0.01,0.02,0.04,0.08
    norm_outputs_rate exp-gb 0.001,0.002,0.004,0.008,0.016
    norm_outputs_rate pow3-gb 0.001,0.002,0.004,0.008
}
# imagenette_rates CONFIG NAME RATES
imagenette_rates() {
    imagenette_held_out
    rates "$@" "${IMAGENETTE_HELD_OUT[@]}"
}
IMAGENETTE_HELD_OUT=(train_cfg.max_epochs=4 train_dataloader.dataset.ann_file=most.txt
                     val_dataloader.dataset.ann_file=rest.txt val_dataloader.dataset.data_prefix=train)
imagenette_held_out() {
    # Every tenth training image: the folders are in the order of their classes.
    find data/imagenette64/train/ -type f | LC_ALL=C sort | awk -F/ '
        $4 != folder {folder = $4; label++}
        {print $4 "/" $5, label - 1 > ("data/imagenette64/" (NR % 10 ? "most.txt" : "rest.txt"))}'
}

# Why pow3-GB "did not work well" with 1,000 classes: the hidden gradients of slim AlexNet by the number of its outputs,
# with and without batch norm, of one epoch at a rate that leaves the weights where they are.
outputs() {
    local loss count norm name config options runs=()
    for norm in BN None; do
        for count in 10 100 1000; do
            for loss in softmax exp-gb pow3-gb; do
                name=work_dirs/outputs/${loss}_${count}_$norm
                options=(model.head.num_classes="$count")
                [ "$norm" = BN ] || options+=(model.backbone.norm_cfg=None)
                config=$BOOSTING/imagenette/alexnet-bn-slim_$loss-gradients_1xb64-1e_imagenette-64x64.py
                python -W ignore tools/train.py "$config" --no-validate --work-dir "$name" --cfg-options "${options[@]}"
                runs+=("$loss, $count outputs$([ "$norm" = BN ] || echo ', without batch norm')=$name")
            done
        done
    done
    # Only the numbers are kept: pictures of 18 runs are no use.
    python tools/analysis_tools/plot_gradients.py "${runs[@]}" --epochs 1 --out work_dirs/outputs
    mkdir -p "$RESULTS/outputs"
    cp work_dirs/outputs/gradients.json "$RESULTS/outputs"
}

# Table 3: error per budget of PixelNet, here slim on scenes of digits and on a part of VOC; on the complete VOC list
# with --gpu.
segmentation() {
    local loss config
    if [ -z "$WIDTH" ]; then
        for loss in softmax exp-gb pow3-gb; do
            config=$(echo "$BOOSTING"/voc12/pixelnet-vgg16_"$loss"_1xb5-40e_voc12aug-224x224.py)
            trials "$config" 3 "voc12/$loss" --metric mIoU --cfg-options train_cfg.max_epochs=60
        done
        curves voc12 softmax exp-gb pow3-gb
        return
    fi
    python tools/dataset_converters/make_digits_voc.py data/digits
    voc12_rates
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/digits/pixelnet-vgg16-slim_${loss}_1xb4-4e_digits-200x200.py" 3 "digits/$loss" \
            --metric mIoU --cfg-options train_cfg.max_epochs=6
        trials "$BOOSTING/voc12/pixelnet-vgg16-slim-imagenette_${loss}_1xb4-18e_voc12-200x200.py" 3 \
            "voc12-slim/$loss" --metric mIoU
    done
    curves digits softmax exp-gb pow3-gb
    curves voc12-slim softmax exp-gb pow3-gb
}
# About a factor of three apart, six passes over all training images but the last hundred, which they are tested on.
voc12_rates() {
    voc12_weights
    rate() {
        voc12_rate "" "rates_$1" "$@"
    }
    norm_outputs_rate() {
        voc12_rate -norm-outputs "norm-outputs_rates_$1" "$@"
    }
    rate softmax 3e-4,0.001,0.003,0.01
    rate exp-gb 3e-5,1e-4,3e-4,0.001
    rate pow3-gb 3e-5,1e-4,3e-4,0.001
    norm_outputs_rate softmax 0.003,0.01,0.03
    norm_outputs_rate exp-gb 3e-4,0.001,0.003
    norm_outputs_rate pow3-gb 3e-4,0.001,0.003
}
# voc12_rate NETWORK NAME LOSS RATES
voc12_rate() {
    rates "$BOOSTING/voc12/pixelnet-vgg16-slim-imagenette$1_$3_1xb4-18e_voc12-200x200.py" "voc12-slim/$2" "$4" \
        "${VOC12_HELD_OUT[@]}" --metric mIoU
}
VOC12_HELD_OUT=(train_cfg.max_epochs=6 train_dataloader.dataset.indices=816 val_dataloader.dataset.indices=-100
                val_dataloader.dataset.ann_file=ImageSets/Segmentation/train.txt)
# What these start from: the convolutions of a classifier of ten of ImageNet's classes.
voc12_weights() {
    local config=vgg16-slim_softmax_1xb64-12e_imagenette-64x64
    [ -e "work_dirs/$config/epoch_12.pth" ] ||
        python -W ignore tools/train.py "$BOOSTING/imagenette/$config.py" --cfg-options randomness.seed=0
}

# The Relay paper's Table 1 and Figure 1: VGG networks of 19, 22 and 25 layers, here slim, on ten classes of ImageNet,
# and what GradientStatsHook recorded of their first trials.
relay_depth() {
    local depth runs=()
    for depth in 19 22 25; do
        trials configs/relay_bp/imagenette/vgg${depth}-slim_bp_1xb64-12e_imagenette-64x64.py 3 \
            "relay_depth/vgg$depth" --work-dir "work_dirs/relay_depth/vgg$depth"
        runs+=("VGG-$depth=work_dirs/relay_depth/vgg$depth/seed_0")
    done
    curves relay_depth vgg19 vgg22 vgg25
    if gradients_of relay_depth "${runs[@]}"; then
        cp work_dirs/relay_depth/{gradients.json,weight_gradients.{png,svg}} "$RESULTS/relay_depth"
    fi
}

# The Relay paper's Tables 3, 4 and 6: standard, multi-loss and relay backpropagation, here of slim networks.
relay() {
    local method network
    relay_rates
    relay_weights
    for method in bp multi-loss relay-bp; do
        for network in model-a-slim resnet50-w8; do
            trials configs/relay_bp/imagenette/${network}_${method}_1xb64-12e_imagenette-64x64.py 3 \
                "relay/${network}_$method"
        done
    done
    trials configs/relay_bp/imagenette/model-a-slim_relay-bp_exp-gb_1xb64-12e_imagenette-64x64.py 3 \
        relay/model-a-slim_relay-bp_exp-gb
    curves relay model-a-slim_bp model-a-slim_multi-loss model-a-slim_relay-bp model-a-slim_relay-bp_exp-gb
}
relay_rates() {
    local method
    for method in bp multi-loss relay-bp; do
        imagenette_rates configs/relay_bp/imagenette/model-a-slim_${method}_1xb64-12e_imagenette-64x64.py \
            "relay/rates_$method" 6.25e-4,0.00125,0.0025,0.005
    done
}
# Below the relay only the auxiliary loss teaches: the same comparison with a larger weight of it than the paper's 0.3.
relay_weights() {
    local method
    imagenette_held_out
    for method in multi-loss relay-bp; do
        trials configs/relay_bp/imagenette/model-a-slim_${method}_1xb64-12e_imagenette-64x64.py 1 \
            "relay/weights_$method" --vary model.auxiliaries.0.loss_weight=1.0,3.0 \
            --cfg-options "${IMAGENETTE_HELD_OUT[@]}"
    done
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

CLAIMS=(lecture mnist_outputs mnist_hidden_units mnist_boosting targets cifar10_losses variants gradients
        second_derivatives alexnet outputs segmentation relay_depth relay class_aware_sampling)
PARTS=(mnist_output_rates mnist_boosting_rates cifar10_loss_rates alexnet_rates voc12_rates relay_rates relay_weights)
CHOSEN=()
for ARGUMENT in "$@"; do
    case " --gpu ${CLAIMS[*]} ${PARTS[*]} " in
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
