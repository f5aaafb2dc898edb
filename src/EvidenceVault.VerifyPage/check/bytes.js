// Bytes and their spellings. Every reader here takes one spelling and returns null for any other.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, a byte order mark kept as the character it is; null where they are not UTF-8. */
export function textOf(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

export const bytesOf = text => new TextEncoder().encode(text);

export const hex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');

export function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Order of bytes; for text, the order of its UTF-8 (which is that of code points). */
export function compareBytes(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = BASE64.slice(0, 62) + '-_';
const valuesOf = alphabet => new Map(Array.from(alphabet, (c, i) => [c, i]));
const base64Values = valuesOf(BASE64);
const base64UrlValues = valuesOf(BASE64URL);

function decode(text, values) {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0,
    bits = 0,
    at = 0;
  for (const c of text) {
    const value = values.get(c);
    if (value === undefined) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  // RFC 4648 section 3.5: no stray bits in the last character.
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null;
}

/** RFC 4648 section 4, padded. */
export function fromBase64(text) {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), base64Values);
}

/** RFC 4648 section 5, not padded. */
export const fromBase64Url = text => decode(text, base64UrlValues);

export function toBase64Url(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const characters = Math.min(4, bytes.length - i + 1);
    for (let c = 0; c < characters; c++) text += BASE64URL[(word >> (18 - 6 * c)) & 63];
  }
  return text;
}

/** Decimal without sign or leading zeroes, below 2^64; a BigInt, or null. */
export function fromDecimal(text) {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return null;
  const value = BigInt(text);
  return value < 1n << 64n ? value : null;
}

export async function digest(algorithm, bytes) {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
}

export const sha256 = bytes => digest('SHA-256', bytes);
