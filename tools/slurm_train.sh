#!/usr/bin/env bash
# slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of train.py]
#
# Train under Slurm with GPUS processes (default 8), GPUS_PER_NODE processes per node (default 8) and CPUS_PER_TASK CPU
# cores per process (default 5). SRUN_ARGS holds more arguments of srun; they override the ones set here, such as
# --gres=none for nodes without a GPU, where the processes use gloo. PY_ARGS holds more arguments of train.py.
set -e
if [ $# -lt 4 ]; then
    echo 'usage: slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of train.py]' >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
WORK_DIR=$4
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# One port for all tasks of the job; a random one rarely collides with another job.
export MASTER_PORT=${MASTER_PORT:-$((20000 + RANDOM % 10000))}

# SRUN_ARGS and PY_ARGS are split into words on purpose.
# shellcheck disable=SC2086
exec srun -p "$PARTITION" --job-name="$JOB_NAME" \
    --gres=gpu:"$GPUS_PER_NODE" --ntasks="$GPUS" --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 $SRUN_ARGS \
    python -u "$TOOLS/train.py" "$CONFIG" --work-dir="$WORK_DIR" --launcher=slurm "${@:5}" $PY_ARGS
