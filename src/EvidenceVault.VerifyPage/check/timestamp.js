// Time stamps: RFC 3161 and RFC 5816; FORMAT.md section 9.

import { BOOLEAN, GENERALIZED_TIME, INTEGER, OCTETS, OID, Parts, SEQUENCE, inside, integer, oid, parts, readDer, smallInteger, time } from './der.js';
import { attribute, fitsContent, isSigned, readCms } from './cms.js';
import { digest, same } from './bytes.js';
import { digestName, readAlgorithm } from './signature.js';
import { PURPOSE, hasPath, maySign, wasValid } from './x509.js';

const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12',
  SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';

/** {time in milliseconds since 1970} where the token is a good one over `stamped`; else {fault: sentence}. */
export async function checkTimestamp(token, stamped, anchors) {
  const bad = why => ({ fault: `The time stamp does not count: ${why}.` });
  if (anchors === null) return bad('the certificate of the time-stamping authority is missing or cannot be read');
  let cms, info;
  try {
    cms = readCms(token, anchors);
    if (cms.contentType !== TST_INFO || cms.content === null) throw new Error('it holds no time');
    info = readInfo(cms.content);
  } catch (fault) {
    return bad(`it cannot be read: ${fault.message}`);
  }
  if (info.digest === null || !same(info.imprint, await digest(info.digest, stamped))) return bad('it is of something else than this signature');
  if (!(await fitsContent(cms, cms.content)) || !(await isSigned(cms))) return bad('it was changed, or forged');
  const { certificate } = cms;
  if (!(await namesSigner(cms, certificate))) return bad('it does not name the certificate that signed it');
  // RFC 3161 section 2.3: only this purpose, and critical.
  if (
    !certificate.purposesAreCritical ||
    certificate.purposes?.length !== 1 ||
    certificate.purposes[0] !== PURPOSE.timeStamping ||
    !maySign(certificate)
  )
    return bad('its certificate was not issued for time stamps');
  const isGiven = anchors.some(anchor => same(anchor.der, certificate.der)) && wasValid(certificate, info.time) && !certificate.hasUnknownCritical;
  if (!isGiven && !(await hasPath(certificate, cms.certificates, anchors, info.time)))
    return bad('its certificate does not come from the time-stamping authority that is used here, or was not valid then');
  return { time: info.time };
}

// RFC 3161 section 2.4.2.
function readInfo(der) {
  const fields = new Parts(readDer(der));
  if (smallInteger(fields.take(INTEGER)) !== 1) throw new Error('it is of another version');
  oid(fields.take(OID));
  const [algorithm, imprint] = parts(fields.take(SEQUENCE));
  integer(fields.take(INTEGER));
  const stated = time(fields.take(GENERALIZED_TIME));
  fields.optional(SEQUENCE); // accuracy
  fields.optional(BOOLEAN); // ordering
  fields.optional(INTEGER); // nonce
  fields.optional(0xa0); // tsa
  const extensions = fields.optional(0xa1);
  fields.end();
  if (imprint?.tag !== OCTETS) throw new Error('it does not say what it stamps');
  for (const extension of extensions === null ? [] : parts(extension))
    if (parts(extension, SEQUENCE)[1]?.tag === BOOLEAN) throw new Error('it asks for something that is not known here');
  return { digest: digestName(readAlgorithm(algorithm)), imprint: imprint.content, time: stated };
}

// RFC 2634 section 5.4 and RFC 5816 (RFC 5035 section 3): the first certificate named is the signer's.
async function namesSigner(cms, certificate) {
  try {
    let named = 0;
    for (const [name, isSecond] of [
      [SIGNING_CERTIFICATE, false],
      [SIGNING_CERTIFICATE_V2, true],
    ]) {
      if (!cms.attributes.has(name)) continue;
      const value = attribute(cms, name);
      if (value === null) return false;
      const [list] = parts(value, SEQUENCE);
      const first = new Parts(parts(list, SEQUENCE)[0]);
      const algorithm = isSecond ? first.optional(SEQUENCE) : null;
      const hash = first.take(OCTETS).content;
      const issuerSerial = first.optional(SEQUENCE);
      first.end();
      const hashName = !isSecond ? 'SHA-1' : algorithm === null ? 'SHA-256' : digestName(readAlgorithm(algorithm));
      if (hashName === null || !same(hash, await digest(hashName, certificate.der))) return false;
      if (issuerSerial !== null && !isIssuerSerial(issuerSerial, certificate)) return false;
      named++;
    }
    return named > 0;
  } catch {
    return false;
  }
}

function isIssuerSerial(element, certificate) {
  const [names, serial] = parts(element, SEQUENCE);
  const directory = parts(names, SEQUENCE).find(name => name.tag === 0xa4);
  return directory !== undefined && same(inside(directory).all, certificate.issuer) && same(integer(serial), certificate.serial);
}
