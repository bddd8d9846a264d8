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
