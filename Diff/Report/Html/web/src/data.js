// The data of the report, as Diff/Report/Html/PageData.cs writes it.

function bytes(base64) {
  const text = atob(base64), array = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) array[i] = text.charCodeAt(i);
  return array.buffer;
}

// Columns are little-endian; so is every machine that runs a browser.
const columns = { start: Float64Array, span: Float32Array, l1: Float32Array, l2: Float32Array, unknown: Float32Array, l0: Float32Array, user: Float32Array,
  undecided: Float32Array, reason: Uint16Array, loss: Uint16Array };

export const mixed = 0xffff;

export function load() {
  const element = document.getElementById('data');
  const data = JSON.parse(element.textContent);
  element.remove();
  for (const timeline of data.timelines) {
    for (const [name, type] of Object.entries(columns)) timeline[name] = new type(bytes(timeline[name]));
    const last = timeline.start.length - 1;
    timeline.end = last < 0 ? 0 : timeline.start[last] + timeline.span[last];
    timeline.windows = [];
    timeline.marks = [];
  }
  for (const window of data.windows) {
    window.exits = window.exits.map(([index, start, guest, l0, user, level, reason, rip, undecided]) =>
      ({ index, start, guest, l0, user, level, reason, rip, undecided, end: start + guest + l0 + user }));
    data.timelines[window.stream]?.windows.push(window);
  }
  for (const { class: number, stream, at } of data.marks) {
    const to = data.timelines[stream]?.marks ?? [];
    for (let i = 0; i < at.length; i += 3) to.push({ class: number, stream, time: at[i], index: at[i + 1], count: at[i + 2] });
  }
  for (const timeline of data.timelines) timeline.marks.sort((a, b) => a.time - b.time);
  data.timelines = data.timelines.filter(timeline => timeline.start.length > 0);
  data.begin = Math.min(...data.timelines.map(timeline => timeline.start[0]), Infinity);
  data.end = Math.max(...data.timelines.map(timeline => timeline.end), -Infinity);
  data.classes.forEach((found, number) => { found.number = number; });
  return data;
}

export function streamLabel(data, id) {
  const stream = data.capture.streams[id];
  if (!stream) return `stream ${id}`;
  return `${data.capture.machines > 1 ? `VM ${stream.machine}, ` : ''}${stream.label}`;
}

// The recording's own time of an offset: seconds with nine decimals, or ticks.
export function clock(data, offset) {
  const time = BigInt(data.origin) + BigInt(Math.round(offset));
  return data.capture.ns ? `${time / 1000000000n}.${String(time % 1000000000n).padStart(9, '0')}` : String(time);
}
