// One file: its hashes, and whether they are the ones that a seal or a person says.

import { blocks, size, visible } from './words.js';
import { button, el } from './elements.js';
import { readSealManifest } from '../check/records.js';

/** {report, words} for a pasted hash; null where it is none. */
export function compareWithText(hashes, pasted) {
  const given = pasted
    .replace(/\s+/g, '')
    .replace(/^sha(256|512)[:=]/i, '')
    .toLowerCase();
  const own = /^[0-9a-f]{64}$/.test(given) ? hashes.sha256 : /^[0-9a-f]{128}$/.test(given) ? hashes.sha512 : null;
  if (own === null) return null;
  return verdict(
    hashes,
    own === given,
    'hash',
    own === given ? 'The file has the fingerprint that you were given.' : 'The file does not have the fingerprint that you were given.',
  );
}

/** The same for a seal.json. Its own signature is not checked here: that takes the bundle. */
export function compareWithSeal(hashes, bytes) {
  const seal = readSealManifest(bytes);
  if (seal === null) return null;
  const fits = seal.sha256 === hashes.sha256 && seal.sha512 === hashes.sha512 && seal.bytes === hashes.size;
  return verdict(
    hashes,
    fits,
    'seal-binds',
    fits
      ? `The file is, byte for byte, the one that this seal describes: exhibit ${seal.exhibit} of case ${seal.case}.`
      : `The file is not the one that this seal describes (exhibit ${seal.exhibit} of case ${seal.case}): its content was changed, or it is another file.`,
  );
}

const verdict = (hashes, holds, claim, sentence) => ({
  holds,
  answer: sentence,
  findings: [{ claim, verdict: holds ? 'holds' : 'fails', subject: hashes.name, sentence, entry: null }],
});

/** The elements of one file's page. */
export function showFile(hashes, { again, download, compared }) {
  const answer = el('div', { class: 'answer plain', id: 'file-answer' });
  const say = (report, fallback) => {
    answer.className = report === null ? 'answer plain' : report.holds ? 'answer' : 'answer fails';
    words.textContent = report === null ? fallback : report.answer;
    compared(report);
  };
  const words = el(
    'p',
    { class: 'lead', role: 'status' },
    'These are the digital fingerprints of this file. Compare them with what you were given: change one bit of the file, and they are entirely different.',
  );
  const pasted = el('textarea', { id: 'pasted', rows: '3', spellcheck: 'false', autocomplete: 'off' });
  pasted.addEventListener('input', () => {
    if (pasted.value.trim() !== '')
      say(
        compareWithText(hashes, pasted.value),
        'That is not a whole fingerprint: a SHA-256 has 64 characters, a SHA-512 has 128, of 0 to 9 and a to f.',
      );
  });
  const seal = el('input', { type: 'file', id: 'seal', 'aria-describedby': 'seal-hint' });
  seal.addEventListener('change', async () => {
    const [file] = seal.files;
    if (file)
      say(
        file.size > 1 << 20 ? null : compareWithSeal(hashes, new Uint8Array(await file.arrayBuffer())),
        'That file is not a seal. A seal is a file named seal.json.',
      );
  });
  answer.append(
    el('h1', { id: 'answer', tabindex: '-1' }, 'The fingerprint of one file'),
    el('p', { class: 'subject' }, visible(hashes.name)),
    words,
  );
  return [
    answer,
    el(
      'dl',
      {},
      el('dt', {}, 'Size'),
      el('dd', {}, `${hashes.size.toLocaleString('en-GB')} bytes${hashes.size >= 1000 ? ` (${size(hashes.size)})` : ''}`),
      el('dt', {}, 'SHA-256'),
      el('dd', { class: 'hash', id: 'sha256' }, blocks(hashes.sha256)),
      el('dt', {}, 'SHA-512'),
      el('dd', { class: 'hash', id: 'sha512' }, blocks(hashes.sha512)),
    ),
    el(
      'div',
      { class: 'no-print' },
      el('h2', {}, 'Compare'),
      el(
        'div',
        { class: 'field' },
        el('label', { for: 'pasted' }, 'Paste the fingerprint you were given'),
        el('p', { class: 'hint' }, 'SHA-256 or SHA-512; spaces do not matter.'),
        pasted,
      ),
      el(
        'div',
        { class: 'field' },
        el('label', { for: 'seal' }, 'Or choose its seal'),
        el(
          'p',
          { class: 'hint', id: 'seal-hint' },
          'The file seal.json of the exhibit. Whether the seal itself is genuine takes the whole bundle to show.',
        ),
        seal,
      ),
    ),
    el(
      'p',
      {},
      'A fingerprint that fits shows that you have the same file as whoever gave you the fingerprint. It does not show who made the file, or when.',
    ),
    el(
      'p',
      { class: 'buttons actions' },
      button('Print this page', () => window.print()),
      button('Download the report', download),
      button('Check something else', again),
    ),
  ];
}
