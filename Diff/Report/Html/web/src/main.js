import { classes } from './classes.js';
import { load } from './data.js';
import { amplification, reasons } from './exits.js';
import { coverage } from './rules.js';
import { headline, summary } from './summary.js';
import { theme } from './theme.js';
import { timeline } from './timeline.js';
import { h } from './util.js';

const data = load();
const main = document.getElementById('main');
const links = [['divergences', 'Divergences'], ['summary', 'Summary'], ['timeline', 'Timeline'], ['exits', 'Exits'], ['amplification', 'Amplification'], ['rules', 'Rules']];
const [tone, words] = headline(data);
const colours = theme(() => lines?.redraw());
const name = data.capture.file || 'a pipe';
let list, lines;

document.title = `${data.verdict}: ${name}, ${data.capture.kernel ? `kernel ${data.capture.kernel}` : 'kernel not recorded'} (Differ)`;
document.getElementById('top').append(h('h1', null, 'Differ ', h('span', { class: 'file' }, data.capture.kernel ? `${name}, kernel ${data.capture.kernel}` : name)), h('span', { class: `badge ${tone}` }, words),
  h('nav', { 'aria-label': 'Sections' }, links.map(([id, title]) => h('a', { href: `#${id}`, onclick: event => { event.preventDefault(); document.getElementById(id)?.scrollIntoView(); } }, title))), colours.button);

// A section at a time, so that the page answers while the rest is being made.
const steps = [
  // What was found comes first.
  ...data.classes.length > 0 ? [divergences, () => summary(data)] : [() => summary(data), divergences],
  () => (lines = timeline(data, found => list.select(found))).element,
  () => reasons(data),
  () => amplification(data),
  () => coverage(data, filterBy),
];

function divergences() {
  return (list = classes(data, found => lines.show(found))).element;
}

function filterBy(text) {
  const filter = document.getElementById('filter');
  filter.value = text;
  filter.dispatchEvent(new Event('input'));
  document.getElementById('divergences').scrollIntoView();
}

function next() {
  const step = steps.shift();
  if (!step) return ready();
  main.append(step());
  setTimeout(next);
}

function ready() {
  const wanted = /^#class=([0-9a-f]+)$/.exec(location.hash)?.[1];
  const found = data.classes.find(found => found.id === wanted) ?? data.classes[0];
  if (found) list.select(found);
  lines.redraw();
  document.documentElement.dataset.ready = 'yes';
}

addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
  if (event.key === '/') {
    event.preventDefault();
    document.getElementById('filter')?.focus();
  } else if (event.key === 't') colours.next();
});

// Paper is white whatever the screen is, and shows what is folded away.
addEventListener('beforeprint', () => {
  document.documentElement.dataset.print = 'yes';
  for (const folded of document.querySelectorAll('details:not([open])')) {
    folded.open = true;
    folded.dataset.folded = 'yes';
  }
  lines?.drawNow?.();
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.print;
  for (const folded of document.querySelectorAll('details[data-folded]')) {
    folded.open = false;
    delete folded.dataset.folded;
  }
  lines?.redraw();
});

main.querySelector('noscript')?.remove();
next();
