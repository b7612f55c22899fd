#!/usr/bin/env bash
# Writes reports of captures and holds them against what their readers accept; README.md beside this file says which.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: reports.sh CAPTURE..."; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
differ=${DIFFER:-differ}
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# A check may find something (1) or too little (4), or one of several captures may be unreadable (2); anything else is no report.
write() { $differ check "$@" > /dev/null || [[ $? =~ ^[124]$ ]]; }

schemas() {
    (cd "$scratch" && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 > /dev/null && tar xzf microsoft-jest-sarif-*.tgz)
    sarif=$scratch/package/lib/schemas/sarif-2.1.0-rtm.5.json
}

have() { command -v "$1" > /dev/null || { echo "skipped: $2 needs $1"; return 1; }; }

json() { "$python" "$here/schema.py" "$1" "$2" || failed=1; }

if "$python" -c 'import jsonschema' 2> /dev/null; then
    write "$@" --report "sarif=$scratch/all.sarif" --report "kcidb=$scratch/all.kcidb"
    json "$here/../Diff/Report/Kcidb/kcidb-5.3.schema.json" "$scratch/all.kcidb"
    if have npm sarif && schemas; then
        json "$sarif" "$scratch/all.sarif"
    fi
else
    echo "skipped: sarif and kcidb need python3 with jsonschema"
fi

if have protoc perfetto; then
    for capture in "$@"; do
        rm -f "$scratch/one.pftrace"
        write "$capture" --report "perfetto=$scratch/one.pftrace"
        [ -f "$scratch/one.pftrace" ] || continue # it cannot be used
        protoc -I "$here/../Diff/Report/Perfetto" --decode=perfetto.protos.Trace perfetto.proto < "$scratch/one.pftrace" > "$scratch/one.txt"
        "$python" "$here/slices.py" "$scratch/one.txt" "$capture" || failed=1
    done
fi

exit "$failed"
