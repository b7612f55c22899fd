import { count, h, plural, section, severity } from './util.js';

const states = { broken: ['✕', 'diverges'], conforms: ['✓', 'conforms'], undecided: ['?', 'undecided'], silent: ['·', 'not exercised'] };

function stateOf(rule) {
  return rule.departs + rule.likely > 0 ? 'broken' : rule.conforms > 0 ? 'conforms' : rule.undecided > 0 ? 'undecided' : 'silent';
}

// A cell for each rule of the book, by group.
export function coverage(data, filterBy) {
  const about = h('div', { class: 'about', 'aria-live': 'polite' }, 'Choose a rule to read it.');
  const counts = rules => Object.fromEntries(Object.keys(states).map(state => [state, rules.filter(rule => stateOf(rule) === state).length]));
  const all = counts(data.rules), exercised = data.rules.length - all.silent;
  const matrix = h('div', { class: 'matrix', onkeydown: onKey }, data.groups.map(([letter, title], group) => row(letter, title, data.rules.filter(rule => rule.group === group))));
  const first = matrix.querySelector('button');
  if (first) first.tabIndex = 0;
  return section('rules', 'Rule coverage',
    h('p', { class: 'lead' }, h('b', null, `${exercised} of ${plural(data.rules.length, 'rule')}`), ` had something to say in this recording: ${all.broken} broken, ${all.conforms} conform, ${all.undecided} undecided.`),
    h('p', { class: 'legend' }, Object.entries(states).map(([state, [sign, word]]) => h('span', null, h('i', { class: `cell c-${state}` }, sign), word))), matrix, about);

  function row(letter, title, rules) {
    const sums = counts(rules);
    return h('div', { class: 'group' }, h('div', { class: 'title' }, h('b', null, letter), ` ${title}`),
      h('div', { class: 'cells' }, rules.map(rule => {
        const state = stateOf(rule);
        return h('button', { type: 'button', class: `cell c-${state}`, tabindex: -1, title: rule.id, 'aria-label': `${rule.id}: ${states[state][1]}`, onclick: event => tell(rule, event.currentTarget), onfocus: event => tell(rule, event.currentTarget) }, states[state][0]);
      })),
      h('div', { class: 'sums' }, `${rules.length - sums.silent}/${rules.length}`, sums.broken > 0 && h('span', { class: 'bad' }, ` ✕${sums.broken}`), ` ✓${sums.conforms} ?${sums.undecided}`));
  }

  function tell(rule, cell) {
    for (const other of matrix.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    cell.tabIndex = 0;
    about.replaceChildren(h('h3', null, h('code', null, rule.id), ' ', h('span', { class: 'cite' }, rule.cite)), h('p', null, rule.text),
      h('p', null, severity(rule.severity), `; visible in stock tracepoints: ${rule.visible}. `,
        `${count(rule.conforms)} conform, ${count(rule.undecided)} undecided, ${rule.likely > 0 ? `${count(rule.likely)} likely diverge, ` : ''}${count(rule.departs)} broken. `,
        rule.departs + rule.likely > 0 && h('button', { type: 'button', onclick: () => filterBy(rule.id) }, 'Show its divergences')));
  }

  function onKey(event) {
    const cell = event.target.closest('button.cell');
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key], lines = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!cell || (!move && !lines)) return;
    event.preventDefault();
    const cells = [...matrix.querySelectorAll('button.cell')];
    let next = cells[cells.indexOf(cell) + (move ?? 0)];
    if (lines) {
      const groups = [...matrix.querySelectorAll('.cells')].filter(group => group.children.length > 0), from = groups.indexOf(cell.parentNode), to = groups[from + lines];
      next = to?.children[Math.min([...cell.parentNode.children].indexOf(cell), to.children.length - 1)];
    }
    next?.focus();
  }
}
