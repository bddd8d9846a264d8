CIFAR10_HELD_OUT=(train_dataloader.dataset.indices=45000 val_dataloader.dataset.indices=-5000
                  "val_dataloader.dataset.keys=('x_train','y_train')")

# Figure 1a: the two boosted losses against softmax and against linear outputs without boosting, on CIFAR-10.
cifar10_losses() {
    local loss number
    cifar10_loss_rates
    # Of the slim networks more of the two losses whose difference is small.
    while read -r loss number; do
        trials "$BOOSTING/cifar10/cifar-convnet5${WIDTH}_${loss}_1xb128-10e_cifar10-32x32.py" \
            $((number > TRIALS ? number : TRIALS)) "cifar10_losses${WIDTH}/$loss"
    done <<< $'softmax 8\nlinear 5\nexp-gb 5\npow3-gb 8\nmirrored-exp-gb 5'
    curves "cifar10_losses${WIDTH}" softmax linear exp-gb pow3-gb mirrored-exp-gb
    # "Batch normalization in all layers", read as on the outputs too.
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/cifar10/cifar-convnet5-slim-norm-outputs_${loss}_1xb128-10e_cifar10-32x32.py" 3 \
            "cifar10_losses-slim/norm-outputs_$loss"
    done
}
cifar10_loss_rates() {
    cifar10_rate softmax 0.025,0.05,0.1,0.2
    cifar10_rate linear 5e-4,0.001,0.002,0.004
    cifar10_rate exp-gb 2.5e-4,5e-4,0.001,0.002
    cifar10_rate pow3-gb 0.001,0.002,0.004,0.008
    cifar10_rate mirrored-exp-gb 2.5e-4,5e-4,0.001,0.002
    cifar10_rate softmax 0.05,0.1,0.2,0.4,0.8,1.6 -norm-outputs
    cifar10_rate exp-gb 0.005,0.01,0.02,0.04,0.08,0.16 -norm-outputs
    cifar10_rate pow3-gb 0.004,0.008,0.016,0.032,0.064,0.128 -norm-outputs
}
# cifar10_rate LOSS RATES [NETWORK]
cifar10_rate() {
    rates "$BOOSTING/cifar10/cifar-convnet5-slim${3:-}_$1_1xb128-10e_cifar10-32x32.py" \
        "cifar10_losses-slim/${3:+${3#-}_}rates_$1" "$2" train_cfg.max_epochs=2 "${CIFAR10_HELD_OUT[@]}"
}

# What could explain a gain or a loss: starts, normalised outputs, negative targets, optimisers, batches, newer losses.
# Short trainings of the slim network on a held-out part of CIFAR-10; three rates each, more where the best was at an
# end.
variants() {
    variant softmax softmax 0.025,0.05,0.1
    variant softmax-norm-outputs softmax 0.05,0.2,0.8 -norm-outputs
    variant softmax-adamw softmax-adamw 3e-4,0.001,0.003
    variant softmax-warmup-clip softmax-warmup-clip 0.05,0.1,0.2
    variant softmax-momentum softmax 0.0025,0.01,0.04 '' optim_wrapper.optimizer.momentum=0.9
    variant softmax-small-batch softmax 0.0125,0.025,0.05,0.1 '' train_dataloader.batch_size=32
    variant sigmoid sigmoid 0.0125,0.025,0.05,0.1
    variant label-smooth label-smooth 0.025,0.05,0.1,0.2
    variant squentropy squentropy 0.003,0.006,0.0125,0.025,0.05
    variant linear linear 5e-4,0.001,0.002,0.004
    variant exp-gb exp-gb 2.5e-4,5e-4,0.001
    variant exp-gb-prior exp-gb 5e-4,0.001,0.002 '' model.head.loss.alpha=1.6
    variant exp-gb-norm-outputs exp-gb 0.0025,0.01,0.04 -norm-outputs
    variant exp-gb-adamw exp-gb-adamw 3e-4,0.001,0.003
    variant exp-gb-momentum exp-gb 2.5e-5,1e-4,4e-4,0.0016 '' optim_wrapper.optimizer.momentum=0.9
    variant exp-gb-small-batch exp-gb 1.25e-4,2.5e-4,5e-4,0.001,0.002 '' train_dataloader.batch_size=32
    variant pow3-gb pow3-gb 0.002,0.004,0.008
    variant pow3-gb-prior pow3-gb-prior 0.002,0.004,0.008
    variant pow3-gb-negative-target pow3-gb 0.002,0.004,0.008 '' "model.head.loss.targets=(-2.,10.)"
    variant pow3-gb-norm-outputs pow3-gb 0.004,0.016,0.064 -norm-outputs
    variant pow3-gb-adamw pow3-gb-adamw 3e-4,0.001,0.003,0.01
    variant pow3-gb-warmup-clip pow3-gb-warmup-clip 0.004,0.008,0.016,0.03,0.06
    variant pow3-gb-momentum pow3-gb 2e-4,8e-4,0.0032 '' optim_wrapper.optimizer.momentum=0.9
    variant pow3-gb-small-batch pow3-gb 0.001,0.002,0.004,0.008 '' train_dataloader.batch_size=32
}
# variant NAME LOSS RATES [NETWORK [OPTION…]]
variant() {
    rates "$BOOSTING/cifar10/cifar-convnet5-slim${4:-}_$2_1xb128-10e_cifar10-32x32.py" "variants/$1" "$3" \
        train_cfg.max_epochs=3 "${CIFAR10_HELD_OUT[@]/indices=45000/indices=20000}" "${@:5}"
}

# Figures 1b, 2, 3 and 5: ten layers on CIFAR-10, softmax at three rates; what GradientStatsHook recorded, as pictures.
gradients() {
    local loss rate run folder=gradients$WIDTH runs=()
    while read -r loss rate; do
        trials "$BOOSTING/cifar10/cifar-convnet10_${loss}_1xb128-10e_cifar10-32x32.py" 1 "$folder/${loss}_$rate" \
            --work-dir "work_dirs/$folder/${loss}_$rate" \
            --cfg-options optim_wrapper.optimizer.lr="$rate" \
            ${WIDTH:+model.backbone.width=0.25 train_dataloader.dataset.indices=20000}
        run=(work_dirs/$folder/"${loss}_$rate"/*/seed_0)
        runs+=("$loss, rate $rate=${run[0]}")
    done <<< $'softmax 0.1\nsoftmax 0.3\nsoftmax 1.0\nexp-gb 0.01\npow3-gb 0.005'
    if gradients_of "$folder" "${runs[@]}"; then
        cp work_dirs/$folder/{gradients.json,{error_rms,delta_histograms,softmax_normaliser}.{png,svg}} \
            "$RESULTS/$folder"
    fi
}
