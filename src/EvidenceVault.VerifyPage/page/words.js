// What the page says, and how it spells what it shows.

/** What each claim asks, in a few words. */
export const CLAIMS = {
  'bag-form': 'The package is in the agreed form',
  'bag-complete': 'Nothing removed, nothing added',
  'bag-payload': 'The contents are those that were packed',
  'bag-tags': 'The files about the package are those that were packed',
  'container-form': 'The zip around it',
  'bundle-form': 'The list of contents can be read',
  'bundle-signature': 'The vault signed the list of contents',
  'bundle-files': 'The files are those on the signed list',
  'seal-form': 'The signature of the seal can be read',
  'seal-content': 'The seal is as it was signed',
  'seal-signature': 'The signature is genuine',
  'seal-time': 'Signed while the certificate was valid',
  'seal-purpose': 'The certificate is one for signing',
  'seal-chain': 'The signer was authorised by the CA',
  timestamp: 'Time confirmed by a time-stamping authority',
  'seal-binds': 'The file is the one that was sealed',
  'seal-logged': 'The seal is the one that was recorded',
  derivation: 'Made from the original it names',
  'packet-index': 'The list of frames of the original',
  'clip-packets': 'The clip is an unbroken run of the original',
  'clip-playback': 'A player shows just that',
  'checkpoint-signature': 'The log signed its record',
  'witness-quorum': 'Confirmed by the witnesses asked for',
  'outside-witness': 'A witness outside the vault',
  'entry-form': 'The entries of the record can be read',
  'entry-proof': 'The entries stand in the signed record',
  'exhibit-sequence': 'No entry is withheld',
  'export-entry': 'This export is itself in the record',
  disclosure: 'Personal details shown are those recorded',
  time: 'The times follow the order',
  remembered: 'Agrees with what somebody kept',
  'trust-anchors': 'Whose keys were used',
};

export const VERDICTS = { holds: 'Holds', fails: 'Does not hold', note: 'Note' };

export const MEANS = [
  'Each exhibit is, byte for byte, what was sealed: not one frame has changed since. Every other file is the one that was packed with it.',
  'The record of what was done with each exhibit, from its arrival up to this disclosure, is in the bundle without a gap.',
  'The seals and the record were signed with the keys named under “Keys to compare”.',
];

export const DOES_NOT_MEAN = [
  'That what the video shows is true, or what happened before the file reached the vault.',
  'That every file the camera made was delivered.',
  'That the keys are really the vault’s, unless you compare them.',
];

export const CANNOT_SHOW = [
  'That a camera saw the truth.',
  'That a file was ever delivered: what never reached the vault is not in its record.',
  'That the keys are whose they are said to be, unless they are compared with what their owner published.',
  'Without a witness from outside: that the vault shows everybody the same record.',
  'Whether a certificate was withdrawn before its time. That takes a network, and this page has none.',
];

/** A subject as people call it. */
export function subjectName(subject) {
  if (/^[A-Z][A-Z0-9]*(\/[0-9]+)+$/.test(subject)) return `Exhibit ${subject}`;
  const known = {
    'data/bundle.json': 'List of contents',
    'data/bundle.cms': 'Signature of the list of contents',
    'data/log/checkpoint': 'Signed statement of the record (checkpoint)',
    'data/log/entries': 'Entries of the record',
    'data/keys/policy': 'Policy',
    'data/keys/ca.pem': 'CA certificate',
  }[subject];
  return known ? `${known} (${subject})` : subject;
}

/** Hostile text made harmless to the eye: controls and direction marks are spelled out, and the length is bounded. */
export function visible(text, most = 400) {
  const spelled = String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, c => `\\u{${c.codePointAt(0).toString(16)}}`);
  return spelled.length > most ? `${spelled.slice(0, most)}…` : spelled;
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes,
    unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

const form = (at, timeZone, options) => new Intl.DateTimeFormat('en-GB', { hour12: false, timeZone, ...options }).format(at);
const DATE = { day: 'numeric', month: 'long', year: 'numeric' },
  TIME = { hour: '2-digit', minute: '2-digit' };

/** A UTC time for people: UTC, and this computer's own time with its zone. */
export function when(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return visible(iso);
  const day = form(at, 'UTC', DATE),
    localDay = form(at, undefined, DATE);
  const local = form(at, undefined, { ...TIME, timeZoneName: 'short' });
  return `${day}, ${form(at, 'UTC', TIME)} UTC (${local === `${form(at, 'UTC', TIME)} UTC` ? 'also this computer’s time' : `${localDay === day ? '' : `${localDay}, `}${local} on this computer`})`;
}

/** A hash in blocks of four, to compare by eye. */
export const blocks = hash => hash.match(/.{1,4}/g).join(' ');
