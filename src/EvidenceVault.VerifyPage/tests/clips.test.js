import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkClip, readPacketProof } from '../check/clips.js';

const bag = new URL('../../../samples/bundles/valid/clip-with-packet-proof/bag/data/exhibits/', import.meta.url);
const proofBytes = new Uint8Array(readFileSync(new URL('AB-1-1-1/AB-1-1-1.proof', bag)));
const clipBytes = new Uint8Array(readFileSync(new URL('AB-1-1/AB-1-1.avi', bag)));

// As files are read: in pieces, of a length that fits nothing.
const inPieces = (bytes, length = 1000) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  };
const flipped = (bytes, bit) => {
  const copy = bytes.slice();
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
};
const text = bytes => Buffer.from(bytes).toString('latin1');

test('a good clip holds, in pieces of any length', async () => {
  for (const length of [1, 7, 1152, 100_000]) {
    const found = await checkClip(readPacketProof(proofBytes), inPieces(clipBytes, length), null);
    assert.deepEqual(found.told, []);
    assert.deepEqual([found.packets, found.rest, found.size], [4, clipBytes.length - 4 * 1152, clipBytes.length]);
    assert.equal(found.spans, 'video 2 to 5 of 6, from 0.167 s');
  }
});

test('any bit of the clip turned over is told', async () => {
  for (let bit = 3; bit < 8 * clipBytes.length; bit += 997) {
    const found = await checkClip(readPacketProof(proofBytes), inPieces(flipped(clipBytes, bit)), null);
    assert.ok(found.told.length > 0, `bit ${bit}`);
  }
});

test('any bit of the proof turned over is told, but for the words that neither clip nor tree is about', async () => {
  const described = proof => JSON.stringify([proof.master, proof.streams.map(s => [s.number, s.of, s.kind, s.codec, s.timeBase, s.size])]);
  const good = described(readPacketProof(proofBytes));
  for (let bit = 0; bit < 8 * proofBytes.length; bit += 5) {
    const proof = readPacketProof(flipped(proofBytes, bit));
    if (proof.fault !== undefined) continue;
    const found = await checkClip(proof, inPieces(clipBytes), null);
    assert.ok(found.told.length > 0 || described(proof) !== good, `bit ${bit}`);
  }
});

test('a clip that is cut off, and bytes that are counted twice, are told', async () => {
  const cut = await checkClip(readPacketProof(proofBytes), inPieces(clipBytes.subarray(0, 3000)), null);
  assert.ok(cut.told.some(sentence => sentence.includes('cut off')));
  const lines = text(proofBytes).trimEnd().split('\n');
  // The same packets once more, as those of another stream.
  const again = lines.slice(3).map(line => line.replace('stream 0 of 0', 'stream 1 of 1').replace(/^0,/, '1,'));
  const proof = readPacketProof(Buffer.from([...lines, ...again, ''].join('\n')));
  assert.equal(proof.fault, undefined);
  const twice = await checkClip(proof, inPieces(clipBytes), null);
  assert.ok(twice.told.some(sentence => sentence.includes('counts bytes of the clip twice')));
});

test('what is not of the form is refused and thrown at nobody', () => {
  const good = text(proofBytes);
  for (const bad of [
    '',
    good.trimEnd(),
    good + '\n',
    good + 'x\n',
    good.replace('evidencevault', 'evidence'),
    good.replace('count 4', 'count 5'),
    good.replace('from 1', 'from 3'),
    good.replace('from 1', 'from 01'),
    good.replace(' 8+1152', ' 8+1151'),
    good.replace(' 8+1152', ' 8+1152*1'),
    good.replace(' 8+1152', ' 8+576*2 0+0'),
    good.replace(' 8+1152', ' 9007199254740991+1152'),
    good.replace('video', 'vid\u00e9o'),
  ])
    assert.match(readPacketProof(Buffer.from(bad, 'latin1')).fault ?? 'none', /^The packet proof is not of its form/, bad.slice(0, 200));
});
