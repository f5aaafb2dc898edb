import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { fromBase64, fromBase64Url, fromDecimal, hex, toBase64Url } from '../check/bytes.js';
import { hashStream, plainHasher } from '../check/hashing.js';
import { includes, isConsistent, leafHash } from '../check/merkle.js';
import { isExhibit, isName, isTime, isWord } from '../check/forms.js';
import { logSignatures, readCheckpoint, readNote, readVerifierKey } from '../check/note.js';
import { readCanonical, write } from '../check/json.js';
import { NotDer, bits, boolean, integer, oid, parts, readDer, time } from '../check/der.js';
import { readPolicy, askWitnesses } from '../check/policy.js';
import { readProof } from '../check/proof.js';
import { isBagPath } from '../check/bag.js';
import { fitsContent, readCms } from '../check/cms.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { verifyEd25519, verifyWithNoble } from '../check/ed25519.js';
import { Authorities, checkpointText, cosign, makeBundle, noteKey, pathOf, rootOf, signNote } from './maker.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const shared = join(repository, '../shared/vectors');
const skip = existsSync(shared) ? false : 'the shared vectors (../shared/vectors) are not here';
const bytes = text => new Uint8Array(Buffer.from(text));
const loadJson = path => JSON.parse(readFileSync(path, 'utf8'));
const under = folder =>
  readdirSync(folder).flatMap(name => (statSync(join(folder, name)).isDirectory() ? under(join(folder, name)) : [join(folder, name)]));

// Some probes have indexes beyond what JSON numbers hold here.
const probe = path => JSON.parse(readFileSync(path, 'utf8').replace(/"(leafIdx|treeSize|size1|size2)": ([0-9]+)/g, '"$1": "$2"'));
const raw = text => new Uint8Array(Buffer.from(text ?? '', 'base64'));

test('the 98 inclusion probes are judged as they say', { skip }, async () => {
  const all = under(join(shared, 'merkle/testdata/inclusion'));
  assert.equal(all.length, 98);
  for (const path of all) {
    const p = probe(path);
    assert.equal(await includes(BigInt(p.leafIdx), BigInt(p.treeSize), raw(p.leafHash), (p.proof ?? []).map(raw), raw(p.root)), !p.wantErr, path);
  }
});

test('the 98 consistency probes are judged as they say', { skip }, async () => {
  const all = under(join(shared, 'merkle/testdata/consistency'));
  assert.equal(all.length, 98);
  for (const path of all) {
    const p = probe(path);
    // From size 0 every root is consistent where the proof is empty and the old root that of no leaves (the vectors' README).
    // A hash that is not 32 bytes is refused before any proof is read (the same README).
    const isWhole = [p.root1, p.root2].every(root => raw(root).length === 32);
    const expected = !isWhole
      ? false
      : p.size1 === '0'
        ? (p.proof ?? []).length === 0 && hex(raw(p.root1)) === createHash('sha256').digest('hex')
        : !p.wantErr;
    assert.equal(await isConsistent(BigInt(p.size1), BigInt(p.size2), raw(p.root1), raw(p.root2), (p.proof ?? []).map(raw)), expected, path);
  }
});

test('the signed notes are judged as they say', { skip }, async () => {
  const { good, bad, bad_vkeys } = loadJson(join(shared, 'signed-note.json'));
  const judge = async ({ vkeys, note }) => {
    const keys = await Promise.all(vkeys.map(key => readVerifierKey(key, 0x01)));
    assert.ok(keys.every(key => key !== null));
    const parsed = readNote(bytes(note));
    if (parsed === null) return false;
    const signatures = await logSignatures(parsed, keys);
    return signatures.bad.length === 0 && signatures.good.length > 0;
  };
  for (const each of good) assert.equal(await judge(each), true, each.note);
  for (const each of bad) assert.equal(await judge(each), false, each.why);
  for (const key of bad_vkeys) assert.equal(await readVerifierKey(key, 0x01), null, key);
});

test('every checkpoint of the Tessera log is read and its signature good', { skip }, async () => {
  const key = await readVerifierKey('example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx', 0x01);
  const found = under(join(shared, 'tessera/testdata/log')).filter(path => /checkpoint(\.[0-9]+)?$/.test(path));
  assert.ok(found.length >= 16, `${found.length} checkpoints`);
  for (const path of found) {
    const note = readNote(new Uint8Array(readFileSync(path)));
    assert.notEqual(readCheckpoint(note.text), null, path);
    assert.equal((await logSignatures(note, [key])).good.length, 1, path);
  }
});

test('numbers are written as ECMAScript writes them', () => {
  const path = join(repository, 'tests/EvidenceVault.Proof.Tests/vectors/es-numbers.txt');
  let count = 0;
  for (const line of readFileSync(path, 'utf8')
    .split('\n')
    .filter(each => /^[0-9a-f]{16} /.test(each))) {
    const [ieee, text] = line.split(' ');
    const value = new DataView(Uint8Array.from(Buffer.from(ieee, 'hex')).buffer).getFloat64(0);
    const own = write(value);
    if (own !== null) assert.equal(own, text, ieee); // integers beyond 2^53 − 1 in plain digits are refused
    count++;
  }
  assert.ok(count > 0);
});

test('only canonical JSON is read', () => {
  for (const good of [
    '{}',
    '[]',
    'null',
    '{"a":1,"b":[true,null]}',
    '"\u20ac\u0007"'.replace('\u0007', '\\u0007'),
    '{"\ud83d\ude00":1,"\ufb33":2}',
    '1e+21',
    '9007199254740991',
    '{"__proto__":1}',
  ])
    assert.notEqual(readCanonical(bytes(good)), undefined, good);
  for (const bad of [
    ' {}',
    '{} ',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a": 1}',
    '1.0',
    '-0',
    '1e21',
    '9007199254740992',
    '"\\u0041"',
    '"\\/"',
    '"\\ud800"',
    'nul',
    '',
    '[1,]',
    '{"\ufb33":1,"\ud83d\ude00":2}',
    '\ufeff{}',
    '"\\u000A"',
  ])
    assert.equal(readCanonical(bytes(bad)), undefined, bad);
  assert.equal(readCanonical(new Uint8Array([0x22, 0xff, 0x22])), undefined);
  assert.notEqual(readCanonical(bytes('['.repeat(64) + ']'.repeat(64))), undefined);
  assert.equal(readCanonical(bytes('['.repeat(65) + ']'.repeat(65))), undefined);
  assert.equal(readCanonical(bytes('['.repeat(1_000_000))), undefined);
});

test('base64 is read in one spelling', () => {
  assert.equal(hex(fromBase64('AQI=')), '0102');
  for (const bad of ['AQI', 'AQJ=', 'AQ I=', 'A===', '=', 'AQI=\n', 'AQ==AQ==', 'A-I=']) assert.equal(fromBase64(bad), null, bad);
  for (const bad of ['AQI=', 'AQJ', 'A', 'A+I']) assert.equal(fromBase64Url(bad), null, bad);
  for (let length = 0; length < 70; length++) {
    const some = new Uint8Array(randomBytes(length));
    assert.equal(toBase64Url(some), Buffer.from(some).toString('base64url'));
    assert.equal(hex(fromBase64Url(toBase64Url(some))), hex(some));
    assert.equal(hex(fromBase64(Buffer.from(some).toString('base64'))), hex(some));
  }
});

test('decimals are below 2^64 and without leading zeroes', () => {
  assert.equal(fromDecimal('18446744073709551615'), (1n << 64n) - 1n);
  for (const bad of ['18446744073709551616', '01', '', '-1', '+1', '1 ', '99999999999999999999']) assert.equal(fromDecimal(bad), null, bad);
});

test('the forms of single values', () => {
  assert.ok(isExhibit('AB/1/2') && isExhibit('A1/99999999') && isWord('read-back') && isName('OP-HERON') && isTime('2024-02-29T23:59:59.999Z'));
  for (const bad of ['AB', 'ab/1', 'AB/0', 'AB/1/2/3/4', 'AB/01', 'AB/1\n', 'AB/123456789']) assert.ok(!isExhibit(bad), bad);
  for (const bad of [
    '2023-02-29T00:00:00.000Z',
    '2024-01-01T24:00:00.000Z',
    '2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00.000+00:00',
    '2024-01-01t00:00:00.000z',
    '2016-12-31T23:59:60.000Z',
  ])
    assert.ok(!isTime(bad), bad);
  for (const good of ['data/a', 'a-b.c_d']) assert.ok(isBagPath(good), good);
  for (const bad of ['/a', 'a/', 'a//b', './a', 'a/../b', '-a', 'a/-b', 'a b', 'a\\b', 'é', '', 'x'.repeat(513), 'a:b'])
    assert.ok(!isBagPath(bad), bad);
});

test('DER is read strictly', () => {
  const der = text => readDer(new Uint8Array(Buffer.from(text, 'hex')));
  for (const bad of [
    '',
    '30',
    '3080',
    '30800000',
    '308100',
    '30817f' + '00'.repeat(127),
    '3082007f',
    '30020100ff',
    '020100ff',
    '1f0100',
    '3003020100' + '00',
    '30850000000001',
  ])
    assert.throws(() => der(bad), NotDer, bad);
  for (const bad of ['0200', '02020001', '0202ffff']) assert.throws(() => integer(der(bad)), NotDer, bad);
  for (const bad of ['010101', '0100', '01020000']) assert.throws(() => boolean(der(bad)), NotDer, bad);
  for (const bad of ['0300', '030108', '03020101', '030101']) assert.throws(() => bits(der(bad)), NotDer, bad);
  for (const bad of ['0600', '06018 0'.replace(' ', ''), '06028001', '060181']) assert.throws(() => oid(der(bad)), NotDer, bad);
  assert.equal(oid(der('06092a864886f70d010702')), '1.2.840.113549.1.7.2');
  assert.throws(() => parts(der('020100')), NotDer);
  const stamp = (tag, text) => time(der(tag + text.length.toString(16).padStart(2, '0') + Buffer.from(text).toString('hex')));
  assert.equal(stamp('17', '260131090500Z'), Date.UTC(2026, 0, 31, 9, 5));
  assert.equal(stamp('17', '500131090500Z'), Date.UTC(1950, 0, 31, 9, 5));
  assert.equal(stamp('18', '20260131090500.25Z'), Date.UTC(2026, 0, 31, 9, 5, 0, 250));
  for (const [tag, bad] of [
    ['17', '2601310905Z'],
    ['17', '260131090500+0100'],
    ['18', '20260231090500Z'],
    ['18', '20260131090500.0Z'],
    ['18', '20260131090500.Z'],
    ['18', '20260131090500'],
  ])
    assert.throws(() => stamp(tag, bad), NotDer, bad);
});

test('both ways to check Ed25519 agree, and refuse the same', async () => {
  for (let round = 0; round < 20; round++) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
      message = new Uint8Array(randomBytes(round)),
      signature = new Uint8Array(sign(null, message, privateKey));
    assert.equal(await verifyEd25519(key, message, signature), true);
    assert.equal(verifyWithNoble(key, message, signature), true);
    signature[round * 3] ^= 1;
    assert.equal(await verifyEd25519(key, message, signature), false);
    assert.equal(verifyWithNoble(key, message, signature), false);
  }
  assert.equal(await verifyEd25519(new Uint8Array(32).fill(255), new Uint8Array(1), new Uint8Array(64)), false);
  assert.equal(verifyWithNoble(new Uint8Array(32).fill(255), new Uint8Array(1), new Uint8Array(64)), false);
  assert.equal(await verifyEd25519(new Uint8Array(31), new Uint8Array(1), new Uint8Array(64)), false);
});

test('streams hash to what they are, with WebAssembly and without', async () => {
  async function* pieces(all) {
    for (let at = 0; at < all.length; at += 1000) yield all.subarray(at, at + 1000);
  }
  for (const length of [0, 1, 63, 64, 127, 128, 5_000]) {
    const all = new Uint8Array(randomBytes(length));
    const got = await hashStream(pieces(all), { withSha512: true, keep: true });
    assert.equal(got.sha256, createHash('sha256').update(all).digest('hex'));
    assert.equal(got.sha512, createHash('sha512').update(all).digest('hex'));
    assert.equal(hex(got.bytes), hex(all));
    const plain = plainHasher(sha512);
    plain.update(all);
    assert.equal(plain.hex(), got.sha512);
  }
});

test('a policy is read as C2SP writes it, and nothing else is', async () => {
  const log = noteKey('vault.example/log'),
    [a, b, c] = ['a', 'b', 'c'].map(name => noteKey(`${name}.example`, 4));
  const witnesses = `witness A ${a.vkey}\nwitness B ${b.vkey} https://b.example\nwitness C ${c.vkey}\n`;
  const read = text => readPolicy(bytes(text));
  const good = await read(`# of ours\n\n\t log  ${log.vkey} https://vault.example \n${witnesses}group G 2 A B C\nquorum G\n`);
  assert.equal(good.fault, undefined);
  const body = checkpointText('vault.example/log', [Buffer.from('x')]);
  const noteOf = (...lines) => readNote(bytes(`${body}\n${signNote(body, log)}${lines.join('')}`));
  assert.equal((await askWitnesses(good, noteOf(cosign(body, a)))).isMet, false);
  assert.equal((await askWitnesses(good, noteOf(cosign(body, a), cosign(body, a, 7n)))).isMet, false);
  assert.equal((await askWitnesses(good, noteOf(cosign(body, a), cosign(body, c)))).isMet, true);
  for (const bad of [
    `log ${log.vkey}\n`,
    `log ${log.vkey}\nquorum none\nquorum none\n`,
    `log ${log.vkey}\nlog ${log.vkey}\nquorum none\n`,
    `quorum G\n`,
    `${witnesses}group G 4 A B C\nquorum G\n`,
    `${witnesses}group G 0 A\nquorum G\n`,
    `${witnesses}group G any A A\nquorum G\n`,
    `${witnesses}group G any A\ngroup H any A\nquorum H\n`,
    `${witnesses}group A any B\nquorum A\n`,
    `group G any A\n${witnesses}quorum G\n`,
    `witness none ${a.vkey}\nquorum none\n`,
    `${witnesses}group G any none\nquorum G\n`,
    `log ${a.vkey}\nquorum none\n`,
    `witness A ${log.vkey}\nquorum none\n`,
    `quorum none\r\n`,
    `quorum none`,
    `other x\nquorum none\n`,
    `quorum none\u0000\n`,
    `# ${'x'.repeat(70_000)}\nquorum none\n`,
  ])
    assert.notEqual((await read(bad)).fault, undefined, bad.slice(0, 80));
});

test('a proof is read in its one form', async () => {
  const entries = Array.from({ length: 11 }, (_, i) => Buffer.from(`entry ${i}`));
  const lines = pathOf(6, entries)
    .map(hash => `${hash.toString('base64')}\n`)
    .join('');
  const proof = `c2sp.org/tlog-proof@v1\nextra AQI=\nindex 6\n${lines}\nnote\n`;
  const read = readProof(bytes(proof));
  assert.equal(read.index, 6n);
  assert.equal(await includes(6n, 11n, await leafHash(entries[6]), read.hashes, rootOf(entries)), true);
  assert.equal(await includes(5n, 11n, await leafHash(entries[6]), read.hashes, rootOf(entries)), false);
  for (const bad of [
    proof.replace('extra AQI=', `extra ${'AAAA'.repeat(20_000)}`),
    proof.replace('@v1', '@v2'),
    proof.replace('index 6', 'index 06'),
    proof.replace('index 6\n', ''),
    proof.replace('extra AQI=', 'extra AQJ='),
    proof.replace('index', 'Index'),
    `${proof.split('\n\n')[0]}\n`,
    proof.replace(lines, `${lines}AQI=\n`),
    proof.replace(lines, lines.repeat(20)),
  ])
    assert.equal(readProof(bytes(bad)), null, bad);
});

test('any flipped byte of a seal is judged: it never stops the check', async () => {
  const authorities = new Authorities();
  const files = makeBundle(authorities, { footage: Buffer.alloc(100, 5) });
  authorities.close();
  const name = 'data/seals/AB-1/seal.cms';
  const seal = files.get(name);
  let read = 0;
  for (let at = 0; at < seal.length; at++) {
    const bad = Buffer.from(seal);
    bad[at] ^= 0x10;
    let cms;
    try {
      cms = readCms(bad);
    } catch {
      continue; // told as a signature that cannot be read
    }
    read++;
    assert.equal(typeof (await fitsContent(cms, Buffer.alloc(10))), 'boolean', `byte ${at} of ${name}`);
  }
  assert.ok(read > 100);
});
