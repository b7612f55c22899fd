#!/usr/bin/env bash
# Whole processes on one core: differ check against trace-cmd report over the same capture, in events per second and peak
# memory; then differ check over a capture of 2 GB made of it, to show that memory does not grow with the trace.
# Needs trace-cmd, GNU time, taskset, and 2.5 GB in the temporary folder; leaves nothing behind.
set -euo pipefail

usage="usage: compare.sh <trace.dat> [rounds]"
capture=$(realpath "${1:?$usage}")
rounds=${2:-3}
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
large=2147483648

dotnet publish "$root/Diff/Cli/Cli.csproj" -c Release -v q --nologo -o "$scratch/bin" >"$scratch/publish.log" || { cat "$scratch/publish.log"; exit 1; }
dotnet build "$root/tests/Benchmarks/Benchmarks.csproj" -c Release -v q --nologo >"$scratch/build.log" || { cat "$scratch/build.log"; exit 1; }
differ="$scratch/bin/differ"

# Seconds and peak kilobytes of the fastest of some rounds; a divergence (status 1) is no failure here.
measure() {
    local best="" line
    for _ in $(seq "$rounds"); do
        command time -f '%e %M' -o "$scratch/time" taskset -c 0 "$@" >/dev/null 2>"$scratch/errors" || [ $? = 1 ] || { cat "$scratch/errors" >&2; exit 1; }
        line=$(tail -n 1 "$scratch/time")
        best=$(printf '%s\n%s\n' "$best" "$line" | sed '/^$/d' | sort -n | head -n 1)
    done
    echo "$best"
}

show() { # name, events, seconds, kilobytes
    awk -v n="$1" -v e="$2" -v s="$3" -v k="$4" 'BEGIN { printf "%-18s %12d events  %8.2f s  %12.0f events/s  %8.1f MB peak\n", n, e, s, e / s, k / 1024 }'
}

events() { "$differ" show --counts "$1" | awk -F'\t' '{ sum += $2 } END { print sum }'; }

count=$(events "$capture")
read -r ours ourPeak <<<"$(measure "$differ" check "$capture")"
read -r theirs theirPeak <<<"$(measure trace-cmd report -i "$capture")"
show "differ check" "$count" "$ours" "$ourPeak"
show "trace-cmd report" "$count" "$theirs" "$theirPeak"
awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "differ takes %.2f of the time of trace-cmd\n", a / b }'

trace-cmd convert --file-version 6 -i "$capture" -o "$scratch/small.dat" >/dev/null 2>&1
dotnet "$root/tests/Benchmarks/bin/Release/net10.0/Differ.Benchmarks.dll" grow "$scratch/small.dat" "$large" "$scratch/large.dat"
rounds=1
read -r seconds smallPeak <<<"$(measure "$differ" check "$scratch/small.dat")"
show "$(du -h --apparent-size "$scratch/small.dat" | cut -f1) uncompressed" "$count" "$seconds" "$smallPeak"
read -r seconds largePeak <<<"$(measure "$differ" check "$scratch/large.dat")"
show "$(du -h --apparent-size "$scratch/large.dat" | cut -f1) uncompressed" "$(events "$scratch/large.dat")" "$seconds" "$largePeak"
