// FORMAT.md section 2: forms of single values.

import { fromBase64Url } from './bytes.js';

const matches = pattern => value => typeof value === 'string' && pattern.test(value);

export const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);
export const isText = value => typeof value === 'string';
export const isWord = matches(/^[a-z][a-z0-9-]{0,63}$/);
export const isName = matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
export const isSha256 = matches(/^[0-9a-f]{64}$/);
export const isSha512 = matches(/^[0-9a-f]{128}$/);
export const isBundleId = matches(/^[0-9a-f]{32}$/);
export const isExhibit = value => matches(/^[A-Z][A-Z0-9]{0,11}(\/[1-9][0-9]{0,7}){1,3}$/)(value) && value.length <= 64;
export const isDigest = value => typeof value === 'string' && value.length === 43 && fromBase64Url(value) !== null;
export const isCount = value => Number.isSafeInteger(value) && value >= 0;

/** RFC 3339 section 5.6 in one spelling; a day that the calendar has. */
export function isTime(value) {
  if (!matches(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/)(value)) return false;
  const at = new Date(value);
  return !Number.isNaN(at.getTime()) && at.toISOString() === value;
}

export const folderOf = exhibit => exhibit.replaceAll('/', '-');
