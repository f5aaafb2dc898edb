// The work itself, away from the page's own thread: in a worker made of this same script, so that the page stays at hand, and cancelling
// is at once. Where a browser allows no worker, it runs in the page.

import { checkBundle } from '../check/bundle.js';
import { folderContainer, looksLikeBag, zipContainer } from '../check/container.js';
import { hashStream } from '../check/hashing.js';
import { slices } from '../check/zip.js';

const TELL_EVERY = 100; // milliseconds

/** Does one task and tells of it: {kind: 'progress' | 'report' | 'hashes' | 'not-a-bundle'}. */
async function work(task, tell) {
  let told = 0;
  const progress = (done, total, path) => {
    const now = performance.now();
    if (done < total && now - told < TELL_EVERY) return;
    told = now;
    tell({ kind: 'progress', done, total, path });
  };
  if (task.kind === 'file' && (await isZip(task.file))) {
    const container = await zipContainer(task.file.name, task.file);
    if (container.fault !== null ? /\.zip$/i.test(task.file.name) : looksLikeBag(container))
      return tell({ kind: 'report', name: task.file.name, ...(await checkBundle(container, task.given, Date.now(), progress)) });
  }
  if (task.kind === 'file') {
    const { file } = task;
    let done = 0;
    const passed = count => progress((done += count), file.size, file.name);
    return tell({ kind: 'hashes', name: file.name, ...(await hashStream(slices(file), { withSha512: true, keep: false, passed })) });
  }
  const container = folderContainer(task.name, task.files, task.folders);
  if (!looksLikeBag(container)) return tell({ kind: 'not-a-bundle', name: task.name });
  tell({ kind: 'report', name: task.name, ...(await checkBundle(container, task.given, Date.now(), progress)) });
}

async function isZip(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return (
    /\.zip$/i.test(file.name) ||
    (start[0] === 0x50 && start[1] === 0x4b && ((start[2] === 3 && start[3] === 4) || (start[2] === 5 && start[3] === 6)))
  );
}

/** In a worker: waits for its one task. */
export function serve() {
  self.onmessage = async ({ data }) => {
    try {
      await work(data, message => self.postMessage(message));
    } catch (fault) {
      self.postMessage({ kind: 'fault', words: faultWords(fault) });
    }
  };
}

const faultWords = fault =>
  fault?.name === 'NotReadableError' || fault?.name === 'NotFoundError'
    ? 'A file could no longer be read. It was moved, changed or unplugged while it was being checked. Copy the bundle to this computer, and check the copy.'
    : `This page met something that it was not made for (${fault?.name ?? 'Error'}: ${String(fault?.message ?? fault).slice(0, 200)}). Nothing was shown about the evidence.`;

/** Starts a task; `tell` gets its messages. Returns how to stop it. */
export function start(task, source, tell) {
  let worker = null,
    isOver = false;
  const stop = () => {
    isOver = true;
    worker?.terminate();
  };
  const hear = message => {
    if (!isOver) tell(message);
  };
  const inPage = () => work(task, hear).catch(fault => hear({ kind: 'fault', words: faultWords(fault) }));
  try {
    const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    worker = new Worker(address);
    let hasSpoken = false;
    worker.onmessage = ({ data }) => {
      hasSpoken = true;
      hear(data);
    };
    worker.onerror = event => {
      event.preventDefault();
      worker.terminate();
      if (hasSpoken) hear({ kind: 'fault', words: faultWords(new Error(event.message || 'the worker ended')) });
      else if (!isOver) inPage();
    };
    worker.postMessage(task);
  } catch {
    inPage();
  }
  return stop;
}
