// Zips: as the vault writes them (FORMAT.md section 10), and otherwise where a test asks.

import { crc32 as zlibCrc32, deflateRawSync } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

const crc32 =
  zlibCrc32 ??
  (bytes => {
    let crc = ~0;
    for (const b of bytes) crc = (crc >>> 8) ^ table[(crc ^ b) & 0xff];
    return ~crc >>> 0;
  });

const numbers = (...list) => {
  const bytes = Buffer.alloc(list.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of list) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
};

/**
 * A zip of path → bytes. `change(entry)` may alter what is said of a file: {path, method, flags, time, date, crc, size, packed, localPath,
 * attributes, extra, between, offset}; `data` is what stands in the zip. `end` may alter the last record: {comment, count}.
 */
export function zip(files, { change = () => {}, end = {}, prefix = '', order = paths => paths.sort() } = {}) {
  const parts = [],
    directory = [];
  let at = 0;
  const put = bytes => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const path of order([...files.keys()])) {
    const bytes = files.get(path);
    const entry = {
      path: prefix + path,
      method: 0,
      flags: 0,
      time: 0,
      date: 0x21,
      crc: crc32(bytes),
      size: bytes.length,
      attributes: 0,
      extra: Buffer.alloc(0),
      between: Buffer.alloc(0),
      data: bytes,
    };
    change(entry);
    if (entry.method === 8) entry.data = deflateRawSync(bytes);
    entry.packed ??= entry.data.length;
    entry.offset ??= at;
    const name = Buffer.from(entry.path),
      localName = Buffer.from(entry.localPath ?? entry.path);
    put(
      Buffer.concat([
        numbers(
          [4, 0x04034b50],
          [2, 20],
          [2, entry.flags],
          [2, entry.method],
          [2, entry.time],
          [2, entry.date],
          [4, entry.crc],
          [4, entry.packed],
          [4, entry.size],
          [2, localName.length],
          [2, entry.extra.length],
        ),
        localName,
        entry.extra,
      ]),
    );
    put(entry.data);
    put(entry.between);
    directory.push(
      Buffer.concat([
        numbers(
          [4, 0x02014b50],
          [2, 20],
          [2, 20],
          [2, entry.flags],
          [2, entry.method],
          [2, entry.time],
          [2, entry.date],
          [4, entry.crc],
          [4, entry.packed],
          [4, entry.size],
          [2, name.length],
          [2, 0],
          [2, 0],
          [2, 0],
          [2, 0],
          [4, entry.attributes],
          [4, entry.offset],
        ),
        name,
      ]),
    );
  }
  const list = Buffer.concat(directory),
    comment = Buffer.from(end.comment ?? '');
  const count = end.count ?? directory.length;
  return Buffer.concat([
    ...parts,
    list,
    numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, list.length], [4, at], [2, comment.length]),
    comment,
  ]);
}
