// The page. In a worker made of the same script only the work is done; see work.js.

import { serve, start } from './work.js';
import { byId, el } from './elements.js';
import { fromDrop, fromPickedFolder, Unusable } from './picking.js';
import { showBundle } from './report.js';
import { showFile } from './single.js';
import { size, visible } from './words.js';

const GIVEN = ['policy', 'ca', 'tsa', 'remembered'];
const LARGEST_GIVEN = 1 << 20;
const TITLE = 'Check a disclosure bundle – EvidenceVault';

if (typeof document === 'undefined') serve();
else open(document.currentScript.textContent);

function open(source) {
  window.evidenceVaultReport = null;
  let stop = null;

  const show = id => {
    for (const each of ['start', 'working', 'result']) byId(each).hidden = each !== id;
    window.scrollTo(0, 0);
  };
  const trouble = words => {
    show('start');
    document.title = TITLE;
    byId('trouble').replaceChildren(el('p', {}, el('strong', {}, 'Nothing was checked. '), words));
    byId('trouble').hidden = false;
  };
  const again = () => {
    byId('folder').value = byId('file').value = '';
    byId('result').replaceChildren();
    byId('trouble').hidden = true;
    window.evidenceVaultReport = null;
    document.title = TITLE;
    show('start');
    byId('pick-folder').focus();
  };

  async function begin(task) {
    if (stop !== null) return;
    stop = () => {};
    try {
      const given = await readGiven();
      byId('trouble').hidden = true;
      working(task.kind === 'file' ? task.file.name : task.name);
      stop = start({ ...task, given }, source, hear);
    } catch (fault) {
      stop = null;
      trouble(wordsOf(fault));
    }
  }

  const ended = () => {
    stop?.();
    stop = null;
  };

  function hear(message) {
    if (message.kind === 'progress') return progress(message);
    ended();
    if (message.kind === 'report') {
      window.evidenceVaultReport = message.report;
      result(showBundle(message.name, message.report, message.facts, { again, download }), message.report.holds ? 'Holds' : 'Does not hold');
    } else if (message.kind === 'hashes') {
      const report = { holds: null, answer: `SHA-256 ${message.sha256}, SHA-512 ${message.sha512}`, findings: [] };
      window.evidenceVaultReport = report;
      result(
        showFile(message, {
          again,
          download,
          compared: made => {
            window.evidenceVaultReport = made ?? report;
          },
        }),
        'Fingerprint',
      );
    } else if (message.kind === 'not-a-bundle')
      trouble(
        `“${visible(message.name, 80)}” is not a disclosure bundle. Choose the folder that has a file named bagit.txt in it, or the zip as you received it.`,
      );
    else trouble(message.words);
  }

  function result(elements, title) {
    byId('result').replaceChildren(...elements);
    show('result');
    document.title = `${title} – ${TITLE}`;
    byId('answer').focus();
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
    byId('working-words').textContent =
      done >= total
        ? `All ${size(total)} read. Comparing with seals and record.`
        : `Read ${size(done)} of ${size(total)}. Now reading ${visible(path.split('/').pop(), 80)}.`;
    document.title = `${Math.floor(share * 100)} % – ${TITLE}`;
    const tenth = Math.floor(share * 10); // said aloud ten times in all, whatever the size
    if (tenth > lastTenth) {
      lastTenth = tenth;
      byId('working-live').textContent = `${tenth * 10} per cent read`;
    }
  }

  byId('cancel').addEventListener('click', () => {
    ended();
    again();
    byId('trouble').replaceChildren(el('p', {}, el('strong', {}, 'Nothing was checked. '), 'You cancelled the check before it was complete.'));
    byId('trouble').hidden = false;
  });

  // ---- What is given -------------------------------------------------------------------------------------------------

  async function readGiven() {
    const given = {};
    for (const name of GIVEN) {
      const [file] = byId(`given-${name}`).files;
      if (file && file.size > LARGEST_GIVEN) throw new Unusable(`“${visible(file.name, 80)}” is too large to be a key or a checkpoint.`);
      given[name] = file ? new Uint8Array(await file.arrayBuffer()) : null;
    }
    return given;
  }

  byId('forget').addEventListener('click', () => {
    for (const name of GIVEN) byId(`given-${name}`).value = '';
    byId('given-policy').focus();
  });

  // ---- Dropping and picking ------------------------------------------------------------------------------------------

  async function take(finding) {
    try {
      const found = await finding();
      await begin(found.file ? { kind: 'file', file: found.file } : { kind: 'folder', ...found });
    } catch (fault) {
      trouble(wordsOf(fault));
    }
  }

  const wordsOf = fault =>
    fault instanceof Unusable ? fault.message : 'The browser could not read what you chose. Copy it to this computer’s own disk, and try again.';

  byId('pick-folder').addEventListener('click', () => byId('folder').click());
  byId('pick-file').addEventListener('click', () => byId('file').click());
  byId('folder').addEventListener('change', () => {
    const { files } = byId('folder');
    if (files.length > 0) take(() => fromPickedFolder(files));
  });
  byId('file').addEventListener('change', () => {
    const [file] = byId('file').files;
    if (file) take(() => ({ file }));
  });

  // Anywhere on the page, or the browser would open what is dropped beside the box.
  let depth = 0;
  const mark = change => {
    depth = Math.max(0, depth + change);
    byId('drop').classList.toggle('over', depth > 0);
  };
  window.addEventListener('dragenter', () => mark(1));
  window.addEventListener('dragleave', () => mark(-1));
  window.addEventListener('dragover', event => event.preventDefault());
  window.addEventListener('drop', event => {
    event.preventDefault();
    depth = 0;
    mark(0);
    if (byId('start').hidden || event.target instanceof HTMLInputElement) return;
    const found = fromDrop(event.dataTransfer);
    take(() => found);
  });

  // ---- Handing on ----------------------------------------------------------------------------------------------------

  function download() {
    const address = URL.createObjectURL(new Blob([`${JSON.stringify(window.evidenceVaultReport, null, 2)}\n`], { type: 'application/json' }));
    const link = el('a', { href: address, download: 'verification-report.json' });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  if (!globalThis.crypto?.subtle || typeof Blob.prototype.arrayBuffer !== 'function' || typeof DecompressionStream === 'undefined')
    trouble('This browser is too old for this page. Use Chrome, Edge or Firefox of 2023 or later, or the command-line verifier.');
}
