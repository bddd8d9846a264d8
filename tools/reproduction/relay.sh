# The Relay paper's Table 1 and Figure 1: VGG networks of 19, 22 and 25 layers, here slim, on ten classes of ImageNet,
# and what GradientStatsHook recorded of their first trials.
relay_depth() {
    local depth runs=()
    for depth in 19 22 25; do
        trials "$RELAY/vgg${depth}-slim_bp_1xb64-12e_imagenette-64x64.py" 3 \
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
            trials "$RELAY/${network}_${method}_1xb64-12e_imagenette-64x64.py" 3 "relay/${network}_$method"
        done
    done
    trials "$RELAY/model-a-slim_relay-bp_exp-gb_1xb64-12e_imagenette-64x64.py" 3 \
        relay/model-a-slim_relay-bp_exp-gb
    curves relay model-a-slim_bp model-a-slim_multi-loss model-a-slim_relay-bp model-a-slim_relay-bp_exp-gb
}
relay_rates() {
    local method
    for method in bp multi-loss relay-bp; do
        imagenette_rates "$RELAY/model-a-slim_${method}_1xb64-12e_imagenette-64x64.py" \
            "relay/rates_$method" 6.25e-4,0.00125,0.0025,0.005
    done
}
# Below the relay only the auxiliary loss teaches: the same comparison with a larger weight of it than the paper's 0.3.
relay_weights() {
    local method
    imagenette_held_out
    for method in multi-loss relay-bp; do
        trials "$RELAY/model-a-slim_${method}_1xb64-12e_imagenette-64x64.py" 1 \
            "relay/weights_$method" --vary model.auxiliaries.0.loss_weight=1.0,3.0 \
            --cfg-options "${IMAGENETTE_HELD_OUT[@]}"
    done
}
