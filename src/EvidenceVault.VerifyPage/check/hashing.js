// SHA-256 and SHA-512 of streams: hash-wasm where WebAssembly may run, else @noble/hashes.

import { createSHA256, createSHA512 } from 'hash-wasm';
import { sha256 as noble256, sha512 as noble512 } from '@noble/hashes/sha2.js';
import { hex } from './bytes.js';

let hasWasm;

async function hasher(fast, slow) {
  if (hasWasm !== false) {
    try {
      const made = await fast();
      made.init();
      hasWasm = true;
      return { update: bytes => made.update(bytes), hex: () => made.digest('hex'), again: () => made.init() };
    } catch (fault) {
      if (hasWasm) throw fault;
      hasWasm = false; // a policy of this computer forbids WebAssembly
    }
  }
  return plainHasher(slow);
}

export function plainHasher(algorithm) {
  let made = algorithm.create();
  return { update: bytes => made.update(bytes), hex: () => hex(made.digest()), again: () => (made = algorithm.create()) };
}

export const hasherOfSha256 = () => hasher(createSHA256, noble256);

/** Reads a stream once: {size, sha256, sha512?, bytes?}. Memory is one piece, and the bytes only where `keep` asks for them. */
export async function hashStream(pieces, { withSha512, keep, passed = () => {} }) {
  const a = await hasher(createSHA256, noble256);
  const b = withSha512 ? await hasher(createSHA512, noble512) : null;
  const kept = [];
  let size = 0;
  for await (const piece of pieces) {
    a.update(piece);
    b?.update(piece);
    if (keep) kept.push(piece.slice());
    size += piece.length;
    passed(piece.length);
  }
  const result = { size, sha256: a.hex() };
  if (b) result.sha512 = b.hex();
  if (keep) {
    result.bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of kept) {
      result.bytes.set(piece, at);
      at += piece.length;
    }
  }
  return result;
}
