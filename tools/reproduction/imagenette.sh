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
    alexnet_rate softmax 0.0025,0.005,0.01,0.02,0.04,0.08
    alexnet_rate exp-gb 1.25e-4,2.5e-4,5e-4,0.001,0.002,0.004
    alexnet_rate pow3-gb 5e-4,0.001,0.002,0.004,0.008,0.016
    alexnet_rate softmax 0.01,0.02,0.04,0.08 -norm-outputs
    alexnet_rate exp-gb 0.001,0.002,0.004,0.008,0.016 -norm-outputs
    alexnet_rate pow3-gb 0.001,0.002,0.004,0.008 -norm-outputs
}
# alexnet_rate LOSS RATES [NETWORK]
alexnet_rate() {
    imagenette_rates "$BOOSTING/imagenette/alexnet-bn-slim${3:-}_$1_1xb64-10e_imagenette-64x64.py" \
        "alexnet/${3:+${3#-}_}rates_$1" "$2"
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
