#!/usr/bin/env bash
# Writes every report of some captures and has real consumers read them: tests/Consumers/validate.sh <capture or folder>...
# DIFFER names the program. Needs xmllint, perl with TAP::Parser, and python3 with jsonschema (Debian: libxml2-utils perl python3-jsonschema).
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: $0 <capture or folder>..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
differ=${DIFFER:-dotnet run --project $root/Diff/Cli -c Release --}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

status=0
$differ check "$@" --report json="$out/json" --report jsonl="$out/jsonl" --report markdown="$out/markdown" --report junit="$out/junit" \
    --report tap="$out/tap" --report ktap="$out/ktap" --report github="$out/github" --report gitlab="$out/gitlab" >"$out/text" || status=$?
# 1 and 4 are verdicts, and of several captures one may be unreadable (2).
[[ "$status" =~ ^[0124]$ ]] || { echo "differ check ended with $status" >&2; exit 1; }

xmllint --noout --schema "$here/junit.xsd" "$out/junit"
perl "$here/tap.pl" "$out/tap"
python3 "$here/check.py" "$root/docs" "$out"
echo "all reports are read, differ check ended with $status"
