// Sources in, one page out: ../report.html, which is committed and built into the program.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

// Everything the page depends on, in a fixed order. The same sum is taken by the test that holds page and sources together.
const sources = ['build.mjs', 'package.json', 'package-lock.json', 'page.html', ...readdirSync('src').map(name => `src/${name}`)].sort();
const sum = createHash('sha256');
for (const name of sources) sum.update(name).update('\0').update(readFileSync(name)).update('\0');

const options = { bundle: true, minify: true, write: false, charset: 'ascii', legalComments: 'inline', target: ['es2022'] };
const bundle = async entry => (await build({ ...options, entryPoints: [entry], format: 'iife' })).outputFiles[0].text.trim();
const style = await bundle('src/style.css');
const script = `/*! d3-scale, d3-array, d3-format, d3-interpolate, d3-color, d3-time, d3-time-format, internmap: Copyright Mike Bostock, ISC License.
Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice
and this permission notice appear in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING
ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY
DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE. */
${await bundle('src/main.js')}`;
if (/<\/(script|style)/i.test(script + style)) throw new Error('the bundle would end its own element');

const hash = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const parts = { sources: sum.digest('hex'), policy: `default-src 'none'; script-src ${hash(script)}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`, style, script };
const page = readFileSync('page.html', 'utf8').replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
writeFileSync('../report.html', page);
console.log(`../report.html: ${page.length} bytes`);
