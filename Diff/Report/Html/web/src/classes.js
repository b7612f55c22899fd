import { streamLabel } from './data.js';
import { detail } from './detail.js';
import { undecided } from './summary.js';
import { cells, count, culprit, h, percent, plural, section, severity, sortable } from './util.js';

const ranks = ['info', 'low', 'medium', 'high', 'critical'];
const step = 200;

// The table of classes with filter and sort, and the detail of the chosen one.
export function classes(data, showOnTimeline) {
  const place = h('div', { id: 'detail', 'aria-live': 'polite' });
  const status = h('p', { class: 'status', role: 'status' });
  const none = h('p', { class: 'lead', hidden: true }, 'No class of divergences matches the filter.');
  if (data.classes.length === 0) {
    return { element: section('divergences', 'Divergences', h('p', { class: data.verdict === 'conforms' ? 'calm' : 'lead' }, `No violation found; ${percent(data.verdicts.undecided, data.verdicts.exits)} of the exits are undecided.`), undecided(data)), select() {} };
  }

  const columns = [
    { title: 'Severity', number: true, value: found => ranks.indexOf(found.severity) * 2 + (found.known ? 0 : 1) - (found.kind === 'likely' ? 0.5 : 0), cell: found => severity(found.severity) },
    { title: 'Rule', value: found => found.ruleId, cell: found => [h('code', null, found.ruleId), found.known ? h('span', { class: 'tag' }, `◆ ${found.kind}`) : found.kind === 'likely' ? h('span', { class: 'tag' }, '◇ likely') : null] },
    { title: 'Culprit', value: found => culprit(found), cell: found => h('span', { class: `culprit c-${found.culprit}` }, culprit(found)) },
    { title: 'Section', value: found => found.cite },
    { title: 'Guest', value: found => found.level },
    { title: 'Exit', value: found => found.exit || '(none)' },
    { title: 'Instruction', value: found => found.insn },
    { title: 'Occurrences', number: true, value: found => found.count, cell: found => count(found.count) },
    { title: 'First', value: found => found.stream * 2 ** 40 + found.index, cell: found => `${streamLabel(data, found.stream)}, exit ${found.index}` },
    { title: data.capture.ns ? 'Time (s)' : 'Time (ticks)', value: found => found.time },
  ];
  let chosen = null, limit = step, listed = [];
  const more = h('button', { type: 'button', onclick: () => { limit += step; table.show(filtered()); } }, 'Show more');
  const table = sortable(columns, data.classes, { sort: 'Severity', label: 'Divergences', rowOf });
  table.element.addEventListener('keydown', onKey);

  const text = h('input', { type: 'search', id: 'filter', placeholder: 'Filter: rule, section, exit …', 'aria-label': 'Filter divergences', oninput: refresh });
  const least = select('Severity', [['0', 'every severity'], ['1', 'low and above'], ['2', 'medium and above'], ['3', 'high and above'], ['4', 'critical']]);
  const kind = select('Kind', [['', 'all divergences'], ['finding', 'certain findings'], ['likely', 'likely findings'], ['known', 'documented by KVM'], ['accepted', 'accepted'], ['ignored', 'ignored'], ['processor', 'of the processor']]);
  const element = section('divergences', 'Divergences',
    h('div', { class: 'toolbar' }, text, least, kind, status), table.element, none, more, place, undecided(data));
  refresh();
  return { element, select: choose };

  function select(label, options) {
    return h('select', { 'aria-label': label, onchange: refresh }, options.map(([value, title]) => h('option', { value }, title)));
  }

  function filtered() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    return data.classes.filter(found => ranks.indexOf(found.severity) >= Number(least.value)
      && (kind.value === '' || (kind.value === 'processor' ? found.culprit === 'processor' : found.kind === kind.value))
      && words.every(word => `${found.ruleId} ${found.cite} ${found.level} ${found.exit} ${found.insn} ${found.id} ${found.culprit} ${found.detail?.text ?? ''}`.toLowerCase().includes(word)));
  }

  function refresh() {
    limit = step;
    const rows = filtered();
    table.show(rows);
    none.hidden = rows.length > 0;
    status.textContent = `${count(rows.length)} of ${plural(data.classes.length, 'class', 'classes')}${data.classesLeft ? `, ${count(data.classesLeft)} more are not in this page` : ''}`;
  }

  function rowOf(rows) {
    listed = rows.slice(0, limit);
    more.hidden = rows.length <= limit;
    const focus = Math.max(0, listed.indexOf(chosen));
    return listed.map((found, i) => h('tr', { class: `pick of-${found.culprit}`, tabindex: i === focus ? 0 : -1, 'aria-selected': found === chosen, 'data-id': found.id, onclick: () => choose(found, true) }, cells(columns, found)));
  }

  function choose(found, focus) {
    chosen = found;
    for (const row of table.element.querySelectorAll('tr.pick')) {
      const is = row.dataset.id === found.id && listed[row.sectionRowIndex] === found;
      row.setAttribute('aria-selected', is);
      row.tabIndex = is ? 0 : -1;
      if (is && focus) row.focus({ preventScroll: true });
    }
    if (focus) remember(found);
    place.replaceChildren(detail(data, found, showOnTimeline));
  }

  // A link to the class; a viewer of mail attachments may not allow it.
  function remember(found) {
    try { history.replaceState(null, '', `#class=${found.id}`); } catch { /* there is no link then */ }
  }

  function onKey(event) {
    const row = event.target.closest('tr.pick');
    if (!row) return;
    const move = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (move) {
      const next = row.parentNode.rows[row.sectionRowIndex + move];
      if (next) {
        row.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else if (event.key === 'Enter' || event.key === ' ') choose(listed[row.sectionRowIndex], true);
    else return;
    event.preventDefault();
  }
}
