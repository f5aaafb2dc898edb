// CMS SignedData (RFC 5652 section 5) with one signer; FORMAT.md section 5.

import { INTEGER, OCTETS, OID, Parts, SEQUENCE, SET, inside, integer, isInOrder, oid, parts, readDer, smallInteger, time } from './der.js';
import { digest, joined, same } from './bytes.js';
import { PURPOSE, hasPath, maySign, readCertificate, wasValid } from './x509.js';
import { digestName, isSignedBy, readAlgorithm } from './signature.js';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const CONTENT_TYPE = '1.2.840.113549.1.9.3',
  MESSAGE_DIGEST = '1.2.840.113549.1.9.4',
  SIGNING_TIME = '1.2.840.113549.1.9.5';
export const DATA = '1.2.840.113549.1.7.1';
const LARGEST = 1 << 20;
const MOST_CERTIFICATES = 32;

/**
 * A SignedData taken apart, nothing of it believed yet. Throws what cannot be read, has not one signer, or lacks the signer's
 * certificate; `more` are certificates from elsewhere in which the signer's may be.
 */
export function readCms(bytes, more = []) {
  if (bytes.length > LARGEST) throw new Error('it is larger than 1 MiB');
  const info = new Parts(readDer(bytes));
  if (oid(info.take(OID)) !== SIGNED_DATA) throw new Error('it is no signature');
  const signedData = new Parts(inside(info.take(0xa0)));
  info.end();

  smallInteger(signedData.take(INTEGER));
  signedData.take(SET);
  const encapsulated = new Parts(signedData.take(SEQUENCE));
  const contentType = oid(encapsulated.take(OID));
  const contentField = encapsulated.optional(0xa0);
  encapsulated.end();
  const certificatesField = signedData.optional(0xa0);
  signedData.optional(0xa1);
  const signers = parts(signedData.take(SET));
  signedData.end();
  if (signers.length !== 1) throw new Error(`it has ${signers.length} signers where one is asked`);

  const certificates = [];
  for (const part of certificatesField === null ? [] : parts(certificatesField)) {
    if (part.tag !== SEQUENCE || certificates.length >= MOST_CERTIFICATES) throw new Error('it carries certificates of another kind');
    certificates.push(readCertificate(part.all));
  }
  const signer = readSigner(signers[0]);
  const certificate = [...certificates, ...more].find(signer.is);
  if (certificate === undefined) throw new Error('the certificate of the signer is not there');
  const content = contentField === null ? null : inside(contentField);
  if (content !== null && content.tag !== OCTETS) throw new Error('its content is of another kind');
  return { ...signer, contentType, content: content?.content ?? null, certificates, certificate };
}

// Section 5.3.
function readSigner(element) {
  const fields = new Parts(element);
  const version = smallInteger(fields.take(INTEGER));
  const byName = fields.optional(SEQUENCE);
  const byKey = byName === null ? fields.take(0x80) : null;
  if (version !== (byName !== null ? 1 : 3)) throw new Error('its version and its signer do not fit');
  const digestAlgorithm = readAlgorithm(fields.take(SEQUENCE));
  const attributesField = fields.optional(0xa0);
  const algorithm = readAlgorithm(fields.take(SEQUENCE));
  const signature = fields.take(OCTETS).content;
  fields.optional(0xa1);
  fields.end();

  const [issuer, serial] = byName === null ? [] : parts(byName);
  return {
    is: certificate =>
      byName !== null
        ? same(certificate.issuer, issuer.all) && same(certificate.serial, integer(serial))
        : certificate.subjectKey !== null && same(certificate.subjectKey, byKey.content),
    digestAlgorithm,
    algorithm,
    signature,
    ...readAttributes(attributesField),
  };
}

function readAttributes(field) {
  if (field === null) return { attributes: new Map(), signedBytes: null };
  const list = parts(field);
  if (!isInOrder(list)) throw new Error('its signed attributes are not in the order of DER');
  const attributes = new Map();
  for (const attribute of list) {
    const items = new Parts(attribute);
    const name = oid(items.take(OID));
    const values = parts(items.take(SET));
    items.end();
    attributes.set(name, [...(attributes.get(name) ?? []), values]);
  }
  // Section 5.4: what is signed is the SET OF, under its own tag and not the implicit one.
  return { attributes, signedBytes: joined([SET], field.all.subarray(1)) };
}

/** The one value of an attribute that occurs once; null where it is not so. */
export function attribute(cms, name) {
  const found = cms.attributes.get(name);
  return found?.length === 1 && found[0].length === 1 ? found[0][0] : null;
}

function kindOf(value) {
  try {
    return value === null ? null : oid(value);
  } catch {
    return null; // it was altered, so it names no kind
  }
}

/** Section 11.1, 11.2: the attributes name the content's kind and its digest. */
export async function fitsContent(cms, content) {
  const algorithm = digestName(cms.digestAlgorithm),
    stated = attribute(cms, MESSAGE_DIGEST),
    kind = attribute(cms, CONTENT_TYPE);
  if (algorithm === null || stated?.tag !== OCTETS || kindOf(kind) !== cms.contentType) return false;
  return same(stated.content, await digest(algorithm, content));
}

/** Section 5.6: the signature over the signed attributes fits the certificate's key. */
export async function isSigned(cms) {
  const algorithm = digestName(cms.digestAlgorithm);
  if (cms.signedBytes === null || algorithm === null) return false;
  try {
    return await isSignedBy(cms.certificate.spki, cms.algorithm, algorithm, cms.signedBytes, cms.signature);
  } catch {
    return false; // an algorithm that is not known here, or bytes that are no signature
  }
}

/** Section 11.3, in milliseconds since 1970; null where there is not one. */
export function signingTime(cms) {
  const value = attribute(cms, SIGNING_TIME);
  try {
    return value === null ? null : time(value);
  } catch {
    return null;
  }
}

const SEAL_PURPOSES = [PURPOSE.email, PURPOSE.any, PURPOSE.documentSigning];

const day = at => new Date(at).toISOString().slice(0, 10);

/**
 * The claims of FORMAT.md section 5 over a detached signature: [{claim, holds, sentence}]. `stamp` is the time of a good time
 * stamp of this signature, or null; `expires` says whether the rule of section 9 for expired certificates is asked.
 */
export async function checkSeal(bytes, content, anchors, { now, stamp = null, expires = true, what }) {
  let cms;
  try {
    cms = readCms(bytes);
    if (cms.content !== null) throw new Error('it carries its content, where it should stand beside it');
    if (cms.contentType !== DATA) throw new Error('it signs another kind of content');
  } catch (fault) {
    return [{ claim: 'seal-form', holds: false, sentence: `The signature of ${what} cannot be read: ${fault.message}.` }];
  }
  const claims = [];
  const say = (claim, holds, good, bad) => claims.push({ claim, holds, sentence: holds ? good : bad });

  say(
    'seal-content',
    await fitsContent(cms, content),
    `The signature is of ${what} as it is here.`,
    `What was signed is not ${what} as it is here: it was changed or exchanged after signing.`,
  );
  say(
    'seal-signature',
    await isSigned(cms),
    'The signature was made with the key of the certificate beside it.',
    'The signature was not made with the key of the certificate beside it: it was changed, or forged.',
  );

  const { certificate } = cms;
  const at = signingTime(cms);
  const within = at !== null && wasValid(certificate, at);
  const expired = expires && now > certificate.notAfter;
  const validity = `${day(certificate.notBefore)} to ${day(certificate.notAfter)}`;
  if (!within)
    say(
      'seal-time',
      false,
      '',
      at === null
        ? 'The signature does not say when it was made.'
        : `The signature says that it was made on ${day(at)}, when its certificate (${validity}) was not valid.`,
    );
  else if (expired && (stamp === null || !wasValid(certificate, stamp)))
    say(
      'seal-time',
      false,
      '',
      `The certificate (${validity}) has expired since, and no time stamp shows that the signature was made while it was valid. A signature made after that day, with a false date, would look the same.`,
    );
  else
    say(
      'seal-time',
      true,
      expired
        ? `The certificate (${validity}) has expired since, and a time stamp of ${day(stamp)} shows that the signature was made while it was valid.`
        : `The signature says that it was made on ${day(at)}, while its certificate (${validity}) was valid.`,
    );

  say(
    'seal-purpose',
    maySign(certificate) && (certificate.purposes === null || certificate.purposes.some(p => SEAL_PURPOSES.includes(p))),
    'The certificate is one for signing.',
    'The certificate was not issued for signing documents.',
  );

  const hasAnchors = anchors !== null;
  say(
    'seal-chain',
    hasAnchors && at !== null && (await hasPath(certificate, cms.certificates, anchors, at)),
    'The certificate was issued by the certificate authority (CA) that is used here.',
    hasAnchors
      ? 'The certificate was not issued by the certificate authority (CA) that is used here: somebody else signed this, or another CA is needed.'
      : 'Whether the certificate was issued by the vault’s certificate authority (CA) could not be checked: the CA certificate is missing or cannot be read.',
  );
  return claims;
}
