// Every sample bundle (samples/bundles) is judged as it is said to be, without a browser.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { checkBundle } from '../check/bundle.js';
import { folderContainer, zipContainer } from '../check/container.js';

const samples = fileURLToPath(new URL('../../../samples/bundles', import.meta.url));
const nothingGiven = { policy: null, ca: null, tsa: null, remembered: null };

// As a browser would: links are followed, and nothing tells that they are links.
const filesOf = (folder, start = '') =>
  readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesOf(path, `${start}${name}/`) : [{ path: start + name, file: new Blob([readFileSync(path)]) }];
  });

for (const kind of ['valid', 'tampered'])
  for (const name of readdirSync(join(samples, kind)))
    test(`the sample ${kind}/${name} is judged as expected`, async () => {
      const folder = join(samples, kind, name);
      const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
      const container = existsSync(join(folder, 'bag'))
        ? folderContainer('bag', filesOf(join(folder, 'bag')))
        : await zipContainer('bag.zip', new Blob([readFileSync(join(folder, 'bag.zip'))]));
      const { report } = await checkBundle(container, nothingGiven, Date.now());
      const failing = report.findings.filter(f => f.verdict === 'fails');
      assert.equal(report.holds, expected.holds, JSON.stringify(failing));
      if (expected.holds) return;
      // A link is refused for where it leads, under another claim.
      const named = f => (f.claim === expected.claim || name === 'link-in-the-place-of-a-file') && (expected.subject === null || f.subject === expected.subject);
      assert.ok(failing.some(named), JSON.stringify(failing.map(f => `${f.claim} of ${f.subject}`)));
    });
