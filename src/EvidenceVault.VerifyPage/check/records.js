// The records in a bundle: custody entries (FORMAT.md section 3), seal manifests (section 4), disclosures (section 3), bundle.json (section 11).
// Each reader gives the value, or null where the bytes are not of the form.

import { compareBytes, bytesOf, fromBase64Url, sha256, textOf, toBase64Url } from './bytes.js';
import { folderOf, isBundleId, isCount, isDigest, isExhibit, isName, isObject, isSha256, isSha512, isText, isTime, isWord } from './forms.js';
import { hasMembers, readCanonical } from './json.js';
import { isBagPath } from './bag.js';

const MOST_OF_BUNDLE = 16 << 20;

const isRising = (list, compare) => list.every((item, i) => i === 0 || compare(list[i - 1], item) < 0);
const byCharacter = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byBytes = (a, b) => compareBytes(bytesOf(a), bytesOf(b));

export function readEntry(bytes) {
  if (bytes.length > 65_535) return null;
  const e = readCanonical(bytes);
  if (!hasMembers(e, ['v', 'time', 'action', 'outcome'], ['case', 'camera', 'exhibit', 'seq', 'sha256', 'detail', '_sd', '_sd_alg'])) return null;
  const has = name => Object.hasOwn(e, name);
  const ok =
    e.v === 'evidencevault/entry/1' &&
    isTime(e.time) &&
    isWord(e.action) &&
    ['done', 'refused', 'failed'].includes(e.outcome) &&
    (!has('case') || isName(e.case)) &&
    (!has('camera') || isName(e.camera)) &&
    (!has('exhibit') || isExhibit(e.exhibit)) &&
    has('exhibit') === has('seq') &&
    (!has('seq') || (isCount(e.seq) && e.seq >= 1)) &&
    (!has('sha256') || isSha256(e.sha256)) &&
    (!has('detail') || isDetail(e.detail)) &&
    has('_sd') === has('_sd_alg') &&
    (!has('_sd') || (e._sd_alg === 'sha-256' && Array.isArray(e._sd) && e._sd.length > 0 && e._sd.every(isDigest) && isRising(e._sd, byCharacter)));
  return ok ? e : null;
}

const isPlain = value => ['string', 'number', 'boolean'].includes(typeof value);
const isDetail = value =>
  hasMembers(value, [], Object.keys(value ?? {})) && Object.values(value).every(v => isPlain(v) || (Array.isArray(v) && v.every(isPlain)));

export function readSealManifest(bytes) {
  const s = readCanonical(bytes);
  const derived = ['parent', 'parentSha256', 'role', 'settings', 'versions'];
  const required = ['v', 'exhibit', 'case', 'camera', 'kind', 'sha256', 'sha512', 'bytes', 'sealedAt', 'store'];
  const isDerivative = s?.kind === 'derivative';
  if (!hasMembers(s, isDerivative ? [...required, ...derived] : required, ['mediaType', 'originalNameDigest'])) return null;
  const ok =
    s.v === 'evidencevault/seal/1' &&
    isExhibit(s.exhibit) &&
    isName(s.case) &&
    isName(s.camera) &&
    (isDerivative || s.kind === 'master') &&
    isSha256(s.sha256) &&
    isSha512(s.sha512) &&
    isCount(s.bytes) &&
    isTime(s.sealedAt) &&
    isStore(s.store) &&
    (s.mediaType === undefined || isText(s.mediaType)) &&
    (s.originalNameDigest === undefined || isDigest(s.originalNameDigest)) &&
    (!isDerivative ||
      (isExhibit(s.parent) &&
        isSha256(s.parentSha256) &&
        isWord(s.role) &&
        isObject(s.settings) &&
        isObject(s.versions) &&
        Object.values(s.versions).every(isText)));
  return ok ? s : null;
}

const isStore = store =>
  hasMembers(store, ['address', 'encryption', 'note', 'immutability', 'legalHold']) &&
  [store.address, store.encryption, store.note].every(isText) &&
  [store.immutability, store.legalHold].every(by => by === 'service' || by === 'application');

/** The disclosures of one entry, against its digests: {shown: [{name, value}]} or {fault: sentence}. */
export async function readDisclosures(bytes, entry) {
  const text = textOf(bytes);
  if (text === null || !text.endsWith('\n')) return { fault: 'The file of shown details cannot be read.' };
  const shown = [],
    names = new Set();
  for (const line of text.slice(0, -1).split('\n')) {
    const decoded = fromBase64Url(line);
    const json = decoded === null ? null : textOf(decoded);
    let value;
    try {
      value = json === null ? null : JSON.parse(json);
    } catch {
      value = null;
    }
    if (!Array.isArray(value) || value.length !== 3 || !isText(value[0]) || !isText(value[1]) || ['_sd', '_sd_alg', '...'].includes(value[1]))
      return { fault: 'A shown detail cannot be read.' };
    // RFC 9901 section 4.2.3: over the disclosure's own text.
    if (!(entry._sd ?? []).includes(toBase64Url(await sha256(bytesOf(line)))))
      return { fault: 'A detail that is shown beside this entry (such as who acted, or why) is not the one that was recorded.' };
    if (names.has(value[1])) return { fault: 'A detail is shown twice.' };
    names.add(value[1]);
    shown.push({ name: value[1], value: value[2] });
  }
  return { shown };
}

/** bundle.json: {bundle} or {fault: sentence}. */
export function readBundle(bytes) {
  const b = bytes.length > MOST_OF_BUNDLE ? undefined : readCanonical(bytes);
  if (b === undefined) return { fault: 'bundle.json, which says what the bundle is, cannot be read.' };
  const members = ['v', 'id', 'case', 'madeAt', 'origin', 'size', 'root', 'exportEntry', 'redacted', 'exhibits', 'files'];
  if (!hasMembers(b, members) || b.v !== 'evidencevault/bundle/1') return { fault: 'bundle.json is of another form than this page knows.' };
  const ok =
    isBundleId(b.id) &&
    isName(b.case) &&
    isTime(b.madeAt) &&
    isText(b.origin) &&
    isCount(b.size) &&
    isSha256(b.root) &&
    isCount(b.exportEntry) &&
    Array.isArray(b.redacted) &&
    b.redacted.every(isText) &&
    isRising(b.redacted, byCharacter) &&
    Array.isArray(b.exhibits) &&
    b.exhibits.length > 0 &&
    b.exhibits.every(isBundleExhibit) &&
    isRising(
      b.exhibits.map(x => x.exhibit),
      byCharacter,
    ) &&
    Array.isArray(b.files) &&
    b.files.every(isBundleFile) &&
    isRising(
      b.files.map(f => f.path),
      byBytes,
    );
  return ok ? { bundle: b } : { fault: 'A value in bundle.json is not of the agreed form.' };
}

function isBundleExhibit(x) {
  if (!hasMembers(x, ['exhibit', 'file', 'seal', 'signature', 'entries', 'lastSeq'], ['timestamp']) || !isExhibit(x.exhibit)) return false;
  const folder = folderOf(x.exhibit);
  const start = `data/exhibits/${folder}/${folder}.`;
  return (
    isText(x.file) &&
    x.file.startsWith(start) &&
    /^[a-z0-9]{1,5}$/.test(x.file.slice(start.length)) &&
    x.seal === `data/seals/${folder}/seal.json` &&
    x.signature === `data/seals/${folder}/seal.cms` &&
    (x.timestamp === undefined || x.timestamp === `data/seals/${folder}/seal.tst`) &&
    Array.isArray(x.entries) &&
    x.entries.length > 0 &&
    x.entries.every(isCount) &&
    isRising(x.entries, (a, b) => a - b) &&
    isCount(x.lastSeq) &&
    x.lastSeq >= 1
  );
}

const isBundleFile = f => hasMembers(f, ['path', 'sha256', 'bytes']) && isText(f.path) && isBagPath(f.path) && isSha256(f.sha256) && isCount(f.bytes);
