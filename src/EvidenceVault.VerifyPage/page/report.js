// The report, for people: the answer first, then what failed, then everything.

import { blocks, CANNOT_SHOW, CLAIMS, DOES_NOT_MEAN, MEANS, size, subjectName, VERDICTS, visible, when } from './words.js';
import { button, el } from './elements.js';

const MOST_LISTED = 25;

const list = items =>
  el(
    'ul',
    {},
    items.map(item => el('li', {}, item)),
  );
const tag = verdict => el('span', { class: `tag ${verdict}` }, VERDICTS[verdict]);
const hash = value => el('span', { class: 'hash' }, value === null ? 'not known' : blocks(value));

/** The elements of a bundle's report; `again` starts over. */
export function showBundle(name, report, facts, { again, download }) {
  const failing = report.findings.filter(finding => finding.verdict === 'fails');
  return [
    answer(name, report, facts),
    ...(report.holds ? [] : whatIsWrong(failing)),
    ...meaning(report, facts),
    el(
      'p',
      { class: 'buttons actions' },
      button('Print this report', () => window.print()),
      button('Download the report', download),
      button('Check something else', again),
    ),
    ...exhibits(facts, failing),
    ...keys(facts),
    ...record(facts),
    ...details(report.findings),
    el('h2', {}, 'What this check cannot show'),
    list(CANNOT_SHOW),
  ];
}

function answer(name, report, facts) {
  return el(
    'div',
    { class: report.holds ? 'answer' : 'answer fails' },
    el('h1', { id: 'answer', tabindex: '-1' }, 'This bundle ', el('span', { class: 'word' }, report.holds ? 'holds' : 'does not hold')),
    el('p', { class: 'lead' }, report.answer.replace(/^This bundle (holds|does not hold)\. /, '')),
    el(
      'p',
      {},
      'Checked: ',
      el('span', { class: 'subject' }, visible(name)),
      facts.bundle ? ` – case ${facts.bundle.case}, ${exhibitCount(facts.exhibits.length)}, made on ${when(facts.bundle.madeAt)}.` : '.',
    ),
    el('p', {}, `Checked on ${when(new Date().toISOString())}.`),
  );
}

const exhibitCount = count => (count === 1 ? '1 exhibit' : `${count} exhibits`);

function whatIsWrong(failing) {
  const bySubject = grouped(failing, finding => finding.subject);
  const shown = [...bySubject].slice(0, MOST_LISTED);
  const more = bySubject.size - shown.length;
  return [
    el('h2', {}, 'What is wrong'),
    el(
      'ul',
      { class: 'faults' },
      shown.map(([subject, findings]) =>
        el(
          'li',
          {},
          el('p', { class: 'subject' }, subject === '' ? 'And more' : visible(subjectName(subject))),
          [...new Set(findings.map(f => f.sentence))].slice(0, 6).map(sentence => el('p', {}, visible(sentence))),
        ),
      ),
    ),
    ...(more > 0 ? [el('p', {}, `And ${more} more, listed under “Every check” below.`)] : []),
  ];
}

function meaning(report, facts) {
  if (!report.holds)
    return [
      el('h2', {}, 'What this means'),
      el(
        'p',
        {},
        'The parts named above cannot be relied on as they are here. This does not say who changed them, or why: a damaged copy looks the same as a deliberate change.',
      ),
      el('h3', {}, 'What to do next'),
      list([
        'Keep this bundle as it is. Do not rename, open-and-save or unpack anything in it.',
        'Download or print this report, and send it to whoever gave you the bundle.',
        'Ask for the bundle again, and check the new copy. If the same parts fail, tell the person responsible for disclosure.',
      ]),
    ];
  const ownKeys = !facts.anchors.isGiven.policy || !facts.anchors.isGiven.ca;
  return [
    el('h2', {}, 'What this means'),
    list(MEANS),
    el('h2', {}, 'What this does not mean'),
    list(ownKeys ? DOES_NOT_MEAN : DOES_NOT_MEAN.slice(0, 2)),
  ];
}

function exhibits(facts, failing) {
  if (!facts.exhibits?.length) return [];
  const failed = new Set(failing.map(finding => finding.subject));
  const rows = facts.exhibits.map(x =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, x.exhibit),
      el(
        'td',
        {},
        x.kind === 'derivative' ? `Made from ${x.parent}` : x.kind === 'master' ? 'As it was delivered' : 'Not known',
        x.bytes === null ? '' : `, ${size(x.bytes)}`,
        x.sealedAt ? `. Sealed on ${when(x.sealedAt)}.` : '',
      ),
      el('td', {}, hash(x.sha256)),
      el('td', {}, tag(failed.has(x.exhibit) || failed.has(x.file) ? 'fails' : 'holds')),
    ),
  );
  return [
    el('h2', {}, 'The exhibits'),
    el(
      'table',
      { class: 'stack' },
      el('caption', {}, 'Each exhibit with the fingerprint (SHA-256) of its file as it is here'),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ['Exhibit', 'What it is', 'SHA-256', 'Answer'].map(name => el('th', { scope: 'col' }, name)),
        ),
      ),
      el('tbody', {}, rows),
    ),
  ];
}

function keys(facts) {
  if (!facts.anchors) return [];
  const { anchors } = facts;
  const item = (label, sha, isGiven) => [el('dt', {}, label, isGiven ? ' (the one you gave)' : ' (the bundle’s own)'), el('dd', {}, hash(sha))];
  return [
    el('h2', {}, 'Keys to compare'),
    el(
      'p',
      {},
      'Whoever made a false bundle would put false keys into it. Compare these fingerprints with what the vault’s owner has published, or gave you another way. If one differs, the result above is worth nothing.',
    ),
    el(
      'dl',
      {},
      item('Policy, SHA-256', anchors.policySha256, anchors.isGiven.policy),
      item(
        `CA certificate, SHA-256${anchors.caNames.length ? ` – ${visible(anchors.caNames.join('; '))}` : ''}`,
        anchors.caSha256,
        anchors.isGiven.ca,
      ),
      anchors.tsaSha256 === null ? [] : item('Certificate of the time-stamping authority, SHA-256', anchors.tsaSha256, anchors.isGiven.tsa),
    ),
  ];
}

function record(facts) {
  if (!facts.checkpoint) return [];
  const { origin, size: entries, root } = facts.checkpoint;
  const witnessRows = facts.witnesses.map(w =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, visible(w.name)),
      el('td', {}, w.isDemonstration ? 'Demonstration witness of the vault itself: no outside witness' : 'Witness named by the policy'),
      el('td', {}, w.bad > 0 ? 'Its signature is not good' : w.times.length > 0 ? `Confirmed on ${w.times.map(when).join('; ')}` : 'Did not confirm'),
    ),
  );
  return [
    el('h2', {}, 'The record'),
    el(
      'p',
      {},
      'All that the vault does is entered in one record, which it signs as a whole. Note these three down: anybody who keeps them can later show whether the record was rewritten.',
    ),
    el(
      'dl',
      {},
      el('dt', {}, 'Log'),
      el('dd', {}, visible(origin)),
      el('dt', {}, 'Entries'),
      el('dd', {}, entries),
      el('dt', {}, 'Fingerprint of the record (root hash)'),
      el('dd', {}, hash(root)),
    ),
    ...(witnessRows.length === 0
      ? [el('p', {}, 'The policy names no witness.')]
      : [
          el(
            'table',
            { class: 'stack' },
            el('caption', {}, 'Witnesses'),
            el(
              'thead',
              {},
              el(
                'tr',
                {},
                ['Witness', 'What it is', 'What it said'].map(name => el('th', { scope: 'col' }, name)),
              ),
            ),
            el('tbody', {}, witnessRows),
          ),
        ]),
  ];
}

function details(findings) {
  const groups = [...grouped(findings, finding => finding.subject)].map(([subject, of]) =>
    el(
      'tbody',
      {},
      el('tr', {}, el('th', { scope: 'rowgroup', colspan: '2', class: 'subject' }, subject === '' ? 'And more' : visible(subjectName(subject)))),
      of.map(f =>
        el(
          'tr',
          {},
          el('td', {}, tag(f.verdict)),
          el('td', {}, el('span', { class: 'what' }, CLAIMS[f.claim] ?? f.claim), visible(f.sentence, 1000)),
        ),
      ),
    ),
  );
  return [
    el('h2', {}, 'Every check'),
    el(
      'table',
      { class: 'checks' },
      el('caption', {}, `${findings.length} results, by what they are about`),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Result'), el('th', { scope: 'col' }, 'In words'))),
      groups,
    ),
  ];
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}
