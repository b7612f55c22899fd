"""Reads what protoc decoded of a trace as Perfetto's importer would, and says where that would count an error or draw something else.

No field without a name. In every sequence: state is begun before it is used, interned texts are defined before they are used and
keep their meaning. On every track: it is described once and so is its parent, slices nest and end, none before it began. Every flow
begins at one event and ends at a later one of another track. Every argument has a name and a value.
"""
import collections
import re
import sys

CLEARED, NEEDED = 1, 2


def packets(lines):
    """The packets of a trace as lists of (name, value), a value being a text or such a list."""
    stack = []
    for line in lines:
        line = line.strip()
        if re.match(r"\d+[:{ ]", line):
            raise ValueError(f"a field that the format does not have: {line}")
        if line.endswith("{"):
            stack.append((line[:-1].strip(), []))
        elif line == "}":
            name, fields = stack.pop()
            if not stack:
                yield fields
            else:
                stack[-1][1].append((name, fields))
        elif line:
            name, value = line.split(": ", 1)
            stack[-1][1].append((name, value))


def every(fields, name):
    return [value for one, value in fields if one == name]


def only(fields, name, default=None):
    values = every(fields, name)
    if len(values) > 1:
        raise ValueError(f"{name} is given {len(values)} times")
    return values[0] if values else default


class Sequence:
    """What the importer knows of a sequence of packets."""

    # Clocks below this are the machine's and not a sequence's own.
    FIRST_OWN_CLOCK = 64

    def __init__(self, shared):
        self.shared = shared
        self.begun = False
        self.may_use = False
        self.clock = None
        self.times = {}
        self.track = None
        self.texts = collections.defaultdict(dict)

    def begin(self, packet):
        self.begun = True
        self.texts.clear()
        defaults = only(packet, "trace_packet_defaults", [])
        self.clock = only(defaults, "timestamp_clock_id", self.clock)
        self.track = only(only(defaults, "track_event_defaults", []), "track_uuid", self.track)

    def note(self, packet):
        for clock in every(only(packet, "clock_snapshot", []), "clocks"):
            times = self.times if int(only(clock, "clock_id")) >= self.FIRST_OWN_CLOCK else self.shared
            times[only(clock, "clock_id")] = [int(only(clock, "timestamp")), only(clock, "is_incremental") == "true"]
        for sort, entry in only(packet, "interned_data", []):
            iid, text = only(entry, "iid"), only(entry, "name", only(entry, "str"))
            if self.texts[sort].setdefault(iid, text) != text or iid == "0":
                raise ValueError(f"{sort} {iid} becomes another text")

    def time(self, packet):
        clock = only(packet, "timestamp_clock_id", self.clock)
        value = int(only(packet, "timestamp"))
        known = self.times.get(clock) or self.shared.get(clock)
        if known is None:
            raise ValueError(f"clock {clock} is not in a snapshot")
        if known[1]:
            known[0] += value
            return known[0]
        return value

    def text(self, sort, iid):
        if not self.may_use or iid not in self.texts[sort]:
            raise ValueError(f"{sort} {iid} is not defined before its use, or used by an event that does not say so")
        return self.texts[sort][iid]

    def name(self, fields, sort):
        plain = only(fields, "name")
        return self.text(sort, only(fields, "name_iid")) if plain is None else plain


class Trace:
    def __init__(self):
        clocks = {}
        self.sequences = collections.defaultdict(lambda: Sequence(clocks))
        self.tracks = {}
        self.used = set()
        self.open = collections.defaultdict(list)
        self.flows = {}
        self.ended = set()
        self.counts = collections.Counter()

    def take(self, packet):
        sequence = self.sequences[only(packet, "trusted_packet_sequence_id")]
        flags = int(only(packet, "sequence_flags", "0"))
        if flags & CLEARED:
            sequence.begin(packet)
        if flags & NEEDED and not sequence.begun:
            raise ValueError("state is needed that was not begun")
        sequence.note(packet)
        time = sequence.time(packet)
        if (track := only(packet, "track_descriptor")) is not None:
            uuid = only(track, "uuid")
            if uuid in self.tracks or not (every(track, "name") or every(track, "process") or every(track, "thread")):
                raise ValueError(f"track {uuid} is described twice, or has no name")
            self.tracks[uuid] = only(track, "parent_uuid")
        if (event := only(packet, "track_event")) is not None:
            sequence.may_use = flags & NEEDED
            self.event(event, sequence, time)

    def event(self, event, sequence, time):
        track, kind = only(event, "track_uuid", sequence.track), only(event, "type")
        self.counts[kind] += 1
        self.used.add(track)
        begun = self.open[track]
        if begun and time < begun[-1]:
            raise ValueError(f"an event of track {track} at {time} lies before the slice that holds it")
        if kind == "TYPE_SLICE_BEGIN":
            begun.append(time)
        elif kind == "TYPE_SLICE_END":
            if not begun:
                raise ValueError("a slice ends that did not begin")
            begun.pop()
        if kind != "TYPE_SLICE_END":
            sequence.name(event, "event_names")
            for iid in every(event, "category_iids"):
                sequence.text("event_categories", iid)
        self.arguments(event, sequence)
        for flow in every(event, "flow_ids"):
            if flow in self.flows:
                raise ValueError(f"flow {flow} begins twice")
            self.flows[flow] = (time, track)
        for flow in every(event, "terminating_flow_ids"):
            began = self.flows.get(flow)
            if began is None or flow in self.ended or began[0] > time or began[1] == track:
                raise ValueError(f"flow {flow} does not lead from an earlier event of another track to this one alone")
            self.ended.add(flow)

    def arguments(self, event, sequence):
        for argument in every(event, "debug_annotations"):
            values = [(name, value) for name, value in argument if not name.startswith("name")]
            if len(values) != 1 or not sequence.name(argument, "debug_annotation_names"):
                raise ValueError("an argument without a name or value")
            if values[0][0] == "string_value_iid":
                sequence.text("debug_annotation_string_values", values[0][1])
            self.counts["argument"] += 1

    def finish(self):
        if still := [track for track, begun in self.open.items() if begun]:
            raise ValueError(f"slices of tracks {still} do not end")
        if lost := self.flows.keys() - self.ended:
            raise ValueError(f"{len(lost)} flows do not end")
        if unknown := self.used - self.tracks.keys():
            raise ValueError(f"tracks {unknown} are not described")
        for track in self.tracks:
            above, steps = self.tracks[track], 0
            while above is not None:
                if above not in self.tracks or (steps := steps + 1) > len(self.tracks):
                    raise ValueError(f"track {track} hangs below {above}, which is not there or below it")
                above = self.tracks[above]


decoded, name = sys.argv[1:]
trace, number = Trace(), 0
try:
    with open(decoded, encoding="utf-8") as file:
        for number, packet in enumerate(packets(file)):
            trace.take(packet)
    trace.finish()
except ValueError as fault:
    sys.exit(f"{name}: packet {number}: {fault}")
print(f"{name.rsplit('/', 1)[-1]}: {trace.counts['TYPE_SLICE_BEGIN']} slices, {trace.counts['TYPE_INSTANT']} instants, {len(trace.flows)} flows, "
      f"{trace.counts['argument']} arguments on {len(trace.tracks)} tracks; all begin, nest and end")
