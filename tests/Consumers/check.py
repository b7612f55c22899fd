"""Holds the reports in a folder against what their readers take: check.py <docs> <reports>."""
import json
import pathlib
import re
import sys

import jsonschema

docs, out = map(pathlib.Path, sys.argv[1:])


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((docs / name).read_text()))


lines = (out / "jsonl").read_text().splitlines()
jsonl = schema("jsonl.schema.json")
for line in lines:
    jsonl.validate(json.loads(line))
print(f"{len(lines)} lines of JSON keep the schema")

report = json.loads((out / "json").read_text())
if "captures" in report:
    schema("reports.schema.json").validate(report)
    one = schema("report.schema.json")
    for capture in report["captures"]:
        one.validate({"$schema": one.schema["$id"]} | {key: report[key] for key in ("schemaVersion", "manual")} | capture["report"])
else:
    schema("report.schema.json").validate(report)
print("the JSON report keeps the schema")

issues = json.loads((out / "gitlab").read_text())
assert len({issue["fingerprint"] for issue in issues}) == len(issues), "a fingerprint is given twice"
for issue in issues:
    assert issue["severity"] in ("info", "minor", "major", "critical", "blocker"), issue["severity"]
    assert issue["description"] and issue["check_name"] and issue["location"]["path"] and issue["location"]["lines"]["begin"] >= 1
print(f"{len(issues)} issues of code quality")

kinds = {}
for line in (out / "github").read_text().splitlines():
    if line.startswith("::"):
        kind = re.fullmatch(r"::(error|warning|notice) (?:file=[^:,]*,)?title=[^:,]*::.+", line).group(1)
        kinds[kind] = kinds.get(kind, 0) + 1
assert all(count <= 10 for count in kinds.values()), kinds
print(f"annotations: {kinds}")

assert len((out / "markdown").read_bytes()) <= 65536, "a comment is longer than GitHub takes"
depth = None
for line in (out / "ktap").read_text().splitlines():
    body = line.lstrip(" ")
    assert re.fullmatch(r"KTAP version 1|1\.\.\d+|#.*|(not )?ok \d+( [^#]*)?( # (SKIP|XFAIL|TODO|TIMEOUT|ERROR)( [^#]*)?)?", body), line
print("Markdown and KTAP are within bounds")
