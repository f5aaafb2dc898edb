// C2SP signed-note, tlog-checkpoint and tlog-cosignature; FORMAT.md sections 6 and 8.

import { bytesOf, fromBase64, fromDecimal, hex, joined, same, sha256, textOf } from './bytes.js';
import { verifyEd25519 } from './ed25519.js';

const LONGEST_NOTE = 1 << 20;
const MOST_SIGNATURES = 100;

const isKeyName = name => name.length > 0 && !/[\p{White_Space}+]/u.test(name);

/** `<name>+<key ID in hex>+<base64(type ‖ public key)>` → {name, id, type, publicKey}; null where it is not, or not of a wanted type. */
export async function readVerifierKey(text, type) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  if (name === undefined || !isKeyName(name)) return null;
  const key = fromBase64(encoded);
  if (key === null || key.length !== 33 || key[0] !== type) return null;
  const expected = (await sha256(joined(bytesOf(name), [0x0a], key))).slice(0, 4);
  return hex(expected) === id ? { name, id, type, publicKey: key.slice(1) } : null;
}

/** The parts of a note, nothing of it believed yet: {text, signatures: [{name, id, bytes}]}; null where it is none. */
export function readNote(bytes) {
  if (bytes.length > LONGEST_NOTE) return null;
  const all = textOf(bytes);
  // eslint-disable-next-line no-control-regex
  if (all === null || /[\u0000-\u0009\u000b-\u001f]/.test(all)) return null;
  const split = all.lastIndexOf('\n\n'); // the text is split from the signatures at the last empty line
  if (split < 0 || !all.endsWith('\n')) return null;
  const lines = all.slice(split + 2, -1).split('\n');
  if (split + 2 >= all.length || lines.length > MOST_SIGNATURES) return null;
  const signatures = [];
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
    if (name === undefined || !isKeyName(name)) return null;
    const signature = fromBase64(encoded);
    if (signature === null || signature.length < 5) return null;
    signatures.push({ name, id: hex(signature.slice(0, 4)), bytes: signature.slice(4) });
  }
  return { text: bytesOf(all.slice(0, split + 1)), signatures };
}

const isOf = (signature, key) => signature.name === key.name && signature.id === key.id;

/** Which of the log keys signed the note, and which signed it badly. */
export async function logSignatures(note, keys) {
  const good = [],
    bad = [];
  for (const signature of note.signatures)
    for (const key of keys) if (isOf(signature, key)) ((await verifyEd25519(key.publicKey, note.text, signature.bytes)) ? good : bad).push(key);
  return { good, bad };
}

/** The cosignatures of one witness: {good: [time in seconds, BigInt], bad: count}. */
export async function cosignatures(note, key) {
  const good = [];
  let bad = 0;
  for (const signature of note.signatures) {
    if (!isOf(signature, key)) continue;
    if (signature.bytes.length !== 72) {
      bad++;
      continue;
    }
    const time = new DataView(signature.bytes.buffer, signature.bytes.byteOffset, 8).getBigUint64(0);
    const message = joined(bytesOf(`cosignature/v1\ntime ${time}\n`), note.text);
    if (time < 1n << 63n && (await verifyEd25519(key.publicKey, message, signature.bytes.slice(8)))) good.push(time);
    else bad++;
  }
  return { good, bad };
}

/** {origin, size, root} of a note's text; null where it is no checkpoint. */
export function readCheckpoint(text) {
  const lines = textOf(text).slice(0, -1).split('\n');
  if (lines.length < 3 || lines.some(line => line === '')) return null;
  const [origin, decimal, encoded] = lines;
  const size = fromDecimal(decimal),
    root = fromBase64(encoded);
  return size === null || root === null || root.length !== 32 ? null : { origin, size, root };
}

export const isSameKey = (a, b) => same(a.publicKey, b.publicKey);
