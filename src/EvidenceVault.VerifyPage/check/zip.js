// ZIP (PKWARE APPNOTE 6.3.10), read from its central directory by slices: nothing is unpacked to anywhere. A ZIP that can be read in
// more than one way is refused; one that the vault would have written otherwise is told of. FORMAT.md section 10.

import { compareBytes, joined, same, textOf } from './bytes.js';

const PIECE = 4 << 20;
const MOST_ENTRIES = 200_000;
const LARGEST_DIRECTORY = 64 << 20;
const LARGEST_BOMB = 16 << 20;
const FULL = 0xffffffff,
  FULL_COUNT = 0xffff; // all ones: the number stands in a ZIP64 field

/** What a ZIP that must be refused is refused for; `path` is the file that it is about, or null. */
export class NotZip extends Error {
  constructor(what, path = null) {
    super(what);
    this.path = path;
  }
}

const need = (condition, what, name) => {
  if (!condition) throw new NotZip(what, name ? textOf(name) : null);
};

const load = async (blob, from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
const viewOf = bytes => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function safe(big) {
  need(big <= BigInt(Number.MAX_SAFE_INTEGER), 'it says that it is larger than any file can be');
  return Number(big);
}

/** {files: [{path, size, pieces()}], folders: [path], differences: Set of sentences, added to while pieces are read}; throws NotZip. */
export async function readZip(blob) {
  const differences = new Set();
  const { count, offset, size, end, tail } = await findDirectory(blob, differences);
  need(count <= MOST_ENTRIES && size <= LARGEST_DIRECTORY, 'it lists more files than a bundle can hold');
  need(offset + size === end, 'its list of contents is not where it says');
  const entries = readDirectory(await load(blob, offset, offset + size), count, differences);
  if (!same(tail, vaultEnd(entries.length, offset, size))) differences.add('its end is not as the vault writes it');

  let at = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    need(entry.offset >= at, 'two of its files share bytes', entry.name);
    if (entry.offset > at) differences.add('there is something between its files');
    await readLocal(blob, entry, offset, differences);
    at = entry.end;
  }
  if (at !== offset) differences.add('there is something between its files and their list');
  const isSorted = entries.every(
    (entry, i) => i === 0 || (compareBytes(entries[i - 1].name, entry.name) < 0 && entries[i - 1].offset < entry.offset),
  );
  if (!isSorted) differences.add('its files are in another order');

  const files = [],
    folders = [],
    seen = new Set();
  for (const entry of entries) {
    const path = textOf(entry.name);
    need(path !== null, 'a name in it is no text');
    need(!seen.has(path), 'it holds two files of the same name', entry.name);
    seen.add(path);
    need(((entry.attributes >>> 16) & 0xf000) !== 0xa000, 'it holds a link in the place of a file', entry.name);
    need(entry.size <= LARGEST_BOMB || entry.size <= entry.packed * 100, 'a file in it unpacks to far more than it takes up', entry.name);
    if (path.endsWith('/')) {
      need(entry.size === 0, 'it holds a folder with content', entry.name);
      differences.add('it lists folders');
      folders.push(path.slice(0, -1));
    } else files.push({ path, size: entry.size, pieces: () => unpack(blob, entry, differences) });
  }
  return { files, folders, differences };
}

async function findDirectory(blob, differences) {
  const from = Math.max(0, blob.size - 65_557);
  const tail = await load(blob, from, blob.size);
  const view = viewOf(tail);
  let at = tail.length - 22;
  while (at >= 0 && !(view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === tail.length)) at--;
  need(at >= 0, 'it is not a zip file, or its end is missing');
  if (view.getUint16(at + 20, true) !== 0) differences.add('it has a comment');
  need(
    [view.getUint16(at + 4, true), view.getUint16(at + 6, true)].every(disk => disk === 0 || disk === FULL_COUNT),
    'it is one part of several',
  );
  const end = from + at;
  const found = { count: view.getUint16(at + 10, true), size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
  need(view.getUint16(at + 8, true) === found.count, 'it is one part of several');
  if (found.count !== FULL_COUNT && found.size !== FULL && found.offset !== FULL) return { ...found, end, tail: tail.subarray(at) };

  // Section 4.3.15: the locator stands right before, and the record right before that.
  need(at >= 20 && view.getUint32(at - 20, true) === 0x07064b50, 'its list of contents cannot be found');
  const record = safe(view.getBigUint64(at - 20 + 8, true));
  need(record + 56 === end - 20, 'its list of contents cannot be found');
  const recordBytes = await load(blob, record, record + 56),
    wide = viewOf(recordBytes);
  need(wide.getUint32(0, true) === 0x06064b50 && wide.getBigUint64(4, true) === 44n, 'its list of contents cannot be found');
  need(wide.getBigUint64(24, true) === wide.getBigUint64(32, true), 'it is one part of several');
  // Where a field of the end is not all ones it says the same.
  const stated = { count: safe(wide.getBigUint64(32, true)), size: safe(wide.getBigUint64(40, true)), offset: safe(wide.getBigUint64(48, true)) };
  const agrees = (name, full) => found[name] === full || found[name] === stated[name];
  need(agrees('count', FULL_COUNT) && agrees('size', FULL) && agrees('offset', FULL), 'it says in two ways where its list of contents is');
  return { ...stated, end: record, tail: joined(recordBytes, tail.subarray(at - 20)) };
}

function readDirectory(bytes, count, differences) {
  const view = viewOf(bytes),
    entries = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    need(at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50, 'its list of contents is damaged');
    const nameLength = view.getUint16(at + 28, true),
      extraLength = view.getUint16(at + 30, true),
      commentLength = view.getUint16(at + 32, true);
    const next = at + 46 + nameLength + extraLength + commentLength;
    need(next <= bytes.length, 'its list of contents is damaged');
    const entry = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      attributes: view.getUint32(at + 38, true),
      offset: view.getUint32(at + 42, true),
      name: bytes.subarray(at + 46, at + 46 + nameLength),
    };
    widen(entry, bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), ['size', 'packed', 'offset']);
    need((entry.flags & 0x2041) === 0, 'it is encrypted', entry.name);
    need(entry.method === 0 || entry.method === 8, 'it is packed in a way that this page does not read', entry.name);
    need(entry.method !== 0 || entry.packed === entry.size, 'its list of contents is damaged');
    if (!same(bytes.subarray(at, next), vaultHeader(entry, true))) differences.add(whyOther(view, at + 12, entry));
    entries.push(entry);
    at = next;
  }
  need(at === bytes.length, 'its list of contents is damaged');
  return entries;
}

// Section 4.5.3: a number that is all ones stands in the ZIP64 extra field, in this order.
function widen(entry, extra, fields) {
  const view = viewOf(extra);
  for (let at = 0; at < extra.length;) {
    need(at + 4 <= extra.length, 'its list of contents is damaged');
    const kind = view.getUint16(at, true),
      length = view.getUint16(at + 2, true);
    need(at + 4 + length <= extra.length, 'its list of contents is damaged');
    if (kind === 0x0001) {
      let from = at + 4;
      for (const field of fields) {
        if (entry[field] !== FULL) continue;
        need(from + 8 <= at + 4 + length, 'its list of contents is damaged');
        entry[field] = safe(view.getBigUint64(from, true));
        from += 8;
      }
    }
    at += 4 + length;
  }
}

async function readLocal(blob, entry, directory, differences) {
  need(entry.offset + 30 <= directory, 'a file in it is not where its list says', entry.name);
  const head = await load(blob, entry.offset, entry.offset + 30),
    view = viewOf(head);
  need(view.getUint32(0, true) === 0x04034b50, 'a file in it is not where its list says', entry.name);
  const nameLength = view.getUint16(26, true),
    extraLength = view.getUint16(28, true);
  entry.start = entry.offset + 30 + nameLength + extraLength;
  entry.end = entry.start + entry.packed;
  need(entry.end <= directory, 'a file in it ends too early', entry.name);
  const rest = await load(blob, entry.offset + 30, entry.start);
  const local = { size: view.getUint32(22, true), packed: view.getUint32(18, true) };
  const follows = (entry.flags & 0x0008) !== 0; // section 4.4.4: the sizes follow the data, and are not known here
  widen(local, rest.subarray(nameLength), ['size', 'packed']);
  need(same(rest.subarray(0, nameLength), entry.name), 'it names a file in two ways', entry.name);
  need(view.getUint16(6, true) === entry.flags && view.getUint16(8, true) === entry.method, 'it describes a file in two ways', entry.name);
  need(
    follows || (local.size === entry.size && local.packed === entry.packed && view.getUint32(14, true) === entry.crc),
    'it describes a file in two ways',
    entry.name,
  );
  if (!same(joined(head, rest), vaultHeader(entry, false))) differences.add(whyOther(view, 10, entry));
}

function whyOther(view, timeAt, entry) {
  if (entry.method !== 0) return 'its files are compressed';
  if (view.getUint16(timeAt, true) !== 0 || view.getUint16(timeAt + 2, true) !== 0x0021) return 'its files carry times';
  return 'the heading of a file in it is not as the vault writes it';
}

// ---- What the vault writes, to compare with --------------------------------------------------------------------------

function fields(...list) {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0)),
    view = viewOf(bytes);
  let at = 0;
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

function vaultHeader({ name, crc, size, offset }, isCentral) {
  const large = size >= FULL,
    far = isCentral && offset >= FULL;
  const extra =
    large || far
      ? fields(
          [2, 1],
          [2, (large ? 16 : 0) + (far ? 8 : 0)],
          ...(large
            ? [
                [8, size],
                [8, size],
              ]
            : []),
          ...(far ? [[8, offset]] : []),
        )
      : new Uint8Array();
  const version = extra.length > 0 ? 45 : 20,
    length = large ? FULL : size;
  return joined(
    fields(
      [4, isCentral ? 0x02014b50 : 0x04034b50],
      ...(isCentral ? [[2, version]] : []),
      [2, version],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0x0021],
      [4, crc],
      [4, length],
      [4, length],
      [2, name.length],
      [2, extra.length],
    ),
    isCentral ? fields([2, 0], [2, 0], [2, 0], [4, 0], [4, far ? FULL : offset]) : new Uint8Array(),
    name,
    extra,
  );
}

function vaultEnd(count, offset, size) {
  const wide = count >= FULL_COUNT || offset >= FULL || size >= FULL;
  return joined(
    wide ? fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, offset]) : new Uint8Array(),
    wide ? fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1]) : new Uint8Array(),
    fields(
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, Math.min(count, FULL_COUNT)],
      [2, Math.min(count, FULL_COUNT)],
      [4, Math.min(size, FULL)],
      [4, Math.min(offset, FULL)],
      [2, 0],
    ),
  );
}

// ---- The bytes of a file ---------------------------------------------------------------------------------------------

async function* unpack(blob, entry, differences) {
  let crc = ~0,
    size = 0;
  for await (const piece of entry.method === 0 ? slices(blob, entry.start, entry.end) : inflate(blob.slice(entry.start, entry.end))) {
    size += piece.length;
    if (size > entry.size) break; // a bomb gives no more than it says
    crc = addToCrc(crc, piece);
    yield piece;
  }
  if (size !== entry.size) throw new NotZip('a file in it is not as long as it says');
  if (~crc >>> 0 !== entry.crc) differences.add('a checksum of the wrapping does not fit');
}

/** The bytes of a blob in pieces: memory is one piece, whatever its size. */
export async function* slices(blob, from = 0, to = blob.size) {
  for (let at = from; at < to; at += PIECE) yield load(blob, at, Math.min(at + PIECE, to));
}

async function* inflate(blob) {
  const reader = blob.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    while (true) {
      let next;
      try {
        next = await reader.read();
      } catch {
        throw new NotZip('a file in it cannot be unpacked');
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => {}); // where it broke off, there is nothing left to cancel
  }
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

function addToCrc(crc, bytes) {
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return crc;
}
