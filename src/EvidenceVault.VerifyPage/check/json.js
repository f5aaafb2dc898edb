// Canonical JSON, FORMAT.md section 1 (RFC 8785 over RFC 7493): read what is there, write it again by the rules, and take it
// only where both are the same bytes. So a second member of one name, a blank, or another spelling of a number is refused.

import { bytesOf, same, textOf } from './bytes.js';

const DEEPEST = 64;

/** The value of canonical bytes, or undefined. */
export function readCanonical(bytes) {
  const text = textOf(bytes);
  if (text === null || isTooDeep(text)) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const again = write(value);
  return again !== null && same(bytesOf(again), bytes) ? value : undefined;
}

// Before JSON.parse, so that nothing recurses deeper than is allowed.
function isTooDeep(text) {
  let depth = 0,
    inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{' || c === '[') {
      if (++depth > DEEPEST) return true;
    } else if (c === '}' || c === ']') depth--;
  }
  return false;
}

/** The canonical text of a value, or null where it has none. */
export function write(value) {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'string') return writeString(value);
  const parts = [];
  if (Array.isArray(value)) {
    for (const item of value) {
      const text = write(item);
      if (text === null) return null;
      parts.push(text);
    }
    return `[${parts.join(',')}]`;
  }
  // Sorting strings without a function sorts by UTF-16 code units (RFC 8785 section 3.2.3).
  for (const name of Object.keys(value).sort()) {
    const left = writeString(name),
      right = write(value[name]);
    if (left === null || right === null) return null;
    parts.push(`${left}:${right}`);
  }
  return `{${parts.join(',')}}`;
}

function writeNumber(value) {
  if (!Number.isFinite(value)) return null;
  const text = String(value); // RFC 8785 section 3.2.2.3 is ECMAScript's own rule; -0 becomes 0
  // RFC 7493 section 2.2: in plain digits, only what every reader holds exactly.
  return /^-?[0-9]+$/.test(text) && !Number.isSafeInteger(value) ? null : text;
}

function writeString(text) {
  // RFC 8785 section 3.2.2.2: half a surrogate pair has no form.
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return null;
    i++;
  }
  return JSON.stringify(text); // the escapes that ECMAScript writes are those of the rule
}

/** Whether the object's members are all of the required ones and some of the optional ones, and no others. */
export function hasMembers(value, required, optional = []) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return required.every(name => names.includes(name)) && names.every(name => required.includes(name) || optional.includes(name));
}
