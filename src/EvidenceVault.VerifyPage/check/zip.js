// ZIP (PKWARE APPNOTE 6.3), read from its central directory by slices: nothing is unpacked to anywhere. A ZIP that cannot be read
// for certain, in one way only, is refused; one that the vault would have written otherwise is told of.

import { compareBytes, same, textOf } from './bytes.js';

const PIECE = 4 << 20;
const MOST_ENTRIES = 200_000;
const LARGEST_DIRECTORY = 64 << 20;
const DOS_EPOCH = 0x0021; // 1980-01-01, the first date that the format can say: none

/** What a ZIP that must be refused is refused for. */
export class NotZip extends Error {}

const need = (condition, what) => {
  if (!condition) throw new NotZip(what);
};

const load = async (blob, from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
const viewOf = bytes => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function safe(big) {
  need(big <= BigInt(Number.MAX_SAFE_INTEGER), 'it says that it is larger than any file can be');
  return Number(big);
}

/** {files: [{path, size, pieces()}], folders: [path], differences: [sentence]}; throws NotZip. `differ` is told later differences. */
export async function readZip(blob) {
  const differences = new Set();
  const { count, offset, size, end } = await findDirectory(blob, differences);
  need(count <= MOST_ENTRIES && size <= LARGEST_DIRECTORY, 'it lists more files than a bundle can hold');
  need(offset + size === end, 'its list of contents is not where it says');
  const entries = readDirectory(await load(blob, offset, offset + size), count);

  const files = [], folders = [];
  let at = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    need(entry.offset >= at, 'two of its files share bytes');
    if (entry.offset > at) differences.add('there is something between its files');
    await readLocal(blob, entry, offset, differences);
    at = entry.end;
  }
  if (at !== offset) differences.add('there is something between its files and their list');
  if (entries.some((entry, i) => i > 0 && compareBytes(entries[i - 1].name, entry.name) >= 0)) differences.add('its files are in another order');
  if (entries.some((entry, i) => i > 0 && entries[i - 1].offset >= entry.offset)) differences.add('its files are in another order');

  const seen = new Set();
  for (const entry of entries) {
    const path = textOf(entry.name);
    need(path !== null, 'a name in it is no text');
    need(!seen.has(path), 'it holds two files of the same name');
    seen.add(path);
    need(((entry.attributes >>> 16) & 0xf000) !== 0xa000, 'it holds a link in the place of a file');
    if (path.endsWith('/')) {
      need(entry.size === 0, 'it holds a folder with content');
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
  need(view.getUint16(at + 4, true) === 0 || view.getUint16(at + 4, true) === 0xffff, 'it is one part of several');
  const end = from + at;
  const found = { count: view.getUint16(at + 10, true), size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true), end };
  need(view.getUint16(at + 8, true) === found.count, 'it is one part of several');
  if (found.count !== 0xffff && found.size !== 0xffffffff && found.offset !== 0xffffffff) return found;

  // ZIP64: the locator stands right before, and the record right before that.
  need(at >= 20 && view.getUint32(at - 20, true) === 0x07064b50, 'its list of contents cannot be found');
  const record = safe(view.getBigUint64(at - 20 + 8, true));
  need(record + 56 === end - 20, 'its list of contents cannot be found');
  const wide = viewOf(await load(blob, record, record + 56));
  need(wide.getUint32(0, true) === 0x06064b50 && wide.getBigUint64(4, true) === 44n, 'its list of contents cannot be found');
  need(wide.getBigUint64(24, true) === wide.getBigUint64(32, true), 'it is one part of several');
  return { count: safe(wide.getBigUint64(32, true)), size: safe(wide.getBigUint64(40, true)), offset: safe(wide.getBigUint64(48, true)), end: record };
}

function readDirectory(bytes, count) {
  const view = viewOf(bytes), entries = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    need(at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50, 'its list of contents is damaged');
    const nameLength = view.getUint16(at + 28, true), extraLength = view.getUint16(at + 30, true), commentLength = view.getUint16(at + 32, true);
    const next = at + 46 + nameLength + extraLength + commentLength;
    need(next <= bytes.length, 'its list of contents is damaged');
    const entry = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      time: view.getUint16(at + 12, true),
      date: view.getUint16(at + 14, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      attributes: view.getUint32(at + 38, true),
      offset: view.getUint32(at + 42, true),
      name: bytes.subarray(at + 46, at + 46 + nameLength),
      hasComment: commentLength !== 0,
      hasOtherExtra: false,
    };
    widen(entry, bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), ['size', 'packed', 'offset']);
    need((entry.flags & 0x2041) === 0, 'it is encrypted');
    need(entry.method === 0 || entry.method === 8, 'it is packed in a way that this page does not read');
    need(entry.method !== 0 || entry.packed === entry.size, 'its list of contents is damaged');
    entries.push(entry);
    at = next;
  }
  need(at === bytes.length, 'its list of contents is damaged');
  return entries;
}

// Section 4.5.3: a field that is all ones stands in the ZIP64 extra field, in this order.
function widen(entry, extra, fields) {
  const view = viewOf(extra);
  for (let at = 0; at < extra.length; ) {
    need(at + 4 <= extra.length, 'its list of contents is damaged');
    const kind = view.getUint16(at, true), length = view.getUint16(at + 2, true);
    need(at + 4 + length <= extra.length, 'its list of contents is damaged');
    if (kind === 0x0001) {
      let from = at + 4;
      for (const field of fields) {
        if (entry[field] !== 0xffffffff) continue;
        need(from + 8 <= at + 4 + length, 'its list of contents is damaged');
        entry[field] = safe(view.getBigUint64(from, true));
        from += 8;
      }
    } else entry.hasOtherExtra = true;
    at += 4 + length;
  }
}

async function readLocal(blob, entry, directory, differences) {
  need(entry.offset + 30 <= directory, 'a file in it is not where its list says');
  const head = viewOf(await load(blob, entry.offset, entry.offset + 30));
  need(head.getUint32(0, true) === 0x04034b50, 'a file in it is not where its list says');
  const nameLength = head.getUint16(26, true), extraLength = head.getUint16(28, true);
  const rest = await load(blob, entry.offset + 30, entry.offset + 30 + nameLength + extraLength);
  const local = { size: head.getUint32(22, true), packed: head.getUint32(18, true), hasOtherExtra: false };
  const follows = (entry.flags & 0x0008) !== 0; // sizes follow the data: they are zero or unknown here
  widen(local, rest.subarray(nameLength), ['size', 'packed']);
  need(rest.length === nameLength + extraLength && same(rest.subarray(0, nameLength), entry.name), 'it names a file in two ways');
  need(head.getUint16(6, true) === entry.flags && head.getUint16(8, true) === entry.method, 'it describes a file in two ways');
  need(follows || (local.size === entry.size && local.packed === entry.packed && head.getUint32(14, true) === entry.crc), 'it describes a file in two ways');

  entry.start = entry.offset + 30 + nameLength + extraLength;
  entry.end = entry.start + entry.packed;
  need(entry.end <= directory, 'a file in it ends too early');
  if (follows) differences.add('sizes stand behind the files');
  if (entry.method !== 0) differences.add('its files are compressed');
  const hasTime = entry.time !== 0 || (entry.date !== 0 && entry.date !== DOS_EPOCH);
  if (hasTime || head.getUint16(10, true) !== entry.time || head.getUint16(12, true) !== entry.date) differences.add('its files carry times');
  if (entry.hasOtherExtra || local.hasOtherExtra || entry.hasComment) differences.add('its files carry extra fields');
  if ((entry.flags & ~0x0808) !== 0) differences.add('its files carry other marks');
}

async function* unpack(blob, entry, differences) {
  let crc = ~0, size = 0;
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
