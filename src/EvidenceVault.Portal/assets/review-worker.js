// Reads what a reviewer drops, away from the page's own thread and from every network: its policy lets it connect to nothing. A file gives its hashes; a bundle is checked by the code of verify.html.
import { checkBundle } from '../../EvidenceVault.VerifyPage/check/bundle.js';
import { folderContainer, looksLikeBag, zipContainer } from '../../EvidenceVault.VerifyPage/check/container.js';
import { hashStream } from '../../EvidenceVault.VerifyPage/check/hashing.js';
import { slices } from '../../EvidenceVault.VerifyPage/check/zip.js';
import { textOf } from '../../EvidenceVault.VerifyPage/check/bytes.js';

const TELL_EVERY = 100; // milliseconds
const NOTHING_GIVEN = { policy: null, ca: null, tsa: null, remembered: null };
const LARGEST_RECORD = 16 << 20;

self.onmessage = async ({ data: task }) => {
  let told = 0;
  const progress = (done, total, path) => {
    const now = performance.now();
    if (done < total && now - told < TELL_EVERY) return;
    told = now;
    self.postMessage({ kind: 'progress', done, total, path });
  };
  try {
    self.postMessage(await work(task, progress));
  } catch (fault) {
    self.postMessage({ kind: 'fault', name: fault?.name ?? 'Error' });
  }
};

async function work({ file, name, files, folders }, progress) {
  const isZipName = /\.zip$/i.test(file?.name ?? '');
  if (file && (isZipName || (await startsAsZip(file)))) {
    const container = await zipContainer(file.name, file);
    if (container.fault !== null ? isZipName : looksLikeBag(container)) return checked(container, progress);
  }
  if (file) {
    let done = 0;
    const passed = count => progress((done += count), file.size, file.name);
    const { size, sha256, sha512 } = await hashStream(slices(file), { withSha512: true, keep: false, passed });
    return { kind: 'hashes', name: file.name, size, sha256, sha512 };
  }
  const container = folderContainer(name, files, folders);
  return looksLikeBag(container) ? checked(container, progress) : { kind: 'not-a-bundle', name };
}

async function startsAsZip(file) {
  const [p, k, a, b] = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return p === 0x50 && k === 0x4b && ((a === 3 && b === 4) || (a === 5 && b === 6));
}

// What the vault is asked about goes along: none of it is an exhibit's bytes.
async function checked(container, progress) {
  const { report, facts } = await checkBundle(container, NOTHING_GIVEN, Date.now(), progress);
  const record = async path => {
    const found = container.files.get(path);
    return found && found.size <= LARGEST_RECORD ? hashStream(found.pieces(), { withSha512: false, keep: true }) : null;
  };
  const [bundle, checkpoint, policy] = [await record('data/bundle.json'), await record('data/log/checkpoint'), await record('data/keys/policy')];
  const exportEntry = bundle && facts.bundle ? JSON.parse(textOf(bundle.bytes)).exportEntry : null;
  const asked = exportEntry === null || checkpoint === null ? null : { id: facts.bundle.id, exportEntry, bundleSha256: bundle.sha256, checkpoint: textOf(checkpoint.bytes) ?? '' };
  return { kind: 'bundle', name: container.name, report, facts, asked, policy: policy?.bytes ?? null };
}
