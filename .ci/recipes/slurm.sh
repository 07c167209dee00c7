#!/usr/bin/env bash
#SBATCH --job-name=shaketable
#SBATCH --array=0-7
#SBATCH --ntasks=1
#SBATCH --output=slurm-%A_%a.log
# A sweep as an array of Slurm jobs, one shard each. The folder of the shards must be one that all nodes share.
#
#   job=$(sbatch --parsable .ci/recipes/slurm.sh scenarios/raft --seeds 0..100000)
#   sbatch --dependency=afterany:$job --output=merge.log --wrap "shaketable merge $PWD/shaketable-out/shards"
#
# A shard ends with 0 whatever it has found, so a job that failed is one whose machine failed, or whose command line is wrong. The merge
# names the shards that are missing; `sbatch --array=3 …` runs the shard 4/8 again, alone. Slurm then sets SLURM_ARRAY_TASK_COUNT to 1,
# which is why the count stands below, in full. Whoever changes it must change `--array`, too.
set -euo pipefail
exec "${SHAKETABLE:-shaketable}" run "$@" \
    --shard-index SLURM_ARRAY_TASK_ID --shard-count 8 --shard-base 0 \
    --out "${SHARDS:-shaketable-out/shards}" --progress none
