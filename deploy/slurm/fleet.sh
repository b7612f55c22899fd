#!/usr/bin/env bash
# Checks a folder of captures on a Slurm cluster, in so many shards, and merges the results:
#
#   deploy/slurm/fleet.sh CAPTURES RESULTS SHARDS [options of differ check, as --pages or --cache DIR]
#
# Both folders are on storage that every node sees, and differ is in the PATH. RESULTS gets a result and a log of each shard, and the reports.
set -euo pipefail
captures=$(realpath "${1:?folder of captures}") results=$(realpath -m "${2:?folder for results}") shards=${3:?number of shards}
here=$(dirname "$(realpath "$0")")
mkdir -p "$results"
if compgen -G "$results/*.difs" > /dev/null; then
    echo "$results has results already; name a folder of its own for each run" >&2
    exit 1
fi

array=$(sbatch --parsable --array="1-$shards" --output="$results/%a.log" "$here/check.sbatch" "$captures" "$results" "${@:4}")
# Also where a shard failed for good: the merge then says which one is missing.
sbatch --parsable --dependency="afterany:$array" --output="$results/merge.log" "$here/merge.sbatch" "$results"
