import { h } from './util.js';

const key = 'differ-theme', names = { auto: '◐ Auto', light: '☀ Light', dark: '☾ Dark' };

// As the system wants it until the reader chooses; a page opened from a mail may not be allowed to remember.
export function theme(changed) {
  let now = recall();
  const button = h('button', { type: 'button', id: 'theme', onclick: next });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  apply();
  return { button, next };

  function next() {
    const order = Object.keys(names);
    now = order[(order.indexOf(now) + 1) % order.length];
    try { localStorage.setItem(key, now); } catch { /* it is forgotten */ }
    apply();
    changed();
  }

  function apply() {
    document.documentElement.dataset.theme = now;
    button.textContent = names[now];
    button.setAttribute('aria-label', `Colours: ${now}. Press to change.`);
  }

  function recall() {
    try {
      const kept = localStorage.getItem(key);
      return kept in names ? kept : 'auto';
    } catch {
      return 'auto';
    }
  }
}
