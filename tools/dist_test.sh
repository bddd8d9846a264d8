#!/usr/bin/env bash
# dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
#
# Test with GPUS processes on this node: one per GPU, or on CPUs with gloo if the node has no GPU.
# For several nodes set NNODES, NODE_RANK, MASTER_ADDR and PORT (default 29500) on each.
set -e
if [ $# -lt 3 ]; then
    echo 'usage: dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]' >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
GPUS=$3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ "${NNODES:-1}" = 1 ] && [ -z "$PORT" ]; then
    WHERE=(--standalone)  # torchrun finds a free port
else
    WHERE=(--nnodes="${NNODES:-1}" --node-rank="${NODE_RANK:-0}"
           --master-addr="${MASTER_ADDR:-127.0.0.1}" --master-port="${PORT:-29500}")
fi
exec python -m mmgb.apis.rank_launcher "${WHERE[@]}" --nproc-per-node="$GPUS" \
    "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "${@:4}"
