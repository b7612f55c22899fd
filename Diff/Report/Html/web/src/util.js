// Small helpers. Nothing here ever parses text as HTML: strings of a capture reach the page as text nodes only.

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
  element.append(...children.flat());
  return element;
}

// 1 700 106, with thin spaces that do not break.
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function percent(part, whole) {
  if (!whole || !part) return '0 %';
  const value = part * 100 / whole;
  return value < 0.1 ? '< 0.1 %' : value > 99.9 && part < whole ? '> 99.9 %' : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

// A span of time; ticks where the clock's unit is not known.
export function span(value, ns) {
  if (!ns) return `${count(value)} ticks`;
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]]) {
    if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
  }
  return `${Math.round(value)} ns`;
}

export function section(id, title, ...children) {
  return h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title` }, title), ...children);
}

// Bars of a distribution; xs are the buckets' starts on a scale the caller has chosen, 0 to 1.
export function sparkline(points, label) {
  const width = 120, height = 22, most = Math.max(...points.map(point => point.count), 1);
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, class: 'spark', role: 'img', 'aria-label': label },
    points.map(point => {
      const tall = Math.max(1.5, Math.sqrt(point.count / most) * height);
      return svg('rect', { x: (point.x * (width - 3)).toFixed(1), y: (height - tall).toFixed(1), width: 3, height: tall.toFixed(1) });
    }));
}

// A table whose columns sort. Columns: {title, value(row), cell(row), number, first ('desc' or 'asc')}.
export function sortable(columns, rows, { sort, descending = true, label, rowOf }) {
  const body = h('tbody');
  const heads = columns.map(column => h('th', { scope: 'col', class: column.number ? 'number' : null },
    column.value ? h('button', { type: 'button', class: 'sort', onclick: () => by(column) }, column.title) : column.title));
  let key = columns.find(column => column.title === sort), down = descending, shown = rows;
  function by(column) {
    down = key === column ? !down : !!column.number;
    key = column;
    draw();
  }
  function draw() {
    const sorted = shown.map((row, i) => [row, i]).sort(([a, i], [b, j]) => {
      const left = key.value(a), right = key.value(b);
      const order = typeof left === 'number' ? left - right : String(left).localeCompare(String(right));
      return (down ? -order : order) || i - j;
    }).map(([row]) => row);
    heads.forEach((head, i) => head.setAttribute('aria-sort', columns[i] !== key ? 'none' : down ? 'descending' : 'ascending'));
    body.replaceChildren(...rowOf ? rowOf(sorted) : sorted.map(row => h('tr', null, cells(columns, row))));
  }
  draw();
  return {
    element: h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, h('table', null, h('thead', null, h('tr', null, heads)), body)),
    show(rows) { shown = rows; draw(); },
  };
}

export function cells(columns, row) {
  return columns.map(column => h('td', { class: column.number ? 'number' : null }, column.cell ? column.cell(row) : String(column.value(row))));
}

// One name for one thing: the data call KVM the hypervisor.
export function culprit(found) {
  return found.culprit === 'processor' ? 'processor' : 'KVM';
}

const signs = { critical: '▲▲', high: '▲', medium: '■', low: '▽', info: '·' };

export function severity(name) {
  return h('span', { class: `severity s-${name}` }, h('span', { 'aria-hidden': 'true' }, `${signs[name]} `), name);
}
