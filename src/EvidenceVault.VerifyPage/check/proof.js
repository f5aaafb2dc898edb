// C2SP tlog-proof; FORMAT.md section 8.

import { bytesOf, fromBase64, fromDecimal, textOf } from './bytes.js';

const MOST_HASHES = 63;
const LONGEST_BEFORE_NOTE = 64 << 10;

/** {index, hashes, note: bytes}, or null. The extra line, if any, is never believed and not returned. */
export function readProof(bytes) {
  const text = textOf(bytes);
  if (text === null) return null;
  const end = text.indexOf('\n\n');
  if (end < 0 || bytesOf(text.slice(0, end + 2)).length > LONGEST_BEFORE_NOTE) return null;
  const lines = text.slice(0, end).split('\n');
  if (lines.shift() !== 'c2sp.org/tlog-proof@v1') return null;
  if (lines[0]?.startsWith('extra ') && fromBase64(lines.shift().slice(6)) === null) return null;
  const line = lines.shift();
  const index = line?.startsWith('index ') ? fromDecimal(line.slice(6)) : null;
  if (index === null || lines.length > MOST_HASHES) return null;
  const hashes = lines.map(fromBase64);
  if (hashes.some(hash => hash === null || hash.length !== 32)) return null;
  return { index, hashes, note: bytesOf(text.slice(end + 2)) };
}
