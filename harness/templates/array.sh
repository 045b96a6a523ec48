#!/bin/bash
# Made by `harness plan --format slurm`; submit with: sbatch FILE
# Join the shards when all are done: harness merge shards/shard-*/*/ --out merged
#
#SBATCH --job-name={{NAME}}
#SBATCH --array=1-{{OF}}
# A node for itself: neighbours make noise.
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --exclusive
#SBATCH --time={{MINUTES}}
# A task that loses its node begins again, and goes on with what it had where that is sound.
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
#SBATCH --output={{NAME}}-%A-%a.log

export SHARD_INDEX="$SLURM_ARRAY_TASK_ID" SHARD_OF={{OF}}
# The same path on every node, on a disk of its own: not on a network.
export SHARD_WORK={{WORK}}
# A directory that all nodes share.
export SHARD_OUT={{OUT}}

OPTIONS='{{OPTIONS}}'

{{SCRIPT}}
