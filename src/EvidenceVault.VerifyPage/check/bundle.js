// A disclosure bundle: FORMAT.md section 11. Every claim that the section names is asked, in its order; what cannot be asked fails.

import { Findings } from './findings.js';
import { NotZip } from './zip.js';
import { askWitnesses, readPolicy } from './policy.js';
import { bytesAgain, checkClip, readPacketProof } from './clips.js';
import { checkBag } from './bag.js';
import { checkSeal } from './cms.js';
import { checkTimestamp } from './timestamp.js';
import { isObject, isSha256 } from './forms.js';
import { fromDecimal, hex, same, sha256 } from './bytes.js';
import { hashStream } from './hashing.js';
import { includes, leafHash } from './merkle.js';
import { logSignatures, readCheckpoint, readNote } from './note.js';
import { readBundle, readDisclosures, readEntry, readSealManifest } from './records.js';
import { readPem, subjectText } from './x509.js';
import { readProof } from './proof.js';

const CHECKPOINT = 'data/log/checkpoint',
  POLICY = 'data/keys/policy',
  CA = 'data/keys/ca.pem',
  TSA = 'data/keys/tsa.pem';
const BUNDLE = 'data/bundle.json',
  BUNDLE_SIGNATURE = 'data/bundle.cms';
const OUTSIDE_FILES = new Set(['bagit.txt', 'bag-info.txt', 'manifest-sha256.txt', 'tagmanifest-sha256.txt', BUNDLE, BUNDLE_SIGNATURE]);
const ALWAYS = [
  'HOW-TO-VERIFY.txt',
  'verify.html',
  CHECKPOINT,
  POLICY,
  CA,
  ...['continuity.html', 'continuity.pdf', 'entries.csv', 'entries.json', 'case-uco.jsonld'].map(name => `data/report/${name}`),
];
const MOST_KEPT = 256 << 20;

const entryPath = index => `data/log/entries/${index}.json`;
const proofPath = index => `data/log/entries/${index}.tlog-proof`;
const disclosuresPath = index => `data/log/entries/${index}.disclosures`;

const day = iso => iso.slice(0, 10);
const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Checks a bundle. `given` are bytes from outside that replace the bundle's own, each or null: {policy, ca, tsa, remembered}.
 * `now` is the time of checking in milliseconds since 1970. `progress(done, total, path)` counts bytes as they are read.
 * Returns {report, facts}: the report as it is handed on, and what the page shows beside it.
 */
export async function checkBundle(container, given, now, progress = () => {}) {
  const findings = new Findings();
  if (container.fault !== null) {
    findings.fails('bag-form', container.faultyFile ?? container.name, `The zip cannot be read: ${container.fault}.`);
    return { report: findings.report(), facts: {} };
  }
  const read = await readAll(container, progress);
  const bytesAt = path => read.get(path)?.bytes ?? null;

  checkBag(findings, container, read);
  checkWrapping(findings, container);

  const { bundle, fault } =
    bytesAt(BUNDLE) === null ? { fault: 'bundle.json, which says what the bundle is, is missing.' } : readBundle(bytesAt(BUNDLE));
  if (fault !== undefined) findings.fails('bundle-form', BUNDLE, fault);
  else findings.holds('bundle-form', BUNDLE, `This is a disclosure bundle of case ${bundle.case}, made on ${day(bundle.madeAt)}.`);

  const anchors = await readAnchors(given, bytesAt);
  const bound = { findings, container, read, bytesAt, bundle, anchors, now };
  await checkBundleSignature(bound);
  const entries = readEntries(bound);

  if (bundle === undefined) {
    const unasked = ['bundle-files', 'seal-binds', 'seal-chain', 'seal-logged', 'exhibit-sequence', 'export-entry'];
    for (const claim of unasked) findings.fails(claim, BUNDLE, 'This could not be checked, because bundle.json does not say what the bundle holds.');
  } else {
    checkFiles(bound);
    for (const exhibit of bundle.exhibits) {
      await checkExhibitSeal(bound, exhibit);
      checkSealLogged(bound, exhibit, entries);
    }
    checkDerivations(bound);
    await checkClips(bound);
  }
  const checkpoint = await checkCheckpoint(bound);
  const witnesses = await checkWitnesses(bound, checkpoint);
  checkEntryForms(bound, entries);
  await checkProofs(bound, entries, checkpoint);
  if (bundle !== undefined) {
    for (const exhibit of bundle.exhibits) checkSequence(bound, exhibit, entries);
    checkExportEntry(bound, entries);
  }
  await checkDisclosures(bound, entries);
  checkTimes(bound, entries);
  if (given.remembered !== null) await checkRemembered(bound, checkpoint, given.remembered);
  tellAnchors(bound);

  return { report: findings.report(), facts: factsOf(bound, checkpoint, witnesses) };
}

// One pass over every byte. What is parsed later is kept from this pass, so that what was hashed is what is read.
async function readAll(container, progress) {
  const files = [...container.files.values()];
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const read = new Map();
  let done = 0,
    kept = 0;
  for (const { path, size, pieces } of files) {
    const keep = isRecord(path) && size <= limitOf(path) && kept + size <= MOST_KEPT;
    progress(done, total, path);
    try {
      const result = await hashStream(pieces(), {
        withSha512: path.startsWith('data/exhibits/'),
        keep,
        passed: count => progress((done += count), total, path),
      });
      if (keep) kept += size;
      read.set(path, result);
    } catch (fault) {
      read.set(path, {
        fault: fault instanceof NotZip ? `${fault.message}.` : 'the browser could not read it. Copy the bundle to this computer, and check the copy.',
      });
    }
  }
  progress(total, total, '');
  return read;
}

const isRecord = path => !path.includes('/') || /^data\/(bundle\.(json|cms)$|seals\/|log\/|keys\/)/.test(path);
const limitOf = path => (path.endsWith('manifest-sha256.txt') ? 64 << 20 : path === BUNDLE ? 16 << 20 : 1 << 20);

function checkWrapping(findings, container) {
  if (!container.isZip) return;
  if (container.differences.size === 0) findings.holds('container-form', container.name, 'The zip is as the vault writes it.');
  else
    findings.note(
      'container-form',
      container.name,
      `The zip was not written by the vault, or was changed since: ${[...container.differences].join('; ')}. What is inside is judged by itself.`,
    );
}

async function readAnchors(given, bytesAt) {
  const policyBytes = given.policy ?? bytesAt(POLICY),
    caBytes = given.ca ?? bytesAt(CA),
    tsaBytes = given.tsa ?? bytesAt(TSA);
  const policy = policyBytes === null ? { fault: 'It is missing.' } : await readPolicy(policyBytes);
  return {
    policy: policy.fault === undefined ? policy : null,
    policyFault: policy.fault,
    ca: caBytes === null ? null : readPem(caBytes),
    tsa: tsaBytes === null ? null : readPem(tsaBytes),
    policySha256: policyBytes === null ? null : hex(await sha256(policyBytes)),
    caSha256: caBytes === null ? null : hex(await sha256(caBytes)),
    tsaSha256: tsaBytes === null ? null : hex(await sha256(tsaBytes)),
    isGiven: { policy: given.policy !== null, ca: given.ca !== null, tsa: given.tsa !== null },
  };
}

async function checkBundleSignature({ findings, bytesAt, anchors, now }) {
  const signature = bytesAt(BUNDLE_SIGNATURE),
    content = bytesAt(BUNDLE);
  if (signature === null || content === null) {
    findings.fails(
      'bundle-signature',
      BUNDLE_SIGNATURE,
      'The signature over the list of contents could not be checked: it, or the list, is missing.',
    );
    return;
  }
  // Section 9's rule for expired certificates is of seals; nothing stamps a bundle.
  const claims = await checkSeal(signature, content, anchors.ca, { now, expires: false, what: 'the list of contents (bundle.json)' });
  const failed = claims.find(claim => !claim.holds);
  if (failed === undefined)
    findings.holds('bundle-signature', BUNDLE_SIGNATURE, 'The vault signed the list of contents, and the list is as it was signed.');
  else findings.fails('bundle-signature', BUNDLE_SIGNATURE, failed.sentence);
}

// What `files` lists is what is there, and what the table of section 11 has a place for.
function checkFiles({ findings, container, read, bundle }) {
  const listed = new Map(bundle.files.map(file => [file.path, file]));
  for (const [path, file] of listed) {
    const found = read.get(path);
    if (found === undefined) findings.fails('bundle-files', path, 'The signed list of contents names this file, and it is missing.');
    else if (found.fault === undefined && (found.sha256 !== file.sha256 || found.size !== file.bytes))
      findings.fails('bundle-files', path, 'This file is not the one in the signed list of contents: it was changed or exchanged.');
    if (OUTSIDE_FILES.has(path)) findings.fails('bundle-files', path, 'The signed list of contents names a file that it may not name.');
  }
  for (const path of container.files.keys())
    if (!listed.has(path) && !OUTSIDE_FILES.has(path))
      findings.fails('bundle-files', path, 'The signed list of contents does not name this file: it was added.');

  const places = new Set(ALWAYS);
  for (const path of ALWAYS)
    if (!container.files.has(path) && !listed.has(path)) findings.fails('bundle-files', path, 'Every bundle has this file, and here it is missing.');
  for (const x of bundle.exhibits) for (const path of [x.file, x.seal, x.signature, x.timestamp]) places.add(path);
  for (const index of indexesOf(bundle)) for (const path of [entryPath(index), proofPath(index), disclosuresPath(index)]) places.add(path);
  places.add(TSA);
  for (const path of listed.keys())
    if (!places.has(path))
      findings.fails('bundle-files', path, 'A bundle has no place for this file: it is of another exhibit, or does not belong here.');
  findings.holdsIfNothingFailed(
    'bundle-files',
    BUNDLE,
    `The ${listed.size} files are those that the signed list of contents names, with the same content.`,
  );
}

const indexesOf = bundle => [...new Set([...bundle.exhibits.flatMap(x => x.entries), bundle.exportEntry])].sort((a, b) => a - b);

async function checkExhibitSeal({ findings, read, bytesAt, bundle, anchors, now }, x) {
  const signature = bytesAt(x.signature),
    manifestBytes = bytesAt(x.seal);
  let stamp = null;
  if (x.timestamp !== undefined) {
    const token = bytesAt(x.timestamp);
    const result =
      token === null || signature === null
        ? { fault: 'The time stamp, or the seal it is of, is missing.' }
        : await checkTimestamp(token, signature, anchors.tsa);
    if (result.fault === undefined) {
      stamp = result.time;
      findings.holds(
        'timestamp',
        x.exhibit,
        `A time-stamping authority confirms that the seal existed on ${new Date(stamp).toISOString().slice(0, 19).replace('T', ' at ')} UTC.`,
      );
    } else findings.fails('timestamp', x.exhibit, result.fault);
  }
  if (signature === null) findings.fails('seal-form', x.exhibit, 'The signature of the seal is missing.');
  if (manifestBytes === null) findings.fails('seal-content', x.exhibit, 'The seal is missing: nothing says what the exhibit was when it was sealed.');
  if (signature !== null && manifestBytes !== null)
    for (const { claim, holds, sentence } of await checkSeal(signature, manifestBytes, anchors.ca, { now, stamp, what: 'the seal' }))
      findings.add(claim, holds ? 'holds' : 'fails', x.exhibit, sentence);

  const seal = manifestBytes === null ? null : readSealManifest(manifestBytes);
  const file = read.get(x.file);
  const fails = sentence => findings.fails('seal-binds', x.exhibit, sentence);
  if (seal === null) fails('The seal cannot be read, so the exhibit cannot be compared with it.');
  else if (file === undefined || file.fault !== undefined) fails('The file of this exhibit is missing or cannot be read.');
  else if (seal.exhibit !== x.exhibit) fails(`The seal beside this exhibit is that of another one, ${seal.exhibit}.`);
  else if (seal.case !== bundle.case) fails(`The seal is of another case, ${seal.case}.`);
  else if (file.sha256 !== seal.sha256 || file.sha512 !== seal.sha512 || file.size !== seal.bytes)
    fails('The file is not the one that was sealed: its content was changed or exchanged.');
  else
    findings.holds(
      'seal-binds',
      x.exhibit,
      `The file is, byte for byte, the one that was sealed on ${day(seal.sealedAt)} (${seal.kind === 'master' ? 'the file as it was delivered' : `made from ${seal.parent}`}).`,
    );
}

function checkSealLogged({ findings, read, bytesAt }, x, entries) {
  const fails = sentence => findings.fails('seal-logged', x.exhibit, sentence);
  const sealBytes = bytesAt(x.seal),
    seal = sealBytes === null ? null : readSealManifest(sealBytes);
  if (seal === null) return fails('The seal cannot be read, so it cannot be found in the record.');
  const made = x.entries.filter(i => {
    const entry = entries.get(i)?.entry;
    return entry?.exhibit === x.exhibit && entry.outcome === 'done' && ['sealed', 'derived'].includes(entry.action);
  });
  if (made.length !== 1)
    return fails(
      made.length === 0 ? 'The record does not say when this exhibit was sealed.' : 'The record says that this exhibit was sealed more than once.',
    );
  const { entry } = entries.get(made[0]);
  const fits =
    entry.action === (seal.kind === 'master' ? 'sealed' : 'derived') &&
    entry.sha256 === seal.sha256 &&
    entry.detail?.sealSha256 === read.get(x.seal).sha256;
  if (!fits) return fails('The seal beside this exhibit is not the one that was recorded when the exhibit was sealed: it was made anew.');
  findings.holds('seal-logged', x.exhibit, `This very seal was recorded when it was made, on ${day(entry.time)}.`, made[0]);
}

function checkDerivations({ findings, bytesAt, bundle }) {
  const seals = new Map(bundle.exhibits.map(x => [x.exhibit, bytesAt(x.seal) === null ? null : readSealManifest(bytesAt(x.seal))]));
  for (const [exhibit, seal] of seals) {
    if (seal?.kind !== 'derivative' || !seals.has(seal.parent)) continue;
    const parent = seals.get(seal.parent);
    if (parent?.sha256 === seal.parentSha256)
      findings.holds('derivation', exhibit, `It was made from the very ${seal.parent} that is in this bundle.`);
    else
      findings.fails('derivation', exhibit, `It was not made from the ${seal.parent} that is in this bundle, but from something else of that name.`);
  }
}

// Sections 12 and 13. The lists of packets are not derived again here, and no player is asked: what was not checked is said to be so.
async function checkClips({ findings, bytesAt, bundle, container, read }) {
  const seals = new Map(bundle.exhibits.map(x => [x, bytesAt(x.seal) === null ? null : readSealManifest(bytesAt(x.seal))]));
  for (const [x, seal] of seals) {
    if (seal?.role === 'packet-index')
      findings.note('packet-index', x.exhibit, 'This page did NOT derive the list of the original’s frames again. The program evidencevault-verify does.');
    if (seal?.role !== 'clip') continue;
    const named = seal.settings.packetProof;
    if (named === undefined) {
      findings.note('clip-packets', x.exhibit, 'No packet proof goes with this clip: that its frames are an unbroken run of the original footage is not shown here.');
      continue;
    }
    const fails = sentence => findings.fails('clip-packets', x.exhibit, sentence);
    if (!isObject(named) || Object.keys(named).length !== 1 || !isSha256(named.sha256)) {
      fails('The clip’s seal names a packet proof, and not in the agreed form.');
      continue;
    }
    const [beside] = [...seals].find(([, s]) => s?.role === 'packet-proof' && s.parent === x.exhibit && s.sha256 === named.sha256) ?? [];
    if (beside === undefined) {
      fails('The clip’s seal names a packet proof, and it is not in the bundle: it was taken out.');
      continue;
    }
    const files = [beside.file, x.file].map(path => container.files.get(path));
    if (files.includes(undefined) || [beside.file, x.file].some(path => read.get(path)?.sha256 === undefined)) {
      fails('The clip or its packet proof is missing or cannot be read.');
      continue;
    }
    const bytes = await bytesAgain(files[0].pieces, read.get(beside.file).sha256, files[0].size);
    const proof = bytes === null ? { fault: 'The packet proof cannot be read a second time.' } : readPacketProof(bytes);
    if (proof.fault !== undefined) {
      fails(proof.fault);
      continue;
    }
    const index = [...seals.values()].find(s => s?.role === 'packet-index' && s.parentSha256 === proof.master);
    const clip = await checkClip(proof, files[1].pieces, index === undefined ? null : Array.isArray(index.settings.streams) ? index.settings.streams.filter(isObject) : []);
    for (const sentence of clip.told) fails(sentence);
    if (proof.master !== seal.parentSha256) fails('The packet proof is for a clip of another original than the one that the clip’s seal names.');
    else if (clip.told.length === 0)
      findings.holds(
        'clip-packets',
        x.exhibit,
        `Each of the clip’s ${clip.packets} packets is, byte for byte, a packet of the original footage, in its order and with none in between left out: ${clip.spans}. The other ${clip.rest} of its ${clip.size} bytes are its container’s and no footage.`,
      );
    findings.note(
      'clip-playback',
      x.exhibit,
      'This page cannot ask a player whether it shows these packets and no others. The command “evidencevault verify” does, where ffmpeg is installed.',
    );
  }
}

async function checkCheckpoint({ findings, bytesAt, bundle, anchors }) {
  const bytes = bytesAt(CHECKPOINT);
  const fails = sentence => {
    findings.fails('checkpoint-signature', CHECKPOINT, sentence);
    return null;
  };
  if (bytes === null) return fails('The signed statement of the record (the checkpoint) is missing.');
  const note = readNote(bytes);
  const checkpoint = note === null ? null : readCheckpoint(note.text);
  if (checkpoint === null) return fails('The signed statement of the record (the checkpoint) cannot be read.');
  if (anchors.policy === null) return fails(`Who may sign the record could not be told, because the policy cannot be used. ${anchors.policyFault}`);
  const { good, bad } = await logSignatures(note, anchors.policy.logs);
  if (bad.length > 0) return fails('A signature of the record’s key is not good: the checkpoint was changed, or forged.');
  if (!good.some(key => key.name === checkpoint.origin)) return fails('The checkpoint was not signed by the log that the policy names.');
  const result = { note, bytes, ...checkpoint };
  if (
    bundle !== undefined &&
    (bundle.origin !== checkpoint.origin || BigInt(bundle.size) !== checkpoint.size || bundle.root !== hex(checkpoint.root))
  ) {
    fails('The checkpoint is not the one that the signed list of contents names.');
    return result;
  }
  findings.holds('checkpoint-signature', CHECKPOINT, `The log ${checkpoint.origin} signed its record as it stood with ${checkpoint.size} entries.`);
  return result;
}

async function checkWitnesses({ findings, anchors, bytesAt }, checkpoint) {
  const bytes = bytesAt(CHECKPOINT),
    note = bytes === null ? null : readNote(bytes);
  if (note === null || anchors.policy === null) {
    findings.fails(
      'witness-quorum',
      CHECKPOINT,
      'Whether witnesses confirmed the record could not be checked, because the checkpoint or the policy cannot be read.',
    );
    return [];
  }
  const { answers, isMet } = await askWitnesses(anchors.policy, note);
  const lying = answers.filter(answer => answer.bad > 0);
  const cosigned = answers.filter(answer => answer.times.length > 0);
  if (lying.length > 0)
    findings.fails(
      'witness-quorum',
      CHECKPOINT,
      `A signature that bears the name of the witness ${lying[0].name} is not good: it was changed, or forged.`,
    );
  else if (!isMet) findings.fails('witness-quorum', CHECKPOINT, 'Not enough of the witnesses that the policy asks for have confirmed this record.');
  else if (checkpoint === null) findings.fails('witness-quorum', CHECKPOINT, 'The policy cannot hold for a checkpoint that its log did not sign.');
  else
    findings.holds(
      'witness-quorum',
      CHECKPOINT,
      anchors.policy.quorum === 'none'
        ? 'The policy asks for no witness.'
        : `The policy’s witnesses confirmed this record: ${cosigned.map(a => a.name).join(', ')}.`,
    );

  if (anchors.policy.quorum === 'none')
    findings.note(
      'outside-witness',
      CHECKPOINT,
      'No witness is asked for. Nobody outside the vault confirms that it shows everybody the same record.',
    );
  else if (cosigned.length === 0) findings.note('outside-witness', CHECKPOINT, 'No witness confirmed this record.');
  else if (cosigned.every(answer => answer.isDemonstration))
    findings.note(
      'outside-witness',
      CHECKPOINT,
      'Only the vault’s own demonstration witness confirmed this record. It shows how witnesses work and is no outside witness: nobody outside the vault confirms that it shows everybody the same record.',
    );
  else
    findings.holds(
      'outside-witness',
      CHECKPOINT,
      `Confirmed by a witness other than the vault’s own: ${cosigned
        .filter(a => !a.isDemonstration)
        .map(a => a.name)
        .join(', ')}.`,
    );
  return answers;
}

/** The entries by index: those that bundle.json names and those that are there. */
function readEntries({ container, bytesAt, bundle }) {
  const indexes = new Set(bundle === undefined ? [] : indexesOf(bundle));
  for (const path of container.files.keys()) {
    const [, text] = /^data\/log\/entries\/([0-9]+)\.json$/.exec(path) ?? [];
    const index = text === undefined ? null : fromDecimal(text);
    if (index !== null && index <= BigInt(Number.MAX_SAFE_INTEGER)) indexes.add(Number(index));
  }
  return new Map(
    [...indexes]
      .sort((a, b) => a - b)
      .map(index => {
        const bytes = bytesAt(entryPath(index));
        return [index, { bytes, entry: bytes === null ? null : readEntry(bytes) }];
      }),
  );
}

function checkEntryForms({ findings }, entries) {
  for (const [index, { bytes, entry }] of entries) {
    if (bytes === null) findings.fails('entry-form', entryPath(index), `Entry ${index} of the record is missing.`, index);
    else if (entry === null)
      findings.fails(
        'entry-form',
        entryPath(index),
        `Entry ${index} of the record is not of the form that the vault writes: it was changed, or forged.`,
        index,
      );
  }
  if (entries.size === 0) findings.fails('entry-form', 'data/log/entries', 'There is no entry of the record in this bundle.');
  findings.holdsIfNothingFailed(
    'entry-form',
    'data/log/entries',
    `All ${entries.size} entries of the record can be read and are of the agreed form.`,
  );
}

async function checkProofs({ findings, bytesAt }, entries, checkpoint) {
  const noteBytes = bytesAt(CHECKPOINT);
  for (const [index, { bytes }] of entries) {
    // It names what is at fault: the proof where that is not one of this entry and checkpoint, else the entry.
    const fails = (sentence, path = entryPath(index)) => findings.fails('entry-proof', path, sentence, index);
    const proofBytes = bytesAt(proofPath(index)),
      proof = proofBytes === null ? null : readProof(proofBytes);
    if (proofBytes === null) fails(`The proof that entry ${index} is in the record is missing.`, proofPath(index));
    else if (proof === null) fails(`The proof that entry ${index} is in the record cannot be read.`, proofPath(index));
    else if (bytes === null) fails(`Entry ${index} itself is missing, so its proof shows nothing.`);
    else if (checkpoint === null) fails(`Whether entry ${index} is in the record could not be checked, because the checkpoint does not count.`);
    else if (!same(proof.note, noteBytes)) fails(`The proof of entry ${index} is of another checkpoint than that of this bundle.`, proofPath(index));
    else if (proof.index !== BigInt(index)) fails(`The proof beside entry ${index} is that of another entry, ${proof.index}.`, proofPath(index));
    else if (!(await includes(proof.index, checkpoint.size, await leafHash(bytes), proof.hashes, checkpoint.root)))
      fails(`Entry ${index} is not in the signed record as it stands here: it was changed, or was never recorded.`);
  }
  if (entries.size === 0) findings.fails('entry-proof', 'data/log/entries', 'There is no entry whose place in the record could be shown.');
  findings.holdsIfNothingFailed(
    'entry-proof',
    'data/log/entries',
    `Each of the ${entries.size} entries stands in the signed record at its place, unchanged.`,
  );
}

function checkSequence({ findings, bundle }, x, entries) {
  const fails = (sentence, index) => findings.fails('exhibit-sequence', x.exhibit, sentence, index);
  for (const [i, index] of x.entries.entries()) {
    const entry = entries.get(index)?.entry;
    if (!entry) return fails(`Entry ${index}, number ${i + 1} of this exhibit, is missing or cannot be read.`, index);
    if (entry.exhibit !== x.exhibit) return fails(`Entry ${index} is said to be of this exhibit and is not.`, index);
    if (entry.seq !== i + 1)
      return fails(`After number ${i} of this exhibit’s entries comes number ${entry.seq}: an entry between them is withheld or lost.`, index);
  }
  const lastIndex = x.entries.at(-1),
    last = entries.get(lastIndex).entry;
  if (last.seq !== x.lastSeq)
    return fails(`The last entry of this exhibit should be number ${x.lastSeq} and is number ${last.seq}: entries are withheld or lost.`, lastIndex);
  if (last.action !== 'exported' || last.outcome !== 'done' || last.sha256 !== sealedHash(x, entries) || !equal(last.detail, { bundle: bundle.id }))
    return fails('The last entry of this exhibit is not the one that records this very bundle.', lastIndex);
  // An entry of this exhibit that stands in the bundle, and that bundle.json does not count.
  for (const [index, { entry }] of entries)
    if (entry?.exhibit === x.exhibit && !x.entries.includes(index))
      return fails(`Entry ${index} is of this exhibit and is not counted among its entries.`, index);
  findings.holds(
    'exhibit-sequence',
    x.exhibit,
    `Its entries are numbered 1 to ${x.lastSeq} without a gap, up to the one that records this bundle: none is withheld.`,
  );
}

// The exhibit's own hash, as the record has it; that the file has it too is asked by seal-binds and seal-logged.
const sealedHash = (x, entries) =>
  x.entries.map(i => entries.get(i)?.entry).find(e => e && ['sealed', 'derived'].includes(e.action) && e.outcome === 'done')?.sha256;

function checkExportEntry({ findings, read, bundle }, entries) {
  const index = bundle.exportEntry,
    entry = entries.get(index)?.entry;
  const fails = sentence => findings.fails('export-entry', entryPath(index), sentence, index);
  if (!entry) return fails('The entry that records this export is missing or cannot be read.');
  if (entry.action !== 'exported' || entry.outcome !== 'done' || entry.exhibit !== undefined || entry.case !== bundle.case)
    return fails(`Entry ${index} does not record the export of a bundle of this case.`);
  const names = Object.keys(entry.detail ?? {}).sort();
  if (!equal(names, ['bundle', 'caSha256', 'exhibits', 'lastSeq', 'policySha256']))
    return fails(`Entry ${index} does not say what an export must say.`);
  const { detail } = entry;
  if (detail.bundle !== bundle.id) return fails(`Entry ${index} records the export of another bundle.`);
  if (
    !equal(
      detail.exhibits,
      bundle.exhibits.map(x => x.exhibit),
    )
  )
    return fails('The record names other exhibits for this export than the bundle holds.');
  if (
    !equal(
      detail.lastSeq,
      bundle.exhibits.map(x => x.lastSeq),
    )
  )
    return fails('The record counts other numbers of entries for these exhibits than the bundle does: entries are withheld, or were added.');
  if (detail.policySha256 !== read.get(POLICY)?.sha256)
    return fails('The policy in this bundle is not the one that was recorded with the export: it was exchanged.');
  if (detail.caSha256 !== read.get(CA)?.sha256)
    return fails('The CA certificate in this bundle is not the one that was recorded with the export: it was exchanged.');
  if (bundle.exhibits.some(x => x.entries.at(-1) >= index)) return fails('The entry that records this export stands before entries that it counts.');
  findings.holds(
    'export-entry',
    entryPath(index),
    `The export of this bundle is itself in the record, as entry ${index} of ${day(entry.time)}, with the same exhibits and counts.`,
    index,
  );
}

async function checkDisclosures({ findings, container, bytesAt, bundle }, entries) {
  let shown = 0,
    known = 0;
  for (const [index, { entry }] of entries) {
    known += entry?._sd?.length ?? 0;
    const path = disclosuresPath(index);
    if (!container.files.has(path)) continue;
    const bytes = bytesAt(path);
    if (bytes === null || !entry) {
      findings.fails('disclosure', path, `The details shown beside entry ${index} could not be compared with it.`, index);
      continue;
    }
    const result = await readDisclosures(bytes, entry);
    if (result.fault !== undefined) findings.fails('disclosure', path, result.fault, index);
    else {
      shown += result.shown.length;
      const broken = result.shown.find(each => bundle?.redacted.includes(each.name));
      if (broken) findings.fails('disclosure', path, `The bundle says that “${broken.name}” is withheld everywhere, and here it is shown.`, index);
    }
  }
  if (shown > 0)
    findings.holdsIfNothingFailed(
      'disclosure',
      'data/log/entries',
      `The ${shown} personal details that are shown (such as who acted, and why) are those that were recorded.`,
    );
  if (known > shown)
    findings.note('disclosure', 'data/log/entries', `${known - shown} personal details of ${known} are withheld. The entries prove without them.`);
  else findings.note('disclosure', 'data/log/entries', 'No personal detail is withheld.');
}

function checkTimes({ findings }, entries) {
  let before = null,
    wentBack = false;
  for (const [index, { entry }] of entries) {
    if (!entry) continue;
    if (before !== null && entry.time < before) {
      wentBack = true;
      findings.note(
        'time',
        entryPath(index),
        `The vault’s clock was set back before entry ${index}. The order of the record is what is signed; it does not depend on the clock.`,
        index,
      );
    }
    before = entry.time;
  }
  if (!wentBack) findings.holds('time', 'data/log/entries', 'The times of the entries follow their order.');
}

async function checkRemembered({ findings, anchors }, checkpoint, bytes) {
  const fails = sentence => findings.fails('remembered', CHECKPOINT, sentence);
  const note = readNote(bytes),
    kept = note === null ? null : readCheckpoint(note.text);
  if (kept === null) return fails('The checkpoint that somebody kept cannot be read.');
  if (checkpoint === null || anchors.policy === null)
    return fails('The checkpoint that somebody kept could not be compared, because the one in this bundle does not count.');
  const { good, bad } = await logSignatures(note, anchors.policy.logs);
  if (bad.length > 0 || !good.some(key => key.name === kept.origin))
    return fails('The checkpoint that somebody kept was not signed by a log of the policy.');
  if (kept.origin !== checkpoint.origin) return fails('The checkpoint that somebody kept is of another log.');
  if (kept.size === checkpoint.size)
    return same(kept.root, checkpoint.root)
      ? findings.holds('remembered', CHECKPOINT, 'The checkpoint that somebody kept is of the same record as this bundle’s.')
      : fails(
          'The checkpoint that somebody kept is of another record of the same length: the vault has shown two different records, and one of them was rewritten.',
        );
  // Section 6: from size 0 every record is consistent, and nothing needs to be shown.
  if (kept.size === 0n && same(kept.root, await sha256(new Uint8Array())))
    return findings.holds('remembered', CHECKPOINT, 'The checkpoint that somebody kept is from before the first entry: every record continues it.');
  fails(
    `The checkpoint that somebody kept is of the record with ${kept.size} entries, that of this bundle with ${checkpoint.size}. Whether one continues the other takes the log itself to show: use the command-line verifier, with the log at hand.`,
  );
}

function tellAnchors({ findings, anchors, bytesAt, read }) {
  const tell = (path, what, sha, isGiven) => {
    if (sha === null) findings.note('trust-anchors', path, `There is no ${what}.`);
    else if (!isGiven)
      findings.note(
        'trust-anchors',
        path,
        `The ${what} is the bundle’s own. Compare its SHA-256 with the one that the vault’s owner published: ${sha}`,
      );
    else {
      const differs = bytesAt(path) !== null && read.get(path).sha256 !== sha;
      findings.holds(
        'trust-anchors',
        path,
        `The ${what} that you gave was used${differs ? ' (the bundle’s own is another one)' : ''}. Its SHA-256 is ${sha}`,
      );
    }
  };
  tell(POLICY, 'policy', anchors.policySha256, anchors.isGiven.policy);
  tell(CA, 'CA certificate', anchors.caSha256, anchors.isGiven.ca);
}

// What the page shows beside the findings. All of it is hostile text until it is shown as text.
function factsOf({ bundle, anchors, bytesAt, read }, checkpoint, witnesses) {
  const seconds = time => (time < 8_640_000_000_000n ? new Date(Number(time) * 1000).toISOString() : String(time));
  return {
    bundle: bundle && { id: bundle.id, case: bundle.case, madeAt: bundle.madeAt, redacted: bundle.redacted },
    exhibits: (bundle?.exhibits ?? []).map(x => {
      const seal = bytesAt(x.seal) === null ? null : readSealManifest(bytesAt(x.seal));
      return {
        exhibit: x.exhibit,
        file: x.file,
        sha256: read.get(x.file)?.sha256 ?? null,
        bytes: read.get(x.file)?.size ?? null,
        sealedAt: seal?.sealedAt ?? null,
        kind: seal?.kind ?? null,
        parent: seal?.parent ?? null,
        entries: x.entries.length,
      };
    }),
    checkpoint: checkpoint && { origin: checkpoint.origin, size: String(checkpoint.size), root: hex(checkpoint.root) },
    witnesses: witnesses.map(w => ({ name: w.name, isDemonstration: w.isDemonstration, times: w.times.map(seconds), bad: w.bad })),
    anchors: {
      policySha256: anchors.policySha256,
      caSha256: anchors.caSha256,
      tsaSha256: anchors.tsaSha256,
      isGiven: anchors.isGiven,
      caNames: (anchors.ca ?? []).map(subjectText),
    },
  };
}
