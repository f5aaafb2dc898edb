// Signatures by WebCrypto: ECDSA on P-256, P-384, P-521, RSA (PKCS #1 v1.5 and PSS), Ed25519.

import { INTEGER, OID, Parts, SEQUENCE, bits, inside, integer, oid, parts, readDer, smallInteger } from './der.js';
import { same } from './bytes.js';
import { verifyEd25519 } from './ed25519.js';

const DIGESTS = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};
const CURVES = {
  '1.2.840.10045.3.1.7': { namedCurve: 'P-256', bytes: 32 },
  '1.3.132.0.34': { namedCurve: 'P-384', bytes: 48 },
  '1.3.132.0.35': { namedCurve: 'P-521', bytes: 66 },
};
const RSA = '1.2.840.113549.1.1.1',
  RSA_PSS = '1.2.840.113549.1.1.10',
  EC = '1.2.840.10045.2.1',
  ED25519 = '1.3.101.112',
  MGF1 = '1.2.840.113549.1.1.8';
const WITH_DIGEST = {
  '1.2.840.113549.1.1.11': ['rsa', 'SHA-256'],
  '1.2.840.113549.1.1.12': ['rsa', 'SHA-384'],
  '1.2.840.113549.1.1.13': ['rsa', 'SHA-512'],
  '1.2.840.10045.4.3.2': ['ecdsa', 'SHA-256'],
  '1.2.840.10045.4.3.3': ['ecdsa', 'SHA-384'],
  '1.2.840.10045.4.3.4': ['ecdsa', 'SHA-512'],
};

/** An AlgorithmIdentifier: {oid, parameters: element or null, all: bytes}. */
export function readAlgorithm(element) {
  const list = parts(element, SEQUENCE);
  if (list.length < 1 || list.length > 2) throw new Error('an algorithm is an identifier and perhaps its parameters');
  return { oid: oid(list[0]), parameters: list[1] ?? null, all: element.all };
}

/** SHA-256, SHA-384 or SHA-512; null for any other. */
export const digestName = algorithm => DIGESTS[algorithm.oid] ?? null;

/**
 * Whether `signature` over `message` fits the key in `spki` (a SubjectPublicKeyInfo). `digest` is the SignerInfo's own, for
 * algorithms that do not name theirs (RFC 5652 section 10.1.2). Throws where the algorithm is not known here.
 */
export async function isSignedBy(spki, algorithm, digest, message, signature) {
  const [keyAlgorithm] = parts(readDer(spki));
  const key = readAlgorithm(keyAlgorithm);
  if (algorithm.oid === ED25519 && key.oid === ED25519) return verifyEd25519(bits(parts(readDer(spki))[1]).bytes, message, signature);

  let [kind, hash] = WITH_DIGEST[algorithm.oid] ?? [];
  if (algorithm.oid === RSA) [kind, hash] = ['rsa', digest];
  if (algorithm.oid === RSA_PSS) return verifyPss(spki, key, readPss(algorithm), message, signature);
  if (kind === 'rsa' && key.oid === RSA) return verify(spki, { name: 'RSASSA-PKCS1-v1_5', hash }, { name: 'RSASSA-PKCS1-v1_5' }, signature, message);
  if (kind === 'ecdsa' && key.oid === EC) {
    const curve = key.parameters?.tag === OID ? CURVES[oid(key.parameters)] : undefined;
    if (curve === undefined) throw new Error('a curve that is not known here');
    const raw = plainEcdsa(signature, curve.bytes);
    return raw !== null && verify(spki, { name: 'ECDSA', namedCurve: curve.namedCurve }, { name: 'ECDSA', hash }, raw, message);
  }
  throw new Error('a kind of signature that is not known here');
}

async function verify(spki, keyParameters, parameters, signature, message) {
  const key = await crypto.subtle.importKey('spki', spki, keyParameters, false, ['verify']);
  return crypto.subtle.verify(parameters, key, signature, message);
}

async function verifyPss(spki, key, { hash, saltLength }, message, signature) {
  if (key.oid !== RSA) throw new Error('a kind of key that is not known here');
  return verify(spki, { name: 'RSA-PSS', hash }, { name: 'RSA-PSS', saltLength }, signature, message);
}

// RFC 4055 section 3.1. The defaults there are SHA-1, which is not taken.
function readPss(algorithm) {
  const fields = new Parts(algorithm.parameters ?? { tag: SEQUENCE, content: new Uint8Array() });
  const hashField = fields.optional(0xa0),
    maskField = fields.optional(0xa1),
    saltField = fields.optional(0xa2);
  fields.end();
  const hash = hashField && digestName(readAlgorithm(inside(hashField)));
  const mask = maskField && readAlgorithm(inside(maskField));
  if (!hash || mask?.oid !== MGF1 || digestName(readAlgorithm(mask.parameters)) !== hash)
    throw new Error('parameters of a signature that are not known here');
  return { hash, saltLength: saltField ? smallInteger(inside(saltField)) : 20 };
}

// WebCrypto wants r ‖ s at full length; X.509 and CMS carry a SEQUENCE of two INTEGERs.
function plainEcdsa(signature, size) {
  const list = parts(readDer(signature), SEQUENCE);
  if (list.length !== 2 || list.some(part => part.tag !== INTEGER)) return null;
  const raw = new Uint8Array(2 * size);
  for (const [i, part] of list.entries()) {
    let number = integer(part);
    if (number[0] >= 0x80) return null;
    if (number[0] === 0) number = number.subarray(1);
    if (number.length > size) return null;
    raw.set(number, (i + 1) * size - number.length);
  }
  return raw;
}

export const isSameAlgorithm = (a, b) => same(a.all, b.all);
