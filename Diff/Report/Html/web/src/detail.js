import { streamLabel } from './data.js';
import { count, culprit, h, plural, severity } from './util.js';

const sources = { recorded: ['●', 'recorded'], derived: ['◐', 'derived'], assumed: ['◇', 'assumed'], unknown: ['○', 'unknown'] };

// Everything about one class: what was recorded against what was expected, the exits around it, vmcb12.
export function detail(data, found, showOnTimeline) {
  const more = found.detail;
  const head = [
    h('h3', null, h('code', null, found.ruleId), ' ', h('span', { class: 'cite' }, found.cite)),
    h('p', null, severity(found.severity), `, ${found.kind === 'likely' ? 'likely, ' : ''}culprit ${culprit(found)}, ${plural(found.count, 'occurrence')}, on ${plural(found.streams, 'vCPU')}, fingerprint `, h('code', null, found.id)),
    h('p', null, `First: ${streamLabel(data, found.stream)}, exit ${found.index}, at ${found.time}${data.capture.ns ? ' s' : ''}. Last: ${streamLabel(data, found.lastStream)}, exit ${found.lastIndex}. `,
      h('button', { type: 'button', onclick: () => showOnTimeline(found) }, 'Show on the timeline')),
  ];
  if (!more) return h('article', { class: 'detail' }, head, h('p', null, 'The page holds details of the gravest classes only; differ check prints this one.'));
  return h('article', { class: 'detail' }, head,
    h('blockquote', null, more.text),
    more.bugs.length > 0 && h('div', null, h('h4', null, 'Known bugs of this rule'), h('ul', null, more.bugs.map(text => h('li', null, text)))),
    found.known && h('p', { class: 'warn' }, `◆ No finding: ${found.known}`),
    more.alsoLikely.length > 0 && h('p', null, 'Under assumptions they likely break ', more.alsoLikely.map((id, i) => [i > 0 ? ', ' : '', h('code', null, id)]), ', too.'),
    more.assumes && h('p', { class: 'warn' }, `◇ Assumes ${more.assumes} to be as the rule supposes.`),
    more.also.length > 0 && h('p', null, 'The same exits also break ', more.also.map((id, i) => [i > 0 ? ', ' : '', h('code', null, id)]), '.'),
    h('div', { class: 'versus' },
      h('div', { class: 'recorded' }, h('h4', null, '✕ Recorded'), h('ul', null, more.recorded.map(text => h('li', null, text)))),
      h('div', { class: 'expected' }, h('h4', null, more.expected.length > 1 ? '✓ Expected, one of' : '✓ Expected'), h('ul', null, more.expected.map(text => h('li', null, text))))),
    h('h4', null, 'Exits around it'), h('div', { class: 'around' }, more.around.map(exit => around(exit))),
    vmcb12(data, more));
}

function around(exit) {
  return h('details', { class: exit.departs ? 'departs' : null, open: exit.departs },
    h('summary', null, h('span', { class: `level ${exit.level}` }, exit.level), h('span', { class: 'line' }, `${exit.departs ? '▶ ' : ''}${exit.line.replace(/^\s*(\d+)\s+L.\s+/, '$1  ')}`)),
    h('pre', { tabindex: 0 }, exit.lines.join('\n'), exit.left > 0 ? `\n… and ${count(exit.left)} more events` : ''));
}

function vmcb12(data, more) {
  if (!more.vmcb12) return null;
  const known = new Map(more.vmcb12.map(([field, ...rest]) => [field, rest]));
  const body = h('tbody');
  const all = h('input', { type: 'checkbox', onchange: draw });
  draw();
  return [h('h4', null, 'vmcb12, what L1 asked for'),
    h('div', { class: 'toolbar' }, h('label', null, all, ` show the ${count(data.vmcb.length - known.size)} unknown fields too`), legend()),
    known.size === 0 && h('p', null, 'No VMRUN was recorded before this exit: nothing is known of it.'),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Fields of vmcb12' }, h('table', { class: 'vmcb' },
      h('thead', null, h('tr', null, ['Offset', 'Field', 'Value', 'Where from', '', 'Section'].map(title => h('th', { scope: 'col' }, title)))), body))];

  function draw() {
    body.replaceChildren(...data.vmcb.flatMap(([position, name, where], field) => {
      const [source, text, from] = known.get(field) ?? ['unknown', '', ''];
      if (source === 'unknown' && !all.checked) return [];
      const [sign, word] = sources[source];
      return [h('tr', { class: `from-${source}` }, h('td', null, h('code', null, `${position.toString(16).padStart(3, '0')}h`)), h('td', null, name), h('td', null, h('code', null, text || '–')),
        h('td', { class: 'source' }, h('span', { 'aria-hidden': 'true' }, `${sign} `), word), h('td', null, from), h('td', null, `§${where}`))];
    }));
  }

  function legend() {
    return h('span', { class: 'legend' }, Object.entries(sources).map(([key, [sign, word]]) => h('span', { class: `from-${key}` }, h('span', { class: 'source' }, `${sign} ${word} `))));
  }
}
