// Sends one file: its blocks straight to the store, to an address that is good for this file alone and for a short while.
import { AnonymousCredential, BlockBlobClient } from '@azure/storage-blob';
import { Trouble, patiently, post } from './portal-api.js';

const usualBlock = 8 << 20;
const mostBlocks = 50_000;
const together = 2;

/** Blocks of one size; larger only where a file would have more than the store takes. */
export const blockBytesOf = (size) => Math.max(usualBlock, Math.ceil(size / mostBlocks / (1 << 20)) * (1 << 20));

/** Asks a worker, one thing at a time. */
export class Hasher {
  #worker;

  constructor(address) {
    this.#worker = new Worker(address, { type: 'module' });
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => (data.failed ? reject(changed(data.failed)) : resolve(data));
      this.#worker.onerror = () => reject(new Trouble({ title: 'Files cannot be hashed here', detail: 'The browser did not let the page hash a file.', meaning: 'Nothing of this file was delivered.', next: 'Load the page again, or use another browser.' }));
      this.#worker.postMessage(message);
    });
  }
}

class Address {
  #ask;
  #client = null;
  #renewAt = 0;

  constructor(ask) {
    this.#ask = ask;
  }

  async first() {
    const to = await this.#ask();
    this.#take(to);
    return to;
  }

  async client() {
    // By this page's own stop-watch: clocks may be wrong.
    if (performance.now() > this.#renewAt) this.#take(await this.#ask());
    return this.#client;
  }

  runOut() {
    this.#renewAt = 0;
  }

  #take(to) {
    this.#client = to.url ? new BlockBlobClient(to.url, new AnonymousCredential(), { retryOptions: { maxTries: 1 } }) : null;
    this.#renewAt = performance.now() + to.seconds * 1000 * (2 / 3);
  }
}

const mostRefused = 5;

const changed = (detail) =>
  new Trouble({ title: 'A file cannot be read', detail, meaning: 'What was sent is kept; this file is not whole.', next: 'Put the card in again, load this page again and choose the same files.' });

const stage = async (address, file, block, waiting) => {
  let refused = 0;
  // From the file itself, which the browser reads again: memory stays flat. The store holds what arrives to the checksum of what was hashed, and refuses what differs.
  const content = file.slice(block.from, block.from + block.bytes);
  await patiently(async () => {
    const client = await address.client();
    if (!client) return;
    try {
      await client.stageBlock(block.id, content, block.bytes, { transactionalContentMD5: block.md5 });
    } catch (error) {
      if (error.statusCode === 403) address.runOut();
      if (error.statusCode === 400 && (refused += 1) >= mostRefused) throw changed('What is sent of the file is again and again not what was hashed.');
      await content
        .slice(0, 1)
        .arrayBuffer()
        .catch(() => {
          throw changed('The file changed or was taken away while it was sent.');
        });
      throw error;
    }
  }, waiting);
};

/** Sends a file and has it delivered. What is there already is read and hashed, and not sent again. */
export const sendFile = async (drop, listed, file, hasher, { progress, waiting }) => {
  const path = `/api/drops/${drop}/files/${listed.number}`;
  const address = new Address(() => post(`${path}/address`));
  const first = await patiently(() => address.first(), waiting);
  if (!first.url) {
    progress(file.size, false);
    return;
  }
  const there = new Set(first.blocks);
  const ids = [];
  const sending = new Set();
  let failed = null;
  await hasher.ask({ open: file, blockBytes: blockBytesOf(file.size) });
  let sha256;
  for (;;) {
    if (failed) throw failed;
    const block = await hasher.ask({ next: true });
    if (block.end) {
      sha256 = block.sha256;
      break;
    }
    ids.push(block.id);
    const { bytes } = block;
    if (there.has(block.id)) {
      progress(bytes, false);
      continue;
    }
    const one = stage(address, file, block, waiting)
      .then(() => progress(bytes, true))
      .catch((error) => {
        failed = error;
      })
      .finally(() => sending.delete(one));
    sending.add(one);
    if (sending.size >= together) await Promise.race(sending);
  }
  await Promise.all(sending);
  if (failed) throw failed;
  await patiently(() => post(`${path}/delivery`, { blocks: ids, sha256 }), waiting);
};
