// DER (X.690), read strictly: definite and shortest lengths, low tag numbers, nothing left over.

import { compareBytes } from './bytes.js';

export const SEQUENCE = 0x30,
  SET = 0x31,
  INTEGER = 0x02,
  BITS = 0x03,
  OCTETS = 0x04,
  NULL = 0x05,
  OID = 0x06,
  BOOLEAN = 0x01;
export const UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18;

/** What any reader of DER here throws, and what the checks above catch. */
export class NotDer extends Error {}

const need = (condition, what) => {
  if (!condition) throw new NotDer(what);
};

/** One element: its tag byte, its content, and all of its bytes. Nothing may follow it. */
export function readDer(bytes) {
  const element = readAt(bytes, 0);
  need(element.all.length === bytes.length, 'something follows it');
  return element;
}

function readAt(bytes, at) {
  need(at + 2 <= bytes.length, 'it ends too early');
  const tag = bytes[at];
  need((tag & 0x1f) !== 0x1f, 'a tag of many bytes');
  let length = bytes[at + 1],
    start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f; // X.690 section 10.1: the definite form, and the shortest
    need(count >= 1 && count <= 4 && start + count <= bytes.length, 'a length that DER does not allow');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start + i];
    need(length >= 0x80 && length >= 256 ** (count - 1), 'a length that is not the shortest');
    start += count;
  }
  need(start + length <= bytes.length, 'it ends too early');
  return { tag, content: bytes.subarray(start, start + length), all: bytes.subarray(at, start + length) };
}

/** The elements within a constructed one. */
export function parts(element, tag = element.tag) {
  need(element.tag === tag && (tag & 0x20) !== 0, 'another kind of element was expected');
  const list = [];
  for (let at = 0; at < element.content.length;) {
    const part = readAt(element.content, at);
    list.push(part);
    at += part.all.length;
  }
  return list;
}

/** Parts taken one by one: a required one by its tag, an optional one, and the end. */
export class Parts {
  constructor(element, tag = SEQUENCE) {
    this.list = parts(element, tag);
    this.at = 0;
  }

  take(tag) {
    const next = this.optional(tag);
    need(next !== null, 'a part is missing');
    return next;
  }

  any() {
    need(this.at < this.list.length, 'a part is missing');
    return this.list[this.at++];
  }

  optional(...tags) {
    const next = this.list[this.at];
    if (next === undefined || !tags.includes(next.tag)) return null;
    this.at++;
    return next;
  }

  end() {
    need(this.at === this.list.length, 'a part too many');
  }
}

/** The one element inside an explicit tag or a wrapping octet string. */
export const inside = element => readDer(element.content);

/** An INTEGER's bytes, shortest form. */
export function integer(element) {
  need(element.tag === INTEGER && element.content.length > 0, 'a number was expected');
  const [first, second] = element.content;
  // X.690 section 8.3.2
  need(second === undefined || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)), 'a number that is not the shortest');
  return element.content;
}

export function smallInteger(element) {
  const bytes = integer(element);
  need(bytes.length <= 4 && bytes[0] < 0x80, 'a number out of its bounds');
  return bytes.reduce((sum, b) => sum * 256 + b, 0);
}

export function boolean(element) {
  need(element.tag === BOOLEAN && element.content.length === 1, 'a truth value was expected');
  need(element.content[0] === 0 || element.content[0] === 0xff, 'a truth value that DER does not allow');
  return element.content[0] === 0xff;
}

/** A BIT STRING: {bytes, unused}. */
export function bits(element) {
  need(element.tag === BITS && element.content.length > 0, 'bits were expected');
  const unused = element.content[0],
    bytes = element.content.subarray(1);
  need(unused < 8 && (bytes.length > 0 || unused === 0), 'bits that DER does not allow');
  need(bytes.length === 0 || (bytes[bytes.length - 1] & ((1 << unused) - 1)) === 0, 'bits that DER does not allow');
  return { bytes, unused };
}

export function octets(element) {
  need(element.tag === OCTETS, 'octets were expected');
  return element.content;
}

export function oid(element) {
  need(element.tag === OID && element.content.length > 0 && element.content.length <= 64, 'an identifier was expected');
  const arcs = [];
  let value = 0n,
    begins = true;
  for (const b of element.content) {
    need(!(begins && b === 0x80), 'an identifier that is not the shortest');
    value = (value << 7n) | BigInt(b & 0x7f);
    begins = (b & 0x80) === 0;
    if (begins) {
      if (arcs.length === 0) {
        const top = value < 40n ? 0n : value < 80n ? 1n : 2n;
        arcs.push(top, value - top * 40n);
      } else arcs.push(value);
      value = 0n;
    }
  }
  need(begins, 'an identifier that does not end');
  return arcs.join('.');
}

/** Milliseconds since 1970. UTCTime as RFC 5280 section 4.1.2.5.1 reads its years; GeneralizedTime in UTC, with or without a fraction. */
export function time(element) {
  const text = String.fromCharCode(...element.content.subarray(0, 40));
  let year, rest;
  if (element.tag === UTC_TIME) {
    const [, yy, tail] = /^([0-9]{2})([0-9]{10})Z$/.exec(text) ?? [];
    need(yy !== undefined, 'a time that DER does not allow');
    year = Number(yy) + (Number(yy) >= 50 ? 1900 : 2000);
    rest = tail;
  } else {
    need(element.tag === GENERALIZED_TIME, 'a time was expected');
    const [, yyyy, tail] = /^([0-9]{4})([0-9]{10}(?:\.[0-9]*[1-9])?)Z$/.exec(text) ?? [];
    need(yyyy !== undefined, 'a time that DER does not allow');
    year = Number(yyyy);
    rest = tail;
  }
  const [month, day, hour, minute, second] = rest.slice(0, 10).match(/../g);
  const spelled = `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const at = Date.parse(spelled);
  need(!Number.isNaN(at) && new Date(at).toISOString() === spelled, 'a time that no calendar has');
  return at + Math.floor(Number(`0${rest.slice(10)}`) * 1000);
}

/** Whether the elements of a SET OF stand in DER's order (X.690 section 11.6). */
export const isInOrder = list => list.every((part, i) => i === 0 || compareBytes(list[i - 1].all, part.all) <= 0);
