// Builds dist/portal.css and, of each script in assets/, dist/NAME.js: the same bytes from the same sources. The style is written last, as the mark that all are there.

import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, join } from 'node:path';
import * as esbuild from 'esbuild';
import * as sass from 'sass';

const here = fileURLToPath(new URL('.', import.meta.url));
const put = (name, text) => {
  const path = join(here, 'dist', name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

const { css } = sass.compile(join(here, 'assets/portal.scss'), { style: 'compressed', loadPaths: [join(here, 'node_modules')], quietDeps: true });
// Off GOV.UK its typeface and the crown may not be used (govuk-frontend's licence notes).
if (/GDS Transport|url\([^)]*crown/i.test(css)) throw new Error('The style shows the typeface or the crown of GOV.UK.');

const { outputFiles } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: readdirSync(join(here, 'assets')).filter((name) => name.endsWith('.js')).map((name) => `assets/${name}`),
  outdir: 'dist',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: ['chrome109', 'edge109', 'firefox115'],
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const { path, text } of outputFiles) put(basename(path), text);
put('portal.css', css);
