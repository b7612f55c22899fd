import { count, h, percent, plural, section, span } from './util.js';

const kinds = [
  ['diverges', 'diverge', '✕', 'No value of what was not recorded explains what was.'],
  ['likely', 'likely diverge', '◇', 'They diverge if something not recorded is as a rule assumes.'],
  ['undecided', 'undecided', '?', 'What was recorded does not decide it; below is what would.'],
  ['known', 'documented', '◆', 'KVM documents the divergence.'],
  ['accepted', 'accepted', '◆', 'The baseline accepts the divergence.'],
  ['ignored', 'ignored', '◆', 'The configuration ignores the rule.'],
  ['conforms', 'conform', '✓', 'Every value of what was not recorded explains what was.'],
];

export function headline(data) {
  const why = data.verdictReasons.map(reason => reason.text).join('; ');
  const share = data.verdicts.exits ? data.verdicts.undecided / data.verdicts.exits : 0;
  const undecided = `; ${percent(data.verdicts.undecided, data.verdicts.exits)} undecided`;
  const grade = 'CD'.includes(data.quality.grade) ? `, grade ${data.quality.grade}` : '';
  switch (data.verdict) {
    case 'diverges': return ['bad', `✕ Diverges: ${why}, ${plural(data.verdicts.diverges, 'occurrence')}, culprit ${culprits(data)}${undecided}`];
    case 'likely': return ['warn', `◇ Likely: ${why}${undecided}`];
    case 'inconclusive': return ['warn', `? Inconclusive: ${why}${undecided}`];
    // Never a bare green: what is undecided may diverge.
    default: return [share >= 0.1 || grade ? 'warn' : 'good', `✓ No violation found${undecided}${grade}`];
  }
}

function culprits(data) {
  const found = new Set(data.classes.filter(one => one.kind === 'finding').map(one => one.culprit));
  return [found.has('hypervisor') && 'KVM', found.has('processor') && 'the processor'].filter(Boolean).join(' and ');
}

export function summary(data) {
  const { capture, quality, verdicts } = data;
  const shown = kinds.filter(([key]) => verdicts[key] > 0 || !['likely', 'accepted', 'ignored'].includes(key));
  const bar = h('div', { class: 'verdict-bar', role: 'img', 'aria-label': shown.map(([key, word]) => `${verdicts[key]} ${word}`).join(', ') },
    shown.map(([key]) => verdicts[key] > 0 && h('div', { class: `v-${key}`, style: { flexGrow: verdicts[key] } })));
  const cards = h('div', { class: 'cards' }, shown.map(([key, word, sign, title]) => h('div', { class: `card v-${key}`, title },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, sign), h('b', null, count(verdicts[key])), h('span', null, word), h('small', null, percent(verdicts[key], verdicts.exits)))));
  return section('summary', 'Summary', cards, bar, h('div', { class: 'columns' }, facts(data), remarks(quality)));

  function facts() {
    const long = data.end > data.begin ? span(data.end - data.begin, capture.ns) : '';
    const rows = [
      ['Capture', `${capture.file || '(pipe)'}, ${capture.format}${capture.bytes ? `, ${count(capture.bytes)} bytes` : ''}`],
      ['Host', [capture.kernel ? `kernel ${capture.kernel}` : 'kernel not recorded', capture.host].filter(Boolean).join(', ')],
      ['Clock', [capture.clock, capture.ns ? '' : 'raw ticks', long].filter(Boolean).join(', ')],
      ['Guest CPU', capture.vendor],
      ['Recorded', `${plural(quality.events, 'event')}, ${plural(verdicts.exits, 'exit')}`],
      ...capture.streams.slice(0, 16).map((stream, i) => [i === 0 ? 'vCPUs' : '', vcpu(stream)]),
      capture.streams.length > 16 && ['', `and ${count(capture.streams.length - 16 + capture.streamsLeft)} more`],
      ...data.endings.map((ending, i) => [i === 0 ? 'VM ended' : '', ending]),
      ['Policy', data.policy],
      ['Manual', data.manual],
    ];
    return h('dl', { class: 'facts' }, rows.filter(row => row && row[1]).map(([term, text]) => [h('dt', null, term), h('dd', null, text)]));
  }

  function vcpu(stream) {
    const ran = [stream.thread !== undefined && !stream.label.includes('thread') ? `thread ${stream.thread}` : '', stream.name].filter(Boolean).join(', ');
    return `${capture.machines > 1 ? `VM ${stream.machine}, ` : ''}${stream.label}${ran ? ` (${ran})` : ''}: ${plural(stream.exits, 'exit')}`;
  }
}

const grades = {
  A: 'nothing is missing that tracepoints can show',
  B: 'something is missing that costs few verdicts',
  C: 'events or tracepoints are missing: that something is absent proves little',
  D: 'exits or entries are missing: hardly anything can be judged',
};

// The grade, what lowers it, and what else is odd. A reason that is the code of a remark is shown with the remark's words.
function remarks(quality) {
  const lowers = new Map(quality.reasons.map(reason => [reason.text, reason]));
  const items = quality.reasons.filter(reason => !quality.notes.some(note => note.code === reason.text))
    .map(reason => h('li', { class: 'warn' }, chip(reason.grade), ` ${reason.text}${reason.blindRules > 0 ? `; ${plural(reason.blindRules, 'rule')} need it` : ''}`));
  if (quality.marks > 0) items.push(h('li', { class: 'warn' }, `${plural(quality.lost, 'event')} lost at ${plural(quality.marks, 'place')}: nothing is claimed across them`));
  items.push(...quality.notes.map(note => h('li', null, lowers.has(note.code) && [chip(lowers.get(note.code).grade), ' '],
    h('code', null, note.code), ` (${count(note.count)}) ${note.text}${note.first ? ` [first: ${note.first}]` : ''}`)));
  return h('div', null, h('h3', null, 'Quality of the recording'),
    h('p', { class: 'quality' }, chip(quality.grade), ` ${grades[quality.grade]}`), items.length > 0 && h('ul', { class: 'remarks' }, items));
}

function chip(grade) {
  return h('span', { class: `grade g-${grade}`, title: grades[grade] }, `grade ${grade}`);
}

export function undecided(data) {
  if (data.undecided.length === 0) return null;
  return h('details', { class: 'undecided' }, h('summary', null, `Undecided: ${plural(data.undecided.length, 'kind')} of missing evidence, and how to record it`),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Missing evidence' }, h('table', null, h('thead', null, h('tr', null, ['Exits', 'Would be decided by', 'To decide it', 'Rules'].map((title, i) => h('th', { scope: 'col', class: i === 0 ? 'number' : null }, title)))),
      h('tbody', null, data.undecided.map(row => h('tr', null, h('td', { class: 'number' }, count(row.exits)), h('td', null, row.what), h('td', null, row.how),
        h('td', null, row.rules.length === 0 ? 'the whole exit' : rules(row)))))))) ;

  function rules(row) {
    const names = row.rules.map(rule => data.rules[rule]?.id ?? '');
    return names.length <= 3 ? names.join(', ') : h('details', null, h('summary', null, plural(names.length, 'rule')), names.join(', '));
  }
}
