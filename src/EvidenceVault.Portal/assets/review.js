// The page that checks a file or a bundle: what is dropped is read by a worker, and only a hash, or a bundle's own statements of itself, go to the vault.
import { fromDrop, fromPickedFolder, Unusable } from '../../EvidenceVault.VerifyPage/page/picking.js';
import { showBundle } from '../../EvidenceVault.VerifyPage/page/report.js';
import { el } from '../../EvidenceVault.VerifyPage/page/elements.js';
import { size, visible } from '../../EvidenceVault.VerifyPage/page/words.js';
import { bytesOf, fromBase64 } from '../../EvidenceVault.VerifyPage/check/bytes.js';
import { isConsistent } from '../../EvidenceVault.VerifyPage/check/merkle.js';
import { logSignatures, readCheckpoint, readNote } from '../../EvidenceVault.VerifyPage/check/note.js';
import { readPolicy } from '../../EvidenceVault.VerifyPage/check/policy.js';

const byId = id => document.getElementById(id);
const TITLE = document.title;

if (byId('drop')) open();

function open() {
  let worker = null;
  byId('drop').hidden = false;

  const show = id => {
    for (const each of ['asking', 'working', 'report']) byId(each).hidden = each !== id;
    window.scrollTo(0, 0);
  };
  const ended = () => {
    worker?.terminate();
    worker = null;
  };
  const trouble = words => {
    ended();
    show('asking');
    document.title = TITLE;
    byId('trouble').replaceChildren(el('p', { class: 'govuk-body' }, el('strong', {}, 'Nothing was checked. '), words));
    byId('trouble').hidden = false;
    byId('trouble').focus();
  };
  const again = () => location.assign('/verify');

  async function take(finding) {
    if (worker !== null) return;
    byId('trouble').hidden = true;
    try {
      const found = await finding();
      working(found.file ? found.file.name : found.name);
      worker = new Worker(byId('drop').dataset.worker, { type: 'module' });
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = () => trouble('This browser could not start to read. Use Chrome, Edge or Firefox of 2023 or later, or enter the hash below.');
      worker.postMessage(found);
    } catch (fault) {
      trouble(fault instanceof Unusable ? fault.message : 'The browser could not read what you chose. Copy it to this computer’s own disk, and try again.');
    }
  }

  function hear(message) {
    if (message.kind === 'progress') return progress(message);
    ended();
    if (message.kind === 'hashes') lookUp(message);
    else if (message.kind === 'bundle') bundle(message);
    else if (message.kind === 'not-a-bundle') trouble(`“${visible(message.name, 80)}” is not a disclosure bundle. Choose the folder that has a file named bagit.txt in it, or the zip as you received it.`);
    else trouble('A file could no longer be read: it was moved, changed or unplugged meanwhile. Copy it to this computer, and check the copy.');
  }

  // The form does the rest, as it does without scripts. What the portal calls a file when it gives it out says which exhibit it should be; the name itself is not sent.
  function lookUp({ name, size: bytes, sha256 }) {
    byId('hash').value = sha256;
    byId('bytes').value = bytes;
    const named = /^([A-Z][A-Z0-9]{0,11}(?:-[1-9][0-9]{0,7}){1,3})(?: \([0-9]+\))?(?:\.[A-Za-z0-9]{1,8})?$/.exec(name);
    if (byId('exhibit').value === '' && named) byId('exhibit').value = named[1].replaceAll('-', '/');
    byId('look-up').submit();
  }

  // ---- A bundle ------------------------------------------------------------------------------------------------------

  async function bundle({ name, report, facts, asked, policy }) {
    const download = () => {
      const address = URL.createObjectURL(new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' }));
      const link = el('a', { href: address, download: 'verification-report.json' });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    };
    const elements = showBundle(name, report, facts, { again, download });
    // Of a bundle that does not hold, what is wrong with it comes first.
    const place = report.holds ? 1 : elements.findIndex(each => each.classList.contains('actions'));
    elements.splice(place, 0, ...(await compared(asked, policy, facts)));
    byId('report').replaceChildren(...elements.map(dress));
    show('report');
    document.title = `${report.holds ? 'Holds' : 'Does not hold'} – ${TITLE}`;
    byId('answer').focus();
  }

  async function compared(asked, policy, facts) {
    const told = (...sentences) => [el('h2', {}, 'Compared with the vault'), ...sentences.map(sentence => el('p', {}, sentence))];
    if (asked === null) return told('The bundle says too little about itself to be compared with the vault.');
    try {
      const answer = await fetch(`${byId('drop').dataset.compare}?${new URLSearchParams(asked)}`, { headers: { Accept: 'application/json' } });
      const said = await answer.json();
      if (!answer.ok) return told(said.detail ?? 'The vault did not answer.', said.next ?? 'Sign in and try again.');
      return told(...said.sentences, ...(said.isContinued ? [await ownCheck(said, policy, facts)] : []));
    } catch {
      return told('The vault could not be asked. What is said of the bundle by itself stands; try again for the rest.');
    }
  }

  // The vault is not taken at its word: whether its log continues the bundle's is worked out here.
  async function ownCheck(said, policyBytes, facts) {
    const note = readNote(bytesOf(said.newest)),
      newest = note === null ? null : readCheckpoint(note.text);
    const policy = policyBytes === null ? { fault: 'none' } : await readPolicy(policyBytes);
    const proof = said.consistency.map(fromBase64);
    if (newest === null || proof.includes(null)) return 'What the vault gave as proof of that cannot be read.';
    const { size: oldSize, root } = facts.checkpoint;
    const oldRoot = Uint8Array.from(root.match(/../g), pair => parseInt(pair, 16));
    if (!(await isConsistent(BigInt(oldSize), newest.size, oldRoot, newest.root, proof))) return 'The proof that the vault gave of that does NOT hold. Tell the person responsible for disclosure.';
    const isSigned = policy.fault === undefined && (await logSignatures(note, policy.logs)).good.length > 0;
    return isSigned
      ? `This browser has checked that for itself: the proof holds, from ${oldSize} entries to ${newest.size}, and the log’s key in the bundle signed both.`
      : `The proof of that holds, from ${oldSize} entries to ${newest.size}. The newest statement is signed with a key that is not in the bundle: ask the vault’s owner whether it was changed since.`;
  }

  // verify.html has a look of its own; here its words wear the portal's.
  const WEAR = { H1: 'govuk-heading-l', H2: 'govuk-heading-m', H3: 'govuk-heading-s', P: 'govuk-body', UL: 'govuk-list govuk-list--bullet', TABLE: 'govuk-table', TH: 'govuk-table__header', TD: 'govuk-table__cell', CAPTION: 'govuk-table__caption', BUTTON: 'govuk-button govuk-button--secondary' };
  function dress(top) {
    for (const each of [top, ...top.querySelectorAll('*')]) if (WEAR[each.tagName]) each.classList.add(...WEAR[each.tagName].split(' '));
    if (top.tagName !== 'TABLE') return top;
    const caption = top.querySelector('caption')?.textContent ?? 'Results';
    return el('div', { class: 'ev-wide', tabindex: '0', role: 'region', 'aria-label': caption }, top);
  }

  // ---- Progress ------------------------------------------------------------------------------------------------------

  let lastTenth = 0;

  function working(name) {
    lastTenth = 0;
    byId('bar').value = 0;
    byId('working-name').textContent = visible(name, 120);
    byId('working-words').textContent = 'Starting to read.';
    byId('working-live').textContent = '';
    show('working');
    byId('working-title').focus();
  }

  function progress({ done, total, path }) {
    const share = total === 0 ? 1 : done / total;
    byId('bar').value = Math.floor(share * 1000);
    byId('working-words').textContent = done >= total ? `All ${size(total)} read.` : `Read ${size(done)} of ${size(total)}. Now reading ${visible(path.split('/').pop(), 80)}.`;
    const tenth = Math.floor(share * 10); // said aloud ten times in all, whatever the size
    if (tenth > lastTenth) {
      lastTenth = tenth;
      byId('working-live').textContent = `${tenth * 10} per cent read`;
    }
  }

  byId('cancel').addEventListener('click', () => trouble('You stopped the check before it was complete.'));

  // ---- Dropping and picking ------------------------------------------------------------------------------------------

  byId('pick-file').addEventListener('click', () => byId('file').click());
  byId('pick-folder').addEventListener('click', () => byId('folder').click());
  byId('file').addEventListener('change', () => {
    const [file] = byId('file').files;
    if (file) take(() => ({ file }));
  });
  byId('folder').addEventListener('change', () => {
    const { files } = byId('folder');
    if (files.length > 0) take(() => fromPickedFolder(files));
  });

  // Anywhere on the page, or the browser would open what is dropped beside the box.
  let depth = 0;
  const mark = change => {
    depth = Math.max(0, depth + change);
    byId('drop').classList.toggle('ev-drop--over', depth > 0);
  };
  window.addEventListener('dragenter', () => mark(1));
  window.addEventListener('dragleave', () => mark(-1));
  window.addEventListener('dragover', event => event.preventDefault());
  window.addEventListener('drop', event => {
    event.preventDefault();
    depth = 0;
    mark(0);
    if (byId('asking').hidden) return;
    const found = fromDrop(event.dataTransfer);
    take(() => found);
  });
}
