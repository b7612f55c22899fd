#!/usr/bin/env bash
# Every kind of result through every consumer of this folder: tests/Consumers/cases.sh. DIFFER names the program, as in the scripts it runs.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../Fixtures
broken=$(mktemp --suffix=.dat)
trap 'rm -f "$broken"' EXIT
echo "no recording" > "$broken"
failed=0

run() {
    local name=$1
    shift
    for script in validate.sh reports.sh; do
        echo "== $name: $script"
        bash "$here/$script" "$@" || { echo "FAILED: $name: $script"; failed=1; }
    done
}

run single "$fixtures/l2-vmmcall-not-intercepted-6.1/trace.dat"
run multiple "$fixtures/l2-vmmcall-not-intercepted-6.1" "$fixtures/reflected-cpuid" "$fixtures/two-cpus"
run lossy "$fixtures/reader-stopped"
run inconclusive "$fixtures/few-events"
run processor "$fixtures/processor-fault"
run unreadable "$fixtures/processor-fault" "$broken"
exit "$failed"
