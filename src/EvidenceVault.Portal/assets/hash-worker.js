// Reads a file block by block, beside the page: the SHA-256 of the whole as it goes, and of each block what the sender needs. Asks for nothing and sends nothing.
import { createMD5, createSHA256 } from 'hash-wasm';

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

let file = null;
let whole = null;
let md5 = null;
let blockBytes = 0;
let index = 0;

// All ids of a file must have one length; the service takes at most 64 bytes. The index and what is in the block: a block with this id is this block.
const idOf = async (number, bytes) => {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(`${String(number).padStart(6, '0')}-${base64(digest).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`);
};

const next = async () => {
  const from = index * blockBytes;
  if (from >= file.size) return { end: true, sha256: whole.digest('hex') };
  const bytes = await file.slice(from, Math.min(from + blockBytes, file.size)).arrayBuffer();
  // A file that changed or was taken away while it is read must not be taken for the one that was chosen.
  if (bytes.byteLength !== Math.min(blockBytes, file.size - from)) throw new Error('The file changed while it was read.');
  const view = new Uint8Array(bytes);
  whole.update(view);
  md5.init();
  md5.update(view);
  const id = await idOf(index, view);
  index += 1;
  return { id, md5: md5.digest('binary'), from, bytes: view.byteLength };
};

self.onmessage = async ({ data }) => {
  try {
    if (data.open) {
      [file, blockBytes, index] = [data.open, data.blockBytes, 0];
      whole = (await createSHA256()).init();
      md5 ??= await createMD5();
      self.postMessage({ opened: true });
    } else {
      self.postMessage(await next());
    }
  } catch (error) {
    self.postMessage({ failed: String(error.message ?? error) });
  }
};
