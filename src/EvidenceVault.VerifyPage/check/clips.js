// A clip's packet proof: FORMAT.md section 13. Shows without the original that the clip's packets (frames, pieces of sound) are an unbroken run of it.

import { bytesOf, hex, same, textOf } from './bytes.js';
import { hashStream, hasherOfSha256 } from './hashing.js';
import { inTree, leafHash } from './merkle.js';
import { isName, isSha256 } from './forms.js';

const VERSION = 'evidencevault/packet-proof/1';
const MOST_BYTES = 2 ** 27,
  MOST_LINE = 2 ** 20,
  MOST_STREAMS = 256,
  MOST_HASHES = 128;

const count = text => (/^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null);
const isTime = text => text === '' || (/^(0|-?[1-9][0-9]{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text));
const isTimeBase = text => /^[1-9][0-9]{0,9}\/[1-9][0-9]{0,9}$/.test(text) && text.split('/').every(part => Number(part) < 2 ** 31);
const unhex = text => Uint8Array.from(text.match(/../g), pair => parseInt(pair, 16));

/** The proof that bytes are, or {fault: a sentence}. Nothing that it says is believed yet. */
export function readPacketProof(bytes) {
  const fault = why => ({ fault: `The packet proof is not of its form: ${why}.` });
  if (bytes.length > MOST_BYTES) return fault('it is too large');
  const text = textOf(bytes);
  if (text === null || !/^[\n -~]*\n$/.test(text)) return fault('it is not plain text, or its last line has no end');
  const lines = text.slice(0, -1).split('\n');
  if (lines.some(line => line.length > MOST_LINE)) return fault('a line of it is too long');
  let at = 0;
  if (lines[at++] !== VERSION) return fault('its first line does not say what it is');
  const clip = /^clip ([0-9a-f]{64}) (\S+)$/.exec(lines[at++] ?? '');
  if (clip === null || count(clip[2]) === null) return fault('it does not name the clip');
  const master = /^master ([0-9a-f]{64})$/.exec(lines[at++] ?? '');
  if (master === null) return fault('it does not name the original');
  const streams = [];
  while (at < lines.length) {
    const stream = readStream(lines[at++]);
    if (stream === null || (streams.length > 0 && stream.number <= streams.at(-1).number) || streams.some(s => s.of === stream.of)) return fault('a stream is not named as it should be');
    let end = 0;
    while (stream.packets.length < stream.count) {
      const line = lines[at++];
      if (line === undefined) return fault('it ends before its last packet');
      if (stream.packets.length === 0 && line.startsWith('hash ')) {
        if (stream.hashes.length === MOST_HASHES || !isSha256(line.slice(5))) return fault('a hash is not one, or is one too many');
        stream.hashes.push(unhex(line.slice(5)));
        continue;
      }
      const packet = readPacket(line, stream.of, end);
      if (packet === null) return fault('a packet is not named as it should be');
      end = packet.end;
      stream.packets.push(packet);
    }
    streams.push(stream);
  }
  return streams.length === 0 ? fault('it names no stream') : { clip: clip[1], bytes: count(clip[2]), master: master[1], streams };
}

function readStream(line) {
  const parts = line.split(' ');
  if (parts.length !== 15) return null;
  const [stream, n, of, m, kind, codec, timeBase, packets, size, root, rootHash, from, first, counted, many] = parts;
  if (`${stream} ${of} ${packets} ${root} ${from} ${counted}` !== 'stream of packets root from count') return null;
  const numbers = [n, m, size, first, many].map(count);
  if (numbers.includes(null) || !isName(kind) || !isName(codec) || !isTimeBase(timeBase) || !isSha256(rootHash)) return null;
  const [number, theirs, all, begin, length] = numbers;
  if (number >= MOST_STREAMS || theirs >= MOST_STREAMS || length < 1 || begin >= all || length > all - begin) return null;
  return { number, of: theirs, kind, codec, timeBase, size: all, root: unhex(rootHash), rootHash, first: begin, count: length, hashes: [], packets: [] };
}

function readPacket(text, stream, from) {
  const [line, ...groups] = text.split(' ');
  const fields = line.split(',');
  if (fields.length !== 6) return null;
  const [of, pts, dts, bytes, key, sha256] = fields;
  if (of !== String(stream) || !isTime(pts) || !isTime(dts) || !/^(K|-)$/.test(key) || !isSha256(sha256)) return null;
  const runs = [];
  let end = from,
    sum = 0;
  for (const group of groups) {
    const found = /^([0-9]+)\+([0-9]+)(?:\*([0-9]+))?$/.exec(group);
    if (found === null) return null;
    const [skip, length, times] = [count(found[1]), count(found[2]), found[3] === undefined ? 1 : count(found[3])];
    if (skip === null || !length || !times || (found[3] !== undefined && times === 1)) return null;
    const reach = BigInt(end) + (BigInt(skip) + BigInt(length)) * BigInt(times);
    if (reach > BigInt(Number.MAX_SAFE_INTEGER)) return null;
    end = Number(reach);
    sum += length * times;
    runs.push({ skip, length, times });
  }
  return bytes === String(sum) ? { line, pts, dts, sha256, runs, end } : null;
}

const number = index => (index + 1).toLocaleString('en-GB');

function seconds(stream, packet) {
  const time = packet.pts || packet.dts;
  const [up, down] = stream.timeBase.split('/').map(Number);
  return time === '' ? 'no time' : `${((Number(time) * up) / down).toFixed(3)} s`;
}

/**
 * Holds a clip against its proof. `pieces` gives the clip's bytes from the start; `roots` are the streams of the original's packet index, where its seal is at hand.
 * Returns what does not hold, a sentence each, and how many bytes of the clip are no packet's.
 */
export async function checkClip(proof, pieces, roots) {
  const told = [];
  for (const stream of proof.streams) {
    const leaves = [];
    for (const packet of stream.packets) leaves.push(await leafHash(bytesOf(packet.line)));
    if (!(await inTree(stream.first, stream.size, leaves, stream.hashes, stream.root)))
      told.push(
        `The packets listed for the clip’s ${stream.kind} are not an unbroken run of the original’s sealed list: one was left out, put in, exchanged or altered since.`,
      );
    const known = roots?.find(r => r.stream === stream.of);
    if (
      roots &&
      (known?.root !== stream.rootHash || known.packets !== stream.size || known.kind !== stream.kind || known.codec !== stream.codec || known.timeBase !== stream.timeBase)
    )
      told.push(`The packets listed for the clip’s ${stream.kind} lead to another list than the one of the original that is sealed in this bundle.`);
  }
  const read = await readRanges(proof, pieces);
  if (read.fault !== null) told.push(read.fault);
  for (const [i, stream] of proof.streams.entries()) {
    const wrong = stream.packets.flatMap((packet, k) => (read.found[i][k] !== undefined && read.found[i][k] !== packet.sha256 ? [k] : []));
    if (wrong.length > 0)
      told.push(
        `The clip’s ${stream.kind} does not hold the original’s packets as they were: ${wrong.length} of ${stream.packets.length} are not where its proof says. The first is packet ${number(stream.first + wrong[0])}, of ${seconds(stream, stream.packets[wrong[0]])}.`,
      );
  }
  if (read.sha256 !== proof.clip || read.size !== proof.bytes) told.push('The clip is not the file that its packet proof was made for.');
  const spans = proof.streams.map(s => `${s.kind} ${number(s.first)} to ${number(s.first + s.count - 1)} of ${number(s.size - 1)}, from ${seconds(s, s.packets[0])}`);
  return { told, spans: spans.join('; '), packets: proof.streams.reduce((sum, s) => sum + s.count, 0), rest: read.size - read.taken, size: read.size };
}

function* rangesOf(stream) {
  let at = 0;
  for (const [packet, { runs }] of stream.packets.entries()) {
    for (const { skip, length, times } of runs)
      for (let i = 0; i < times; i++) {
        yield { packet, start: at + skip, length };
        at += skip + length;
      }
  }
}

// One pass over the clip: all of it and the ranges of each packet are hashed as they go by.
async function readRanges(proof, pieces) {
  const cursors = [];
  for (const stream of proof.streams) {
    const ranges = rangesOf(stream);
    cursors.push({ ranges, next: ranges.next().value, hash: await hasherOfSha256(), packet: -1, found: [] });
  }
  const empty = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array())));
  for (const [i, stream] of proof.streams.entries())
    for (const [k, { runs }] of stream.packets.entries()) if (runs.length === 0) cursors[i].found[k] = empty;

  const whole = await hasherOfSha256();
  const state = { fault: null, taken: 0, at: 0 };
  const earliest = () => cursors.reduce((least, c) => (c.next !== undefined && (least === null || c.next.start < least.next.start) ? c : least), null);
  let current = earliest(),
    left = current?.next.length ?? 0;

  const begin = () => {
    if (current === null) return;
    if (current.next.start < state.at) {
      state.fault = `The proof counts bytes of the clip twice: a packet is said to begin at byte ${current.next.start}, inside another.`;
      current = null;
      return;
    }
    left = current.next.length;
    if (current.packet === current.next.packet) return;
    current.packet = current.next.packet;
    current.hash.again();
  };
  begin();
  for await (const piece of pieces()) {
    whole.update(piece);
    let at = 0;
    while (at < piece.length) {
      if (current === null) {
        state.at += piece.length - at;
        break;
      }
      const gap = Math.min(left === current.next.length ? Math.max(0, current.next.start - state.at) : 0, piece.length - at);
      at += gap;
      state.at += gap;
      if (gap > 0) continue;
      const taken = Math.min(left, piece.length - at);
      current.hash.update(piece.subarray(at, at + taken));
      at += taken;
      state.at += taken;
      state.taken += taken;
      left -= taken;
      if (left > 0) continue;
      const done = current;
      done.next = done.ranges.next().value;
      if (done.next?.packet !== done.packet) done.found[done.packet] = done.hash.hex();
      current = earliest();
      begin();
    }
  }
  if (current !== null) state.fault ??= `The clip ends at byte ${state.at}, before the packets that its proof lists: it was cut off.`;
  return { fault: state.fault, taken: state.taken, size: state.at, sha256: whole.hex(), found: cursors.map(c => c.found) };
}

/** The bytes of a file, read again and held to what was found before; null where they are others. */
export async function bytesAgain(pieces, sha256, size) {
  if (size > MOST_BYTES) return null;
  const again = await hashStream(pieces(), { withSha512: false, keep: true });
  return same(bytesOf(again.sha256), bytesOf(sha256)) ? again.bytes : null;
}
