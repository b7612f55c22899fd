// Opens reports in a real browser and uses them as a person does. See README.md.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const words = process.argv.slice(2), at = words.indexOf('--shots');
const shots = at >= 0 ? resolve(words.splice(at, 2)[1]) : null;
assert(words.length > 0, 'name the reports to open');
if (shots) mkdirSync(shots, { recursive: true });
const longest = 200;
// A4 without the margins of the page's style, at 96 dots an inch.
const paper = Math.floor((210 - 2 * 14) / 25.4 * 96);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const folder = mkdtempSync(join(tmpdir(), 'differ-browser-'));
const context = await chromium.launchPersistentContext(folder, { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags, viewport: { width: 1280, height: 900 } });
// What the tasks of the page's thread take of a processor: what other programs of the machine take meanwhile is not the page's doing.
class Tasks {
  static async watch(page) {
    const tasks = new Tasks();
    tasks.events = [];
    tasks.session = await context.newCDPSession(page);
    tasks.session.on('Tracing.dataCollected', ({ value }) => tasks.events.push(...value.filter(event => ['RunTask', 'ThreadControllerImpl::RunTask', 'TimeStamp', 'thread_name'].includes(event.name))));
    await tasks.session.send('Tracing.start', { categories: 'toplevel,devtools.timeline', transferMode: 'ReportEvents' });
    return tasks;
  }

  async mark(page, name) {
    await page.evaluate(name => console.timeStamp(name), name);
  }

  // In milliseconds, before and after the mark.
  async longest() {
    const complete = new Promise(done => this.session.on('Tracing.tracingComplete', done));
    await this.session.send('Tracing.end');
    await complete;
    const mark = this.events.find(event => event.name === 'TimeStamp');
    assert(mark, 'the mark is in the trace');
    const tasks = this.events.filter(event => event.ph === 'X' && event.pid === mark.pid && event.tid === mark.tid);
    const most = chosen => Math.round(Math.max(0, ...chosen.map(task => task.tdur ?? 0)) / 1000);
    return { before: most(tasks.filter(task => task.ts <= mark.ts)), after: most(tasks.filter(task => task.ts > mark.ts)) };
  }
}

try {
  for (const report of words) await test(report);
} finally {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
}

async function test(report) {
  const page = await context.newPage(), errors = [], requests = [];
  page.on('console', message => { if (['error', 'warning'].includes(message.type())) errors.push(message.text()); });
  page.on('pageerror', error => errors.push(String(error)));
  page.on('request', request => requests.push(request.url()));
  const trace = await Tasks.watch(page);
  await page.emulateMedia({ colorScheme: 'light' });
  const started = Date.now();
  await page.goto(pathToFileURL(resolve(report)).href);
  await page.waitForSelector('html[data-ready]', { timeout: 20000 });
  const ready = Date.now() - started;
  await trace.mark(page, 'loaded');
  const name = basename(report, '.html');

  for (const id of ['summary', 'divergences', 'timeline', 'exits', 'amplification', 'rules']) assert.equal(await page.locator(`section#${id}`).count(), 1, id);
  assert.equal(await page.locator('#rules .cell.c-silent, #rules .cell.c-conforms, #rules .cell.c-undecided, #rules .cell.c-broken').count() - 4, await page.locator('#rules .cells .cell').count());
  await picture('light');
  await contrast('light');
  await divergences();
  await timeline();
  await exits();
  await rules();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForTimeout(150);
  await picture('dark');
  await contrast('dark');
  await toggle();

  // Before printing: laying out paper is one task of the browser's own.
  const { before, after } = await trace.longest();
  assert(after <= longest, `a task of ${after} ms after load`);
  await print();
  assert.deepEqual(errors, [], 'console');
  assert.deepEqual(requests.filter(url => !url.startsWith('file:')), [], 'network');
  console.log(`${name}: ready in ${ready} ms, longest task while loading ${before} ms, after it ${after} ms`);
  await page.close();

  async function divergences() {
    const rows = page.locator('#divergences tr.pick'), all = await rows.count();
    if (all === 0) return assert.match(await page.locator('#divergences').innerText(), /No violation found; .+ of the exits are undecided/);
    assert.equal(await page.locator('.detail').count(), 1);
    for (const part of ['.versus .recorded li', '.versus .expected li', '.around details', '.vmcb tbody tr']) assert(await page.locator(part).count() > 0, part);
    const known = await page.locator('.vmcb tbody tr').count();
    await page.getByLabel(/unknown fields too/).check();
    assert(await page.locator('.vmcb tbody tr').count() > known, 'unknown fields are shown');
    await page.fill('#filter', 'no such rule');
    assert.equal(await rows.count(), 0, 'filter');
    await page.fill('#filter', await page.locator('.detail h3 code').innerText());
    assert(await rows.count() > 0, 'filter by rule');
    await page.fill('#filter', '');
    await page.locator('#divergences .sort', { hasText: 'Rule' }).click();
    const names = await rows.locator('td:nth-child(2) code').allInnerTexts();
    assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b)), 'sorted by rule');
    await page.locator('#divergences tr.pick[tabindex="0"]').focus();
    await page.keyboard.press('Home');
    await page.locator('#divergences tr.pick').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const index = Math.min(1, all - 1);
    assert.equal(await rows.nth(index).getAttribute('aria-selected'), 'true', 'chosen by keyboard');
    assert.equal(await page.locator('.detail h3 code').innerText(), names[index]);
    await part('#divergences', 'divergences');
    await page.getByRole('button', { name: 'Show on the timeline' }).click();
    await page.waitForTimeout(100);
    assert(await shown() < 200, 'the timeline shows single exits around the divergence');
    await part('#timeline', 'divergence-on-timeline');
  }

  async function timeline() {
    const area = page.locator('.timeline');
    if (await area.count() === 0) return;
    await area.focus();
    await page.keyboard.press('0');
    const whole = await settle();
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    const zoomed = await settle();
    assert(zoomed < whole, `zoom by key: ${zoomed} of ${whole}`);
    await page.keyboard.press('ArrowRight');
    await settle();
    await page.keyboard.press('-');
    assert(await settle() > zoomed, 'zoom out by key');
    await page.getByRole('button', { name: 'Show the whole capture' }).click();
    assert.equal(await settle(), whole);
    const box = await page.locator('.vcpu canvas').first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 30, { steps: 4 });
    await page.mouse.up();
    assert(await settle() < whole, 'zoom by dragging');
    await part('#timeline', 'timeline-zoomed');
    await page.keyboard.down('Control');
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, -200);
    await page.keyboard.up('Control');
    await settle();
    await area.focus();
    await page.keyboard.press('.');
    await settle();
    await page.keyboard.press('.');
    const finest = Number(/finest step is (\d+)/.exec(await page.locator('#timeline').innerText())?.[1] ?? 1);
    const fine = await settle();
    assert(fine <= 3 * finest, `down to the finest step: ${fine} exits`);
    assert.match(await page.locator('#timeline').innerText(), finest > 1 ? /differ show .* prints any exit/ : /Every exit is in the page/);
    assert.match(await page.locator('.inspect').innerText(), /exit/);
    await part('#timeline', 'timeline-finest');
    if (await page.getByRole('button', { name: 'Next divergence' }).isEnabled()) {
      await page.keyboard.press('0');
      await page.keyboard.press('n');
      assert(await settle() < whole, 'jump to a divergence');
      assert.match(await page.locator('.inspect').innerText(), /✕/);
    }
    await page.keyboard.press('0');
    await settle();
  }

  async function exits() {
    assert(await page.locator('.histogram .bars').count() > 0);
    const table = page.locator('[aria-label="Handling time by reason"]');
    await table.locator('.sort', { hasText: 'Exits' }).click();
    const counts = (await table.locator('tbody td:nth-child(3)').allInnerTexts()).map(text => Number(text.replace(/\D/g, '')));
    assert.deepEqual(counts, [...counts].sort((a, b) => b - a), 'sorted by exits');
    await part('#exits', 'exits');
    await part('#amplification', 'amplification');
  }

  async function rules() {
    await page.locator('#rules .cells .cell[tabindex="0"]').focus();
    const first = await page.locator('#rules .about code').innerText();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    assert.notEqual(await page.locator('#rules .about code').innerText(), first);
    await part('#rules', 'rules');
  }

  // WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large letters.
  async function contrast(scheme) {
    const faint = await page.evaluate(() => {
      const numbers = color => (color.match(/[\d.]+/g) ?? []).map(Number);
      const light = color => color.slice(0, 3).map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
      const below = element => {
        for (let at = element; at; at = at.parentElement) {
          const color = numbers(getComputedStyle(at).backgroundColor);
          if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
      };
      return [...document.querySelectorAll('body *')].filter(element => !element.disabled && element.getClientRects().length > 0
        && [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim())).filter(element => {
        const style = getComputedStyle(element), [dark, bright] = [light(numbers(style.color)), light(below(element))].sort((a, b) => a - b);
        const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        return (bright + 0.05) / (dark + 0.05) < (large ? 3 : 4.5);
      }).map(element => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 40)}`);
    });
    assert.deepEqual(faint, [], `${scheme}: too little contrast`);
  }

  async function toggle() {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.click('#theme');
    assert.notEqual(await background(), dark, 'the toggle wins over the system');
    await page.click('#theme');
    assert.equal(await background(), dark);
    await page.click('#theme');
  }

  async function print() {
    const pdf = await page.pdf({ format: 'A4', printBackground: true, ...shots ? { path: join(shots, `${name}-print.pdf`) } : {} });
    assert(pdf.length > 10000);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: paper, height: 900 });
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('section *')].filter(part => part.getBoundingClientRect().right > innerWidth + 1).map(part => `${part.tagName} ${part.className}`)), [], 'cut off on paper');
    await picture('print');
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  }

  async function settle() {
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    return shown();
  }

  async function shown() {
    const text = await page.locator('#timeline .status').innerText();
    return Number(/([\d\u202f]+) exits?/.exec(text)[1].replace(/\D/g, ''));
  }

  async function picture(kind) {
    if (shots) await page.screenshot({ path: join(shots, `${name}-${kind}.png`), fullPage: true });
  }

  async function part(selector, kind) {
    if (shots) await page.locator(selector).screenshot({ path: join(shots, `${name}-${kind}.png`) });
  }
}
