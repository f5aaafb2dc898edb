// Builds dist/verify.html: one file, the same bytes from the same sources.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const read = path => readFileSync(join(here, path), 'utf8').replaceAll('\r\n', '\n');
const csp = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const { version } = JSON.parse(read('package.json'));
const { outputFiles } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: ['page/main.js'],
  bundle: true,
  write: false,
  format: 'iife',
  target: ['chrome109', 'edge109', 'firefox115'],
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
});
const script = outputFiles[0].text;
const style = read('page/style.css');
if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('The script or the style would end its own element.');

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const licences = ['hash-wasm', '@noble/hashes', '@noble/curves']
  .map(name => {
    const about = JSON.parse(read(`node_modules/${name}/package.json`));
    return `<h2>${name} ${about.version} (${about.license})</h2>\n<pre>${escaped(read(`node_modules/${name}/LICENSE`).trim())}</pre>`;
  })
  .join('\n');

// Nothing may be fetched from anywhere; only this script and this style run; the one worker is made of this script.
const policy = [
  "default-src 'none'",
  `script-src ${csp(script)} 'wasm-unsafe-eval'`,
  `style-src ${csp(style)}`,
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const put = { __POLICY__: policy, __STYLE__: style, __SCRIPT__: script, __VERSION__: version, __LICENCES__: licences };
const page = read('page/index.html').replace(/__[A-Z]+__/g, name => put[name]);

mkdirSync(join(here, 'dist'), { recursive: true });
const target = join(here, 'dist/verify.html');
writeFileSync(`${target}.new`, page);
renameSync(`${target}.new`, target); // a crash before this leaves the page that was there
console.log(`verify.html ${version}: ${Buffer.byteLength(page)} bytes, SHA-256 ${createHash('sha256').update(page).digest('hex')}`);
