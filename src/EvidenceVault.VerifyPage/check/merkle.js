// RFC 9162 section 2.1: the tree's hashes and its proofs. Sizes and indexes are BigInt, unsigned 64 bits.

import { joined, same, sha256 } from './bytes.js';

export const leafHash = entry => sha256(joined([0x00], entry));
const nodeHash = (left, right) => sha256(joined([0x01], left, right));

/** Section 2.1.3.2. Any hash that is not 32 bytes refuses the proof before it is read. */
export async function includes(index, size, leaf, proof, root) {
  if ([leaf, root, ...proof].some(hash => hash.length !== 32)) return false;
  if (index < 0n || index >= size) return false;
  let fn = index,
    sn = size - 1n,
    r = leaf;
  for (const p of proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      r = await nodeHash(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = await nodeHash(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(r, root);
}

/** Section 2.1.4.2; from size 0 the proof is empty, the old root that of no leaves, and every new root consistent. */
export async function isConsistent(first, second, oldRoot, newRoot, proof) {
  if ([oldRoot, newRoot, ...proof].some(hash => hash.length !== 32)) return false;
  if (first > second) return false;
  if (first === 0n) return proof.length === 0 && same(oldRoot, await sha256(new Uint8Array()));
  if (first === second) return proof.length === 0 && same(oldRoot, newRoot);
  if (proof.length === 0) return false;
  const path = (first & (first - 1n)) === 0n ? [oldRoot, ...proof] : proof;
  let fn = first - 1n,
    sn = second - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let fr = path[0],
    sr = path[0];
  for (const c of path.slice(1)) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      fr = await nodeHash(c, fr);
      sr = await nodeHash(c, sr);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = await nodeHash(sr, c);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(fr, oldRoot) && same(sr, newRoot);
}

/**
 * FORMAT.md section 13: true where these leaves are those of the tree from the index `first` on, all of them and in this order. The proof has the hashes of the
 * largest subtrees that hold none of them, from left to right. Indexes and sizes are numbers below 2^53.
 */
export async function inTree(first, size, leaves, proof, root) {
  if ([root, ...leaves, ...proof].some(hash => hash.length !== 32)) return false;
  const past = first + leaves.length;
  if (leaves.length === 0 || first >= size || past > size) return false;
  let used = 0;
  const found = await walk(0, size);
  return used === proof.length && found !== null && same(found, root);

  async function walk(lo, hi) {
    if (hi <= first || lo >= past) return used < proof.length ? proof[used++] : null;
    if (hi - lo === 1) return leaves[lo - first];
    let k = 1;
    while (k * 2 < hi - lo) k *= 2;
    const left = await walk(lo, lo + k);
    const right = left === null ? null : await walk(lo + k, hi);
    return right === null ? null : nodeHash(left, right);
  }
}
