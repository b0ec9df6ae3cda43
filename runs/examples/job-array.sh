#!/bin/bash
#SBATCH --job-name=sweep
#SBATCH --array=1-4
#SBATCH --cpus-per-task=1
#SBATCH --output=sweep-%A-%a.log
# A sweep as a Slurm job array: task i of m runs shard i/m into a file of its own. Submit it again as
# it is after a time limit or a failure: every task goes on where it was stopped. When all are done,
#   linear-width sweep --merge results-*.jsonl --output results.jsonl
set -euo pipefail
export RAYON_NUM_THREADS="${SLURM_CPUS_PER_TASK:-1}"
linear-width sweep "${SWEEP:-sweep.toml}" --shard auto --output "results-$SLURM_ARRAY_TASK_ID.jsonl"
