// Certificates and their paths: RFC 5280 sections 4 and 6, as FORMAT.md section 5 asks. Revocation is not asked.

import {
  BITS,
  BOOLEAN,
  INTEGER,
  NotDer,
  OCTETS,
  OID,
  Parts,
  SEQUENCE,
  bits,
  boolean,
  inside,
  integer,
  oid,
  parts,
  readDer,
  smallInteger,
  time,
} from './der.js';
import { fromBase64, same, textOf } from './bytes.js';
import { isSameAlgorithm, isSignedBy, readAlgorithm } from './signature.js';

const BASIC_CONSTRAINTS = '2.5.29.19',
  KEY_USAGE = '2.5.29.15',
  EXTENDED_KEY_USAGE = '2.5.29.37',
  SUBJECT_KEY = '2.5.29.14';
// Marked critical, these are understood: the three above are checked, the others bind nothing that is asked here.
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, SUBJECT_KEY, '2.5.29.17', '2.5.29.18', '2.5.29.32', '2.5.29.35']);
const LONGEST_PATH = 8;

/** Purposes of extended key usage. */
export const PURPOSE = {
  any: '2.5.29.37.0',
  email: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  documentSigning: '1.3.6.1.5.5.7.3.36',
};

/** Reads one DER certificate; throws what is no certificate. Times are milliseconds since 1970. */
export function readCertificate(der) {
  const outer = new Parts(readDer(der));
  const tbs = outer.take(SEQUENCE),
    algorithm = readAlgorithm(outer.take(SEQUENCE)),
    signature = bits(outer.take(BITS));
  outer.end();

  const fields = new Parts(tbs);
  const version = fields.optional(0xa0);
  const serial = integer(fields.take(INTEGER));
  const innerAlgorithm = readAlgorithm(fields.take(SEQUENCE)); // section 4.1.1.2: the same in both places
  const issuer = fields.take(SEQUENCE).all;
  const validity = parts(fields.take(SEQUENCE));
  const subject = fields.take(SEQUENCE).all;
  const spki = fields.take(SEQUENCE).all;
  fields.optional(0x81);
  fields.optional(0x82);
  const extensionsField = fields.optional(0xa3);
  fields.end();
  if (!isSameAlgorithm(algorithm, innerAlgorithm) || signature.unused !== 0 || validity.length !== 2) throw new NotDer('no certificate');
  const v3 = version !== null && smallInteger(inside(version)) === 2;
  if (extensionsField !== null && !v3) throw new NotDer('no certificate');

  return {
    der,
    tbs: tbs.all,
    algorithm,
    signature: signature.bytes,
    serial,
    issuer,
    subject,
    spki,
    notBefore: time(validity[0]),
    notAfter: time(validity[1]),
    ...readExtensions(extensionsField),
  };
}

function readExtensions(field) {
  const found = new Map();
  for (const extension of field === null ? [] : parts(inside(field), SEQUENCE)) {
    const items = new Parts(extension);
    const name = oid(items.take(OID));
    const criticalField = items.optional(BOOLEAN);
    const value = items.take(OCTETS);
    items.end();
    if (found.has(name)) throw new NotDer('an extension twice'); // section 4.2
    found.set(name, { critical: criticalField !== null && boolean(criticalField), value: value.content });
  }
  const read = (name, reader) => (found.has(name) ? reader(readDer(found.get(name).value)) : null);
  return {
    constraints: read(BASIC_CONSTRAINTS, readConstraints),
    keyUsage: read(KEY_USAGE, element => bits(element).bytes),
    purposes: read(EXTENDED_KEY_USAGE, element => parts(element, SEQUENCE).map(oid)),
    purposesAreCritical: found.get(EXTENDED_KEY_USAGE)?.critical ?? false,
    subjectKey: read(SUBJECT_KEY, element => element.content),
    hasUnknownCritical: [...found].some(([name, { critical }]) => critical && !UNDERSTOOD.has(name)),
  };
}

function readConstraints(element) {
  const items = new Parts(element);
  const ca = items.optional(BOOLEAN),
    length = items.optional(INTEGER);
  items.end();
  return { isCa: ca !== null && boolean(ca), pathLength: length === null ? null : smallInteger(length) };
}

// Section 4.2.1.3: bits from the left. 0 digitalSignature, 1 nonRepudiation, 5 keyCertSign.
const hasUsage = (certificate, bit) => certificate.keyUsage === null || ((certificate.keyUsage[0] ?? 0) & (0x80 >> bit)) !== 0;

export const maySign = certificate => hasUsage(certificate, 0) || hasUsage(certificate, 1);
export const wasValid = (certificate, at) => certificate.notBefore <= at && at <= certificate.notAfter;

const isCa = certificate => certificate.constraints?.isCa === true && hasUsage(certificate, 5);

async function issued(issuer, certificate) {
  try {
    return await isSignedBy(issuer.spki, certificate.algorithm, null, certificate.tbs, certificate.signature);
  } catch {
    return false; // an algorithm that is not known, or bytes that are no signature
  }
}

/**
 * Whether a path from the certificate to one of the anchors validates at a time. The anchor is held to the same as any issuer:
 * valid then, and a CA. Nothing is a path without a step.
 */
export async function hasPath(certificate, others, anchors, at, below = 0) {
  if (!wasValid(certificate, at) || certificate.hasUnknownCritical || below >= LONGEST_PATH) return false;
  // Section 6.1.4 (m): certificates between this CA and the leaf, self-issued ones not counted; counting them too is stricter.
  const allows = issuer => issuer.constraints.pathLength === null || issuer.constraints.pathLength >= below;
  for (const anchor of anchors) {
    if (
      same(anchor.subject, certificate.issuer) &&
      isCa(anchor) &&
      allows(anchor) &&
      !anchor.hasUnknownCritical &&
      wasValid(anchor, at) &&
      (await issued(anchor, certificate))
    )
      return true;
  }
  for (const issuer of others) {
    if (
      same(issuer.subject, certificate.issuer) &&
      !same(issuer.der, certificate.der) &&
      isCa(issuer) &&
      allows(issuer) &&
      (await issued(issuer, certificate))
    )
      if (
        await hasPath(
          issuer,
          others.filter(other => other !== issuer),
          anchors,
          at,
          below + 1,
        )
      )
        return true;
  }
  return false;
}

/** The certificates of a PEM file (RFC 7468), or null where one cannot be read or there is none. */
export function readPem(bytes) {
  const text = textOf(bytes);
  if (text === null || bytes.length > 1 << 20) return null;
  const list = [];
  for (const [, body] of text.matchAll(/-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----/g)) {
    const der = fromBase64(body.replace(/[\r\n]/g, ''));
    if (der === null || list.length >= 64) return null;
    try {
      list.push(readCertificate(der));
    } catch {
      return null;
    }
  }
  return list.length > 0 ? list : null;
}

/** The names of a certificate's subject as people read them: `CN=…, O=…`. */
export function subjectText(certificate) {
  const LABELS = { '2.5.4.3': 'CN', '2.5.4.10': 'O', '2.5.4.11': 'OU', '2.5.4.6': 'C' };
  const names = [];
  for (const set of parts(readDer(certificate.subject), SEQUENCE))
    for (const pair of parts(set)) {
      const [type, value] = parts(pair, SEQUENCE);
      names.push(`${LABELS[oid(type)] ?? oid(type)}=${textOf(value.content) ?? '?'}`);
    }
  return names.join(', ');
}
