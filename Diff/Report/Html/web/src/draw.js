// Draws one vCPU: lanes of L2, L1, L0 and the VMM, what is undecided, marks of divergences.

export const lanes = [['L2', 'l2'], ['L1', 'l1'], ['L0', 'l0'], ['VMM', 'user']];
export const sizes = { left: 52, top: 18, lane: 30, gap: 4, undecided: 8 };
sizes.height = sizes.top + lanes.length * (sizes.lane + sizes.gap) + sizes.undecided + 4;

// The first slot that ends behind a time.
export function slotAt(timeline, time) {
  let low = 0, high = timeline.start.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeline.start[middle] + timeline.span[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function colors(element) {
  const style = getComputedStyle(element), names = ['text', 'muted', 'line', 'surface', 'l2', 'l1', 'l0', 'user', 'unknown', 'undecided', 'bad'];
  return Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export function draw(context, width, timeline, view, paint, chosen) {
  const { left, top, lane, gap } = sizes, right = width - left;
  const scale = right / (view.to - view.from);
  const x = time => (time - view.from) * scale;
  context.clearRect(0, 0, width, sizes.height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  lanes.forEach(([name], i) => {
    const y = top + i * (lane + gap);
    context.fillStyle = paint.text;
    context.fillText(name, 4, y + lane / 2);
    context.fillStyle = paint.line;
    context.fillRect(left, y + lane, right, 1);
  });
  context.fillStyle = paint.bad;
  context.fillText('▼', 4, top / 2);
  context.fillStyle = paint.muted;
  context.fillText('?', 4, top + lanes.length * (lane + gap) + sizes.undecided / 2);
  context.save();
  context.beginPath();
  context.rect(left, 0, right, sizes.height);
  context.clip();
  context.translate(left, 0);
  const single = windowsIn(timeline, view, scale);
  slots(context, right, timeline, view, x, paint, single);
  for (const window of single) exits(context, window, view, x, paint);
  marks(context, timeline, view, x, paint, chosen);
  context.restore();
}

// Single exits are drawn where they are more than a hair wide.
export function windowsIn(timeline, view, scale) {
  if (timeline.perSlot === 1) return [];
  return timeline.windows.filter(({ exits }) => exits[0].start < view.to && exits.at(-1).end > view.from
    && (exits.at(-1).end - exits[0].start) * scale > exits.length * 2);
}

function slots(context, width, timeline, view, x, paint, single) {
  const columns = lanes.map(() => new Float32Array(width + 1));
  const unknown = new Float32Array(width + 1), undecided = new Float32Array(width + 1), exits = new Float32Array(width + 1);
  const lost = new Uint8Array(width + 1);
  const end = timeline.start.length;
  for (let i = slotAt(timeline, view.from); i < end && timeline.start[i] < view.to; i++) {
    const start = timeline.start[i], span = timeline.span[i];
    if (single.some(window => start >= window.exits[0].start - 1 && start + span <= window.exits.at(-1).end + 1)) continue;
    const from = x(start), to = x(start + span);
    if (timeline.perSlot === 1 && to - from >= 2) {
      one(context, timeline, i, x, paint);
      continue;
    }
    const first = Math.max(0, Math.floor(from)), last = Math.min(width, Math.floor(to)), wide = Math.max(to - from, 1e-9);
    for (let column = first; column <= last; column++) {
      // How much of the slot this column shows, and so how much of the column the slot fills.
      const part = to - from < 1e-6 ? 1 : (Math.min(to, column + 1) - Math.max(from, column)) / wide;
      if (part <= 0) continue;
      const perPixel = part * (x(1) - x(0));
      columns[0][column] += timeline.l2[i] * perPixel;
      columns[1][column] += timeline.l1[i] * perPixel;
      columns[2][column] += timeline.l0[i] * perPixel;
      columns[3][column] += timeline.user[i] * perPixel;
      unknown[column] += timeline.unknown[i] * perPixel;
      undecided[column] += timeline.undecided[i] * part;
      exits[column] += exitsOf(timeline, i) * part;
      if (timeline.loss[i]) lost[column] = 1;
    }
  }
  lanes.forEach(([, key], i) => bars(context, columns[i], i, paint[key]));
  bars(context, unknown, 1, paint.unknown);
  const y = sizes.top + lanes.length * (sizes.lane + sizes.gap);
  for (let column = 0; column <= width; column++) {
    if (exits[column] > 0 && undecided[column] > 0) {
      context.globalAlpha = 0.25 + 0.75 * Math.min(1, undecided[column] / exits[column]);
      context.fillStyle = paint.undecided;
      context.fillRect(column, y, 1, sizes.undecided);
    }
    if (lost[column]) loss(context, column, paint);
  }
  context.globalAlpha = 1;
}

export function exitsOf(timeline, slot) {
  return slot === timeline.start.length - 1 ? timeline.inLast : timeline.perSlot;
}

function bars(context, heights, number, color) {
  const bottom = sizes.top + number * (sizes.lane + sizes.gap) + sizes.lane;
  context.fillStyle = color;
  for (let column = 0; column < heights.length; column++) {
    if (heights[column] <= 0) continue;
    const tall = Math.max(1, Math.min(1, heights[column]) * sizes.lane);
    context.fillRect(column, bottom - tall, 1, tall);
  }
}

// A slot that holds one exit: the guest ran, then L0 had it, with the VMM in between.
function one(context, timeline, i, x, paint) {
  const guest = timeline.l1[i] + timeline.l2[i] + timeline.unknown[i];
  const lane = timeline.l2[i] > 0 ? 0 : 1;
  piece(context, { start: timeline.start[i], guest, l0: timeline.l0[i], user: timeline.user[i], lane, unknown: timeline.unknown[i] > 0, undecided: timeline.undecided[i] }, x, paint);
  if (timeline.loss[i]) loss(context, x(timeline.start[i]), paint);
}

function exits(context, window, view, x, paint) {
  for (const exit of window.exits) {
    if (exit.end < view.from || exit.start > view.to) continue;
    piece(context, { ...exit, lane: exit.level === 2 ? 0 : 1, unknown: exit.level === 0 }, x, paint);
  }
}

function piece(context, exit, x, paint) {
  const at = exit.start + exit.guest, end = at + exit.l0 + exit.user;
  block(context, exit.lane, x(exit.start), x(at), exit.unknown ? paint.unknown : paint[lanes[exit.lane][1]]);
  if (exit.user > 0) {
    block(context, 2, x(at), x(at + exit.l0 / 2), paint.l0);
    block(context, 3, x(at + exit.l0 / 2), x(end - exit.l0 / 2), paint.user);
    block(context, 2, x(end - exit.l0 / 2), x(end), paint.l0);
  } else block(context, 2, x(at), x(end), paint.l0);
  if (exit.undecided) {
    context.fillStyle = paint.undecided;
    context.fillRect(x(at), sizes.top + lanes.length * (sizes.lane + sizes.gap), Math.max(1, x(end) - x(at)), sizes.undecided);
  }
}

function block(context, lane, from, to, color) {
  if (to <= from) return;
  context.fillStyle = color;
  const wide = to - from;
  context.fillRect(from, sizes.top + lane * (sizes.lane + sizes.gap), Math.max(0.6, wide > 4 ? wide - 1 : wide), sizes.lane);
}

function loss(context, column, paint) {
  context.fillStyle = paint.bad;
  for (let y = sizes.top; y < sizes.height; y += 6) context.fillRect(column, y, 1, 3);
}

// Marks that would touch are drawn once; their lines only where they leave the lanes to be seen.
function marks(context, timeline, view, x, paint, chosen) {
  const last = { true: -100, false: -100 };
  for (const mark of timeline.marks) {
    if (mark.time < view.from || mark.time > view.to) continue;
    const at = x(mark.time), is = mark.class === chosen, since = at - last[is];
    if (since < 2) continue;
    last[is] = at;
    context.fillStyle = is ? paint.text : paint.bad;
    context.beginPath();
    context.moveTo(at - 5, 2);
    context.lineTo(at + 5, 2);
    context.lineTo(at, 12);
    context.fill();
    if (since > 12) context.fillRect(at, 12, 1, sizes.height - 12);
  }
}
