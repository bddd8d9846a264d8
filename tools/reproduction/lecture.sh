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
