#!/usr/bin/env bash
# A sweep in shards by GNU parallel; where that is not installed, by xargs. The first word is how many shards.
#
#   .ci/recipes/parallel.sh 8 scenarios/raft --seeds 0..100000
#
# One machine is served as well by `shaketable run --jobs`. For several, give parallel their names with `--sshlogin`, and let them share the
# folder of the shards.
set -euo pipefail
shaketable=${SHAKETABLE:-shaketable} shards=${SHARDS:-shaketable-out/shards}
count=$1
shift
shard=("$shaketable" run "$@" --shard "{}/$count" --out "$shards" --jobs 1 --quiet)
if command -v parallel >/dev/null; then
    seq "$count" | parallel --will-cite --quote "${shard[@]}" >/dev/null
else
    seq "$count" | xargs -P "$(nproc)" -I '{}' "${shard[@]}" >/dev/null
fi || echo "some shards have failed: the merge says which" >&2
exec "$shaketable" merge "$shards"
