// The bag: RFC 8493 in the one spelling of FORMAT.md section 10.

import { bytesOf, compareBytes, same, textOf } from './bytes.js';

const BAGIT = bytesOf('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
const isTag = path => !path.startsWith('data/');

/** Rule 4. */
export const isBagPath = path =>
  path.length >= 1 &&
  path.length <= 512 &&
  /^[A-Za-z0-9._\/-]+$/.test(path) &&
  path.split('/').every(part => part !== '' && part !== '.' && part !== '..' && !part.startsWith('-'));

const LEFT_BEHIND = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/i;

/** Checks the bag. `read` are the files as they were read: path → {size, sha256, bytes?} or {fault}. */
export function checkBag(findings, container, read) {
  checkPaths(findings, container);
  checkBagit(findings, read.get('bagit.txt'));
  checkBagInfo(findings, container, read.get('bag-info.txt'));
  const payload = readManifest(findings, 'manifest-sha256.txt', read, path => !isTag(path));
  const tags = readManifest(findings, 'tagmanifest-sha256.txt', read, path => isTag(path) && path !== 'tagmanifest-sha256.txt');
  findings.holdsIfNothingFailed('bag-form', container.name, 'The package is in the agreed form (BagIt 1.0).');

  checkComplete(findings, container, payload, tags);
  compare(findings, 'bag-payload', payload, read);
  compare(findings, 'bag-tags', tags, read);
  findings.holdsIfNothingFailed(
    'bag-payload',
    'manifest-sha256.txt',
    `All ${payload.size} files of the contents are, byte for byte, those that were packed.`,
  );
  findings.holdsIfNothingFailed(
    'bag-tags',
    'tagmanifest-sha256.txt',
    `All ${tags.size} files that describe the package are, byte for byte, those that were packed.`,
  );
}

function checkPaths(findings, container) {
  const byCase = new Map();
  for (const path of container.files.keys()) {
    if (!isBagPath(path)) findings.fails('bag-form', path, 'The name of this file is one that no bundle uses. The vault did not pack it.');
    const folded = path.toLowerCase();
    if (byCase.has(folded))
      findings.fails(
        'bag-form',
        path,
        `The name of this file differs from ${byCase.get(folded)} only by capital letters: one could be taken for the other.`,
      );
    byCase.set(folded, path);
  }
  for (const folder of container.folders) findings.fails('bag-form', folder, 'There is an empty folder, which no bundle has.');
}

function checkBagit(findings, file) {
  if (file === undefined) findings.fails('bag-form', 'bagit.txt', 'The file bagit.txt is missing: this is not a whole bundle.');
  else if (file.bytes === undefined || !same(file.bytes, BAGIT))
    findings.fails('bag-form', 'bagit.txt', 'The file bagit.txt does not say what every bundle says there.');
}

function checkBagInfo(findings, container, file) {
  const fails = sentence => findings.fails('bag-form', 'bag-info.txt', sentence);
  if (file === undefined) return fails('The file bag-info.txt is missing.');
  const text = file.bytes === undefined ? null : textOf(file.bytes);
  if (text === null || !text.endsWith('\n')) return fails('The file bag-info.txt cannot be read.');
  const lines = text.slice(0, -1).split('\n');
  if (!lines.every(line => /^[^\s:][^:\r]*: [^\r]*$/.test(line))) return fails('A line of bag-info.txt is not a label with its value.');
  const sums = lines.filter(line => line.startsWith('Payload-Oxum: '));
  const payload = [...container.files.values()].filter(each => !isTag(each.path));
  const found = `${payload.reduce((sum, each) => sum + each.size, 0)}.${payload.length}`;
  if (sums.length !== 1) return fails('bag-info.txt does not say how much the bundle holds.');
  if (sums[0].slice(14) !== found) {
    const [bytes, count] = found.split('.');
    return fails(
      `The bundle holds another amount than bag-info.txt says: ${count} files of ${bytes} bytes in all (said as ${sums[0].slice(14, 60)}).`,
    );
  }
}

// Rule 3. Lines that are of the form are used even where others are not.
function readManifest(findings, name, read, belongs) {
  const lines = new Map();
  const fails = sentence => findings.fails('bag-form', name, sentence);
  const file = read.get(name);
  if (file === undefined) {
    fails(`The list ${name} is missing: what belongs to the bundle cannot be told.`);
    return lines;
  }
  const text = file.bytes === undefined ? null : textOf(file.bytes);
  if (text === null) {
    fails(`The list ${name} cannot be read.`);
    return lines;
  }
  const all = text.split('\n');
  if (all.pop() !== '') fails(`The last line of ${name} does not end.`);
  let before = null;
  for (const [i, line] of all.entries()) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (path === undefined || !isBagPath(path) || !belongs(path)) fails(`Line ${i + 1} of ${name} is not of the agreed form.`);
    else if (lines.has(path)) fails(`${name} names ${path} twice.`);
    else {
      if (before !== null && compareBytes(bytesOf(before), bytesOf(path)) >= 0) fails(`Line ${i + 1} of ${name} is out of order.`);
      lines.set(path, hash);
      before = path;
    }
  }
  return lines;
}

// Rule 2.
function checkComplete(findings, container, payload, tags) {
  for (const path of [...payload.keys(), ...tags.keys()])
    if (!container.files.has(path))
      findings.fails('bag-complete', path, 'This file belongs to the bundle and is missing. It was removed or renamed after the bundle was made.');
  for (const path of container.files.keys()) {
    if (/^(tag)?manifest-(?!sha256\.txt$).*\.txt$/.test(path) || path === 'fetch.txt')
      findings.fails('bag-complete', path, 'This file is of a kind that no bundle of a vault holds. It was added.');
    else if (path !== 'tagmanifest-sha256.txt' && !payload.has(path) && !tags.has(path))
      findings.fails(
        'bag-complete',
        path,
        LEFT_BEHIND.test(path)
          ? 'This file is not part of the bundle. Computers leave files of this name in folders by themselves; remove it from a copy of the bundle and check that copy.'
          : 'This file is not part of the bundle: it was added after the bundle was made.',
      );
  }
  findings.holdsIfNothingFailed('bag-complete', container.name, `Nothing was removed and nothing was added: ${container.files.size} files.`);
}

function compare(findings, claim, lines, read) {
  if (lines.size === 0)
    findings.fails(claim, claim === 'bag-payload' ? 'manifest-sha256.txt' : 'tagmanifest-sha256.txt', 'There is no list to compare the files with.');
  for (const [path, hash] of lines) {
    const file = read.get(path);
    if (file === undefined) continue; // missing: told by bag-complete
    if (file.fault !== undefined) findings.fails(claim, path, `This file could not be read: ${file.fault}`);
    else if (file.sha256 !== hash) findings.fails(claim, path, 'This file is not the one that was packed: its content was changed.');
  }
}
