import { scaleLinear } from 'd3-scale';
import { clock, mixed, streamLabel } from './data.js';
import { colors, draw, exitsOf, lanes, sizes, slotAt, windowsIn } from './draw.js';
import { count, h, plural, section, span } from './util.js';

const levels = ['L?', 'L1', 'L2'];
const shownAtOnce = 8;

// The timeline of every vCPU over one common view.
export function timeline(data, chooseClass) {
  if (data.timelines.length === 0 || !(data.end > data.begin)) {
    return { element: section('timeline', 'Timeline', h('p', null, 'No times were recorded.')), show() {}, redraw() {} };
  }

  const ns = data.capture.ns, whole = { from: data.begin, to: data.end };
  let view = { ...whole }, chosen = -1, pending = false, selection = null, count_ = shownAtOnce;
  const axis = h('canvas', { class: 'axis', 'aria-hidden': 'true' });
  const overview = h('canvas', { class: 'overview', 'aria-hidden': 'true' });
  const where = h('p', { class: 'status', role: 'status', 'aria-live': 'polite' });
  const at = h('p', { class: 'inspect' }, 'Point at the timeline to see what is there.');
  const rows = h('div');
  const marks = data.timelines.flatMap(line => line.marks).sort((a, b) => a.time - b.time);
  const button = (title, act, label) => h('button', { type: 'button', 'aria-label': label, title: label, onclick: act }, title);
  const more = button('', () => { count_ += shownAtOnce; list(); later(); }, 'Show more vCPUs');
  const area = h('div', { class: 'timeline', tabindex: 0, role: 'application', 'aria-roledescription': 'timeline',
    'aria-label': 'Timeline. Plus and minus zoom, arrows move, N and P go to the next and previous divergence, comma and period step through exits, 0 shows everything.', onkeydown: onKey }, overview, axis, rows);
  const element = section('timeline', 'Timeline',
    h('div', { class: 'toolbar' }, button('−', () => zoom(2), 'Zoom out'), button('+', () => zoom(0.5), 'Zoom in'), button('Everything', () => go(whole), 'Show the whole capture'),
      button('◀ ✕ previous', () => jump(-1), 'Previous divergence'), button('next ✕ ▶', () => jump(1), 'Next divergence'), legend()),
    where, area, more, at,
    h('p', { class: 'hint' }, 'Drag to zoom into a stretch, Shift and drag to move, Ctrl and the wheel to zoom. With the timeline focused: + − ← → 0, N and P for divergences, “,” and “.” for single exits. ', grain()));
  for (const control of element.querySelectorAll('.toolbar button')) control.toggleAttribute('disabled', control.textContent.includes('✕') && marks.length === 0);
  list();
  new ResizeObserver(later).observe(area);
  area.addEventListener('wheel', onWheel, { passive: false });
  area.addEventListener('pointerdown', onDown);
  area.addEventListener('pointermove', event => { if (!selection) inspect(event); });
  area.addEventListener('dblclick', event => zoom(0.25, timeAt(event)));
  return { element, redraw: later, drawNow: paintAll, show };

  function grain() {
    const most = Math.max(...data.timelines.map(line => line.perSlot));
    if (most === 1) return 'Every exit is in the page.';
    return [`${plural(data.verdicts.exits, 'exit')} are more than a page can hold one by one. The finest step is ${most} exits; single ones are kept around the first of each class of divergences. `,
      h('code', null, `differ show ${data.capture.file || 'CAPTURE'} --vcpu 0 --exit N`), ' prints any exit.'];
  }

  function legend() {
    return h('span', { class: 'legend' }, lanes.map(([name, key]) => h('span', null, h('i', { class: `swatch l-${key}` }), name)),
      h('span', null, h('i', { class: 'swatch l-undecided' }), '? undecided'), h('span', { class: 'bad' }, '▼ divergence'), h('span', { class: 'bad' }, '┊ events lost'));
  }

  function list() {
    rows.replaceChildren(...data.timelines.slice(0, count_).map(line => h('div', { class: 'vcpu' }, h('h3', null, streamLabel(data, line.stream)), Object.assign(h('canvas', { role: 'img', 'aria-label': `Timeline of ${streamLabel(data, line.stream)}` }), { line }))));
    more.hidden = count_ >= data.timelines.length;
    more.textContent = `Show more of the ${data.timelines.length} vCPUs`;
  }

  function go(next) {
    const least = Math.max(ns ? 50 : 1, (whole.to - whole.from) * 1e-12);
    const wide = Math.min(Math.max(next.to - next.from, least), whole.to - whole.from);
    const from = Math.min(Math.max(next.from, whole.from), whole.to - wide);
    view = { from, to: from + wide };
    later();
  }

  function zoom(factor, around = (view.from + view.to) / 2) {
    go({ from: around - (around - view.from) * factor, to: around + (view.to - around) * factor });
  }

  function later() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; paintAll(); });
  }

  function paintAll() {
    const paint = colors(area);
    for (const canvas of rows.querySelectorAll('canvas')) {
      const { context, width } = prepare(canvas, sizes.height);
      draw(context, width, canvas.line, view, paint, chosen);
    }
    drawAxis(paint);
    drawOverview(paint);
    where.textContent = `${clock(data, view.from)} to ${clock(data, view.to)}${ns ? ' s' : ''}: ${span(view.to - view.from, ns)}, ${plural(exitsShown(), 'exit')}${view.to - view.from < whole.to - whole.from ? '' : ', everything'}`;
  }

  function exitsShown() {
    let sum = 0;
    for (const line of data.timelines) {
      const [single] = windowsIn(line, view, Infinity).filter(({ exits }) => exits[0].start <= view.from && exits.at(-1).end >= view.to);
      if (single) {
        sum += single.exits.filter(exit => exit.end > view.from && exit.start < view.to).length;
        continue;
      }
      const first = slotAt(line, view.from);
      let last = slotAt(line, view.to);
      if (last < line.start.length && line.start[last] < view.to) last++;
      sum += Math.max(0, last - first) * line.perSlot - (last === line.start.length && last > first ? line.perSlot - line.inLast : 0);
    }
    return sum;
  }

  function prepare(canvas, height) {
    const ratio = window.devicePixelRatio || 1, width = Math.max(200, Math.floor(rows.clientWidth));
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return { context, width };
  }

  function drawAxis(paint) {
    const { context, width } = prepare(axis, 22);
    context.clearRect(0, 0, width, 22);
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = paint.muted;
    context.textAlign = 'center';
    const begin = view.from - whole.from, scale = scaleLinear([begin, begin + view.to - view.from], [sizes.left, width]);
    for (const tick of scale.ticks(Math.max(2, Math.floor(width / 130)))) {
      const x = scale(tick);
      context.fillRect(x, 17, 1, 5);
      const half = context.measureText(label(tick)).width / 2;
      context.fillText(label(tick), Math.min(Math.max(x, sizes.left + half), width - half), 11);
    }
  }

  // Since the capture's start, with the digits that the view needs.
  function label(tick) {
    if (!ns) return `+${count(tick)}`;
    const [unit, size] = [['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]].find(([, size]) => tick >= size) ?? ['ns', 1];
    const digits = Math.max(0, Math.ceil(Math.log10(size / ((view.to - view.from) / 8))));
    return `+${(tick / size).toFixed(Math.min(digits, 9))} ${unit}`;
  }

  function drawOverview(paint) {
    const { context, width } = prepare(overview, 14);
    const scale = scaleLinear([whole.from, whole.to], [sizes.left, width]);
    context.clearRect(0, 0, width, 14);
    context.fillStyle = paint.line;
    context.fillRect(sizes.left, 4, width - sizes.left, 6);
    context.fillStyle = paint.bad;
    for (const mark of marks) context.fillRect(scale(mark.time) - 0.5, 2, 1.5, 10);
    context.strokeStyle = paint.text;
    context.lineWidth = 1.5;
    context.strokeRect(scale(view.from), 1, Math.max(3, scale(view.to) - scale(view.from) - 1), 12);
  }

  function timeAt(event) {
    const box = rows.getBoundingClientRect();
    const part = (event.clientX - box.left - sizes.left) / (box.width - sizes.left);
    return view.from + Math.min(Math.max(part, 0), 1) * (view.to - view.from);
  }

  function onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event));
  }

  function onDown(event) {
    if (event.button !== 0) return;
    const start = timeAt(event), before = { ...view }, moves = event.shiftKey, overviewed = event.target === overview;
    if (overviewed) {
      const box = overview.getBoundingClientRect();
      const time = whole.from + (event.clientX - box.left - sizes.left) / (box.width - sizes.left) * (whole.to - whole.from);
      go({ from: time - (view.to - view.from) / 2, to: time + (view.to - view.from) / 2 });
      return;
    }
    selection = h('div', { class: 'selection' });
    const box = area.getBoundingClientRect();
    if (!moves) area.append(selection);
    const move = next => {
      if (moves) {
        const shift = (event.clientX - next.clientX) / (rows.clientWidth - sizes.left) * (before.to - before.from);
        go({ from: before.from + shift, to: before.to + shift });
      } else Object.assign(selection.style, { left: `${Math.min(event.clientX, next.clientX) - box.left}px`, width: `${Math.abs(next.clientX - event.clientX)}px` });
    };
    const up = next => {
      selection.remove();
      selection = null;
      area.removeEventListener('pointermove', move);
      area.removeEventListener('pointerup', up);
      area.removeEventListener('pointercancel', up);
      if (!moves && Math.abs(next.clientX - event.clientX) > 4) go({ from: Math.min(start, timeAt(next)), to: Math.max(start, timeAt(next)) });
      else if (!moves) click(next);
    };
    area.setPointerCapture(event.pointerId);
    area.addEventListener('pointermove', move);
    area.addEventListener('pointerup', up);
    area.addEventListener('pointercancel', up);
    area.focus({ preventScroll: true });
  }

  function lineAt(event) {
    const canvas = [...rows.querySelectorAll('canvas')].find(canvas => { const box = canvas.getBoundingClientRect(); return event.clientY >= box.top && event.clientY <= box.bottom; });
    return canvas?.line;
  }

  function click(event) {
    const line = lineAt(event), time = timeAt(event), near = (view.to - view.from) / (rows.clientWidth - sizes.left) * 6;
    const mark = line?.marks.filter(mark => Math.abs(mark.time - time) < near).sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0];
    if (mark) {
      chosen = mark.class;
      chooseClass(data.classes[mark.class]);
      later();
    }
  }

  function inspect(event) {
    const line = lineAt(event);
    if (line) describe(line, timeAt(event));
  }

  function describe(line, time) {
    const exit = line.windows.flatMap(({ exits }) => exits).find(exit => exit.start <= time && time < exit.end);
    const slot = slotAt(line, time);
    const mark = line.marks.find(mark => Math.abs(mark.time - time) < (view.to - view.from) / 400);
    let text = 'nothing recorded';
    if (exit) {
      text = `exit ${exit.index}, ${levels[exit.level]}, ${data.reasons[exit.reason]?.name}, rip 0x${exit.rip}: guest ran ${span(exit.guest, ns)}, L0 ${span(exit.l0, ns)}${exit.user ? `, VMM ${span(exit.user, ns)}` : ''}${exit.undecided ? ', undecided' : ''}`;
    } else if (slot < line.start.length && line.start[slot] <= time) text = slotText(line, slot);
    at.textContent = `${streamLabel(data, line.stream)} at ${clock(data, time)}: ${text}${mark ? `; ✕ ${data.classes[mark.class].ruleId}${mark.count > 1 ? `, ${plural(mark.count, 'exit')} from exit ${mark.index}` : `, exit ${mark.index}`}` : ''}`;
  }

  function slotText(line, slot) {
    const exits = exitsOf(line, slot), reason = line.reason[slot] === mixed ? 'several reasons' : data.reasons[line.reason[slot]];
    const index = slot * line.perSlot;
    const shares = [['L1', line.l1], ['L2', line.l2], ['guest', line.unknown], ['L0', line.l0], ['VMM', line.user]].filter(([, times]) => times[slot] > 0).map(([name, times]) => `${name} ${span(times[slot], ns)}`);
    return `${exits === 1 ? `exit ${index}` : `exits ${index} to ${index + exits - 1}`}, ${reason.name ? `${reason.level} ${reason.name}` : reason}: ${shares.join(', ')}${line.undecided[slot] ? `, ${line.undecided[slot]} undecided` : ''}${line.loss[slot] ? ', events lost' : ''}`;
  }

  function show(found) {
    const line = data.timelines.find(line => line.stream === found.stream);
    const mark = line?.marks.find(mark => mark.class === found.number);
    chosen = found.number;
    if (!mark) return later();
    const index = data.timelines.indexOf(line);
    if (index >= count_) {
      count_ = index + 1;
      list();
    }
    focusOn(line, mark.time, 12);
    element.scrollIntoView({ block: 'start' });
    area.focus({ preventScroll: true });
  }

  // A view of some exits around a time.
  function focusOn(line, time, around) {
    const window = line.windows.find(({ exits }) => exits[0].start <= time && exits.at(-1).end >= time);
    if (window) {
      const i = Math.max(0, window.exits.findIndex(exit => exit.end > time));
      go({ from: window.exits[Math.max(0, i - around)].start, to: window.exits[Math.min(window.exits.length - 1, i + around)].end });
    } else {
      const slot = Math.min(slotAt(line, time), line.start.length - 1), last = Math.min(line.start.length - 1, slot + around);
      go({ from: line.start[Math.max(0, slot - around)], to: line.start[last] + line.span[last] });
    }
    describe(line, time);
  }

  function jump(direction) {
    if (marks.length === 0) return;
    const middle = (view.from + view.to) / 2, near = (view.to - view.from) * 1e-3;
    const next = direction > 0 ? marks.find(mark => mark.time > middle + near) ?? marks[0] : marks.findLast(mark => mark.time < middle - near) ?? marks.at(-1);
    const wide = Math.min(view.to - view.from, (whole.to - whole.from) / 50);
    chosen = next.class;
    go({ from: next.time - wide / 2, to: next.time + wide / 2 });
    chooseClass(data.classes[next.class]);
    describe(data.timelines.find(line => line.stream === next.stream), next.time);
  }

  // The exit or slot before or behind the middle fills the view.
  function step(direction) {
    const line = data.timelines[0], middle = (view.from + view.to) / 2;
    const exits = line.perSlot > 1 ? line.windows.find(({ exits }) => exits[0].start <= middle && exits.at(-1).end > middle)?.exits : null;
    const spans = exits ? exits.map(exit => [exit.start, exit.end]) : null;
    const now = spans ? spans.findIndex(([, end]) => end > middle) : slotAt(line, middle);
    const fits = view.to - view.from < 3 * (spans ? spans[now][1] - spans[now][0] : line.span[Math.min(now, line.start.length - 1)]);
    const next = Math.min(Math.max(now + (fits ? direction : 0), 0), (spans ?? line.start).length - 1);
    const [from, to] = spans ? spans[next] : [line.start[next], line.start[next] + line.span[next]];
    go({ from, to });
    describe(line, (from + to) / 2);
  }

  function onKey(event) {
    const wide = view.to - view.from;
    const acts = { '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), 0: () => go(whole), Home: () => go(whole), n: () => jump(1), p: () => jump(-1), '.': () => step(1), ',': () => step(-1),
      ArrowLeft: () => go({ from: view.from - wide / 4, to: view.to - wide / 4 }), ArrowRight: () => go({ from: view.from + wide / 4, to: view.to + wide / 4 }), ArrowUp: () => zoom(0.5), ArrowDown: () => zoom(2) };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }
}
