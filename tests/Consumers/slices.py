"""Reads what protoc decoded of a trace: no field without a name, and as many ends as beginnings, in every sequence."""
import collections
import re
import sys

decoded, name = sys.argv[1:]
depth = collections.Counter()
events = 0
sequence = None
with open(decoded, encoding="utf-8") as file:
    for line in file:
        if re.match(r"\s*\d+[:{ ]", line):
            sys.exit(f"{name}: a field that the format does not have: {line.strip()}")
        if match := re.match(r"  trusted_packet_sequence_id: (\d+)", line):
            sequence = match[1]
        elif match := re.match(r"    type: TYPE_(\w+)", line):
            events += 1
            depth[sequence] += {"SLICE_BEGIN": 1, "SLICE_END": -1}.get(match[1], 0)
            if depth[sequence] < 0:
                sys.exit(f"{name}: a slice ends that did not begin")
open_slices = {key: value for key, value in depth.items() if value}
if open_slices:
    sys.exit(f"{name}: slices that do not end: {open_slices}")
print(f"{name.rsplit('/', 1)[-1]}: {events} events, every slice ends")
