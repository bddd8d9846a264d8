#!/usr/bin/env bash
# dist_train.sh CONFIG GPUS [arguments of train.py]
#
# Train with GPUS processes on this node: one per GPU, or on CPUs with gloo if the node has no GPU.
# For several nodes set NNODES, NODE_RANK, MASTER_ADDR and PORT (default 29500) on each.
set -e
if [ $# -lt 2 ]; then
    echo 'usage: dist_train.sh CONFIG GPUS [arguments of train.py]' >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ "${NNODES:-1}" = 1 ] && [ -z "$PORT" ]; then
    WHERE=(--standalone)  # torchrun finds a free port
else
    WHERE=(--nnodes="${NNODES:-1}" --node-rank="${NODE_RANK:-0}"
           --master-addr="${MASTER_ADDR:-127.0.0.1}" --master-port="${PORT:-29500}")
fi
exec python -m mmgb.apis.rank_launcher "${WHERE[@]}" --nproc-per-node="$GPUS" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "${@:3}"
