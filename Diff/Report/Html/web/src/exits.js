import { scaleLog } from 'd3-scale';
import { count, h, percent, section, sortable, span, sparkline } from './util.js';

const fewest = 16;

// How often each guest exits and for what, and how long each takes.
export function reasons(data) {
  const rows = data.reasons.filter(row => row.count > 0);
  return section('exits', 'Exits', histogram(rows), handling(data, rows));
}

function histogram(rows) {
  const names = new Map();
  for (const row of rows) {
    const both = names.get(row.name) ?? { name: row.name, sum: 0, by: {} };
    both.by[row.level] = row;
    both.sum += row.count;
    names.set(row.name, both);
  }
  const sorted = [...names.values()].sort((a, b) => b.sum - a.sum), most = Math.max(...rows.map(row => row.count), 1);
  const log = h('input', { type: 'checkbox', checked: true, onchange: draw });
  const all = h('input', { type: 'checkbox', onchange: draw });
  const place = h('div', { class: 'histogram', role: 'table', 'aria-label': 'Exits by reason and guest' });
  draw();
  return [h('h3', null, 'By reason and guest'),
    h('div', { class: 'toolbar' }, h('label', null, log, ' logarithmic'), sorted.length > fewest && h('label', null, all, ` all ${sorted.length} reasons`),
      h('span', { class: 'legend' }, h('span', null, h('i', { class: 'swatch l-l1' }), 'L1'), h('span', null, h('i', { class: 'swatch l-l2' }), 'L2'))), place];

  function draw() {
    const width = number => log.checked ? Math.log(number + 1) / Math.log(most + 1) : number / most;
    place.replaceChildren(...sorted.slice(0, all.checked ? undefined : fewest).map(({ name, by }) => h('div', { class: 'bars', role: 'row' }, h('span', { class: 'name', role: 'rowheader' }, name),
      h('span', { class: 'pair', role: 'cell' }, ['L1', 'L2', 'L?'].filter(level => by[level]).map(level => h('span', { class: 'bar' },
        h('i', { class: `fill l-${level === 'L?' ? 'unknown' : level.toLowerCase()}`, style: { width: `${Math.max(0.3, width(by[level].count) * 82)}%` } }), h('span', null, `${level} ${count(by[level].count)}`)))))));
  }
}

function handling(data, rows) {
  const ns = data.capture.ns, timed = rows.filter(row => row.timed > 0), sum = timed.reduce((sum, row) => sum + row.sum, 0);
  const ends = timed.flatMap(row => row.buckets.filter((_, i) => i % 2 === 0));
  const scale = scaleLog([Math.max(1, Math.min(...ends)), Math.max(2, ...ends)], [0, 1]).clamp(true);
  const time = key => ({ number: true, value: row => row[key], cell: row => span(row[key], ns) });
  const table = sortable([
    { title: 'Guest', value: row => row.level },
    { title: 'Reason', value: row => row.name, cell: row => h('code', null, row.name) },
    { title: 'Exits', number: true, value: row => row.timed, cell: row => count(row.timed) },
    { title: 'Share of time', number: true, value: row => row.sum, cell: row => percent(row.sum, sum) },
    { title: 'p50', ...time('p50') },
    { title: 'p99', ...time('p99') },
    { title: 'Max', ...time('max') },
    { title: 'In the VMM', number: true, value: row => row.user / Math.max(1, row.sum), cell: row => row.user > 0 ? percent(row.user, row.sum) : '–' },
    { title: 'Distribution', cell: row => sparkline(row.buckets.flatMap((lowest, i) => i % 2 === 0 ? [{ x: scale(Math.max(1, lowest)), count: row.buckets[i + 1] }] : []),
      `${row.level} ${row.name}: p50 ${span(row.p50, ns)}, p99 ${span(row.p99, ns)}, max ${span(row.max, ns)}`) },
  ], timed, { sort: 'Share of time', label: 'Handling time by reason' });
  return [h('h3', null, 'Handling time, from the #VMEXIT to the next entry'),
    h('p', { class: 'hint' }, `p50 and p99 are right to 3 %, the maximum is exact. Distributions share a logarithmic axis from ${ends.length ? span(scale.domain()[0], ns) : '0'} to ${ends.length ? span(scale.domain()[1], ns) : '0'}.`), table.element];
}

// What one exit of L2 costs L0 when L1 handles it.
export function amplification(data) {
  const rows = data.amplification, ns = data.capture.ns;
  if (rows.length === 0) return section('amplification', 'Amplification', h('p', null, 'L2 never exited in this recording.'));
  const total = key => rows.reduce((sum, row) => sum + row[key], 0);
  const closed = total('closed'), shown = total('shown');
  const most = Math.max(2, ...rows.map(row => row.lengths.at(-2) ?? 1));
  const table = sortable([
    { title: 'Exit of L2', value: row => row.name, cell: row => h('code', null, row.name) },
    { title: 'Exits', number: true, value: row => row.exits, cell: row => count(row.exits) },
    { title: 'L1 is shown', number: true, value: row => row.shown / row.exits, cell: row => percent(row.shown, row.exits) },
    { title: 'Exits to L0 each', number: true, value: row => row.closed ? row.toL0 / row.closed : 0, cell: row => row.closed ? (row.toL0 / row.closed).toFixed(1) : '–' },
    { title: 'Most', number: true, value: row => row.most, cell: row => row.most ? count(row.most) : '–' },
    { title: 'Until L2 runs again', number: true, value: row => row.closed ? row.time / row.closed : 0, cell: row => row.closed ? span(row.time / row.closed, ns) : '–' },
    { title: `Exits to L0, 1 to ${most}`, cell: row => sparkline(row.lengths.flatMap((length, i) => i % 2 === 0 ? [{ x: (length - 1) / (most - 1), count: row.lengths[i + 1] }] : []), `${row.name}: number of exits to L0`) },
  ], rows, { sort: 'Exits', label: 'Amplification by exit of L2' });
  return section('amplification', 'Amplification of L2’s exits',
    h('p', { class: 'lead' }, closed > 0 ? ['An exit of L2 that L1 handles costs ', h('b', null, `${(total('toL0') / closed).toFixed(1)} exits to L0`), ' and ', h('b', null, span(total('time') / closed, ns)),
      ` until L2 runs again. L1 is shown ${percent(shown, total('exits'))} of L2’s ${count(total('exits'))} exits; L0 handles the others itself, in one exit each.`]
      : `No exit of L2 was handled by L1 from end to end: L0 handled ${count(total('exits') - shown)} of ${count(total('exits'))} itself.`), table.element);
}
