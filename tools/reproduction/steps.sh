# What the claims are made of.

# trials CONFIG NUMBER NAME [OPTION…]: NUMBER seeds of a config, into docs/results/NAME.json
trials() {
    python -W ignore tools/run_trials.py "$1" --trials "$2" --out "$RESULTS/$3.json" --jobs "${JOBS:-1}" "${@:4}"
}

# rates CONFIG NAME RATES [OVERRIDE…]: each of the learning rates, with one seed or as many as SEEDS says. They are
# compared on the last part of the training set, which is then not trained with: rates a factor of two or three apart,
# as many for each loss of a claim, the best of them between two others.
rates() {
    trials "$1" "${SEEDS:-1}" "$2" --vary "optim_wrapper.optimizer.lr=$3" --cfg-options "${@:4}"
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
