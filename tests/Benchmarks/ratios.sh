#!/usr/bin/env bash
# Differ against perf script, trace-cmd report and the parsers of TraceEvent on one core, in events per second of processor
# time, and its peak memory over captures that differ in size by ten. Larger captures are made of the two in the folder.
# Needs trace-cmd, perf, GNU time, taskset, and 10 GB in the temporary folder for two million events; leaves nothing behind.
set -euo pipefail

usage="usage: ratios.sh <folder with trace.dat and perf.data of one host> [events] [rounds]"
folder=$(realpath "${1:?$usage}")
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

quietly() { "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }; }

quietly dotnet publish "$root/Diff/Cli/Cli.csproj" -c Release --nologo -o "$scratch/bin"
quietly dotnet build "$root/tests/Benchmarks/Benchmarks.csproj" -c Release --nologo
taskset -c 0 dotnet "$root/tests/Benchmarks/bin/Release/net10.0/Differ.Benchmarks.dll" \
    ratios "$folder" "$scratch/bin/differ" "$scratch" "${2:-2000000}" "${3:-5}"
