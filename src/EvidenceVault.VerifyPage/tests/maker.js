// Makes bundles as FORMAT.md says, by its own hand: seals with openssl, notes with node's Ed25519, proofs by the RFC's own recursion.
// What a test wants damaged it damages through a hook, before or after what would cover it is signed.

import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { write } from '../check/json.js';
import { folderContainer } from '../check/container.js';

export const sha256 = bytes => createHash('sha256').update(bytes).digest();
const hexOf = (algorithm, bytes) => bytes[algorithm] ?? createHash(algorithm).update(bytes).digest('hex');
const text = value => Buffer.from(value, 'utf8');

// ---- The log --------------------------------------------------------------------------------------------------------

const leaf = entry => sha256(Buffer.concat([Buffer.from([0]), entry]));
const node = (left, right) => sha256(Buffer.concat([Buffer.from([1]), left, right]));
const split = n => 2 ** Math.ceil(Math.log2(n) - 1);

/** RFC 9162 section 2.1.1. */
export function rootOf(entries) {
  if (entries.length === 0) return sha256(Buffer.alloc(0));
  if (entries.length === 1) return leaf(entries[0]);
  const k = split(entries.length);
  return node(rootOf(entries.slice(0, k)), rootOf(entries.slice(k)));
}

/** RFC 9162 section 2.1.3.1. */
export function pathOf(m, entries) {
  if (entries.length === 1) return [];
  const k = split(entries.length);
  return m < k ? [...pathOf(m, entries.slice(0, k)), rootOf(entries.slice(k))] : [...pathOf(m - k, entries.slice(k)), rootOf(entries.slice(0, k))];
}

export function noteKey(name, type = 1) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const typed = Buffer.concat([Buffer.from([type]), raw]);
  const id = sha256(Buffer.concat([text(name), Buffer.from([0x0a]), typed])).subarray(0, 4);
  return { name, id, privateKey, vkey: `${name}+${id.toString('hex')}+${typed.toString('base64')}` };
}

const line = (key, signature) => `\u2014 ${key.name} ${Buffer.concat([key.id, signature]).toString('base64')}\n`;

export const checkpointText = (origin, entries) => `${origin}\n${entries.length}\n${rootOf(entries).toString('base64')}\n`;

export const signNote = (body, key) => line(key, sign(null, text(body), key.privateKey));

export function cosign(body, key, time = 1_760_000_000n) {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(time);
  return line(key, Buffer.concat([stamp, sign(null, text(`cosignature/v1\ntime ${time}\n${body}`), key.privateKey)]));
}

// ---- The authorities ------------------------------------------------------------------------------------------------

/** A CA, its signer of seals and a time-stamping authority, made once for all tests by openssl in a scratch folder. */
export class Authorities {
  constructor({ curve = 'P-256' } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'verify-page-'));
    this.ca = this.#root('ca', '/CN=OP-HERON test CA', curve);
    this.signer = this.issue('signer', this.ca, '/CN=OP-HERON test seals', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection');
    this.tsaCa = this.#root('tsa-ca', '/CN=OP-HERON test TSA CA', curve);
    this.tsa = this.issue('tsa', this.tsaCa, '/CN=OP-HERON test TSA', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping');
  }

  openssl(args, input) {
    return execFileSync('openssl', args, { cwd: this.folder, input, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  path(name) {
    return join(this.folder, name);
  }

  #root(name, subject, curve) {
    this.openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      `ec_paramgen_curve:${curve}`,
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      subject,
      '-days',
      '7300',
      '-addext',
      'keyUsage=critical,keyCertSign',
      '-addext',
      'basicConstraints=critical,CA:true',
    ]);
    return { name, pem: readFileSync(this.path(`${name}.pem`)) };
  }

  otherRoot(name, subject) {
    return this.#root(name, subject, 'P-256');
  }

  issue(name, issuer, subject, extensions, days = 3650, key = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
    writeFileSync(this.path(`${name}.ext`), `basicConstraints=CA:false\n${extensions}\n`);
    this.openssl(['req', '-newkey', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject]);
    this.openssl([
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${issuer.name}.pem`,
      '-CAkey',
      `${issuer.name}.key`,
      '-CAcreateserial',
      '-out',
      `${name}.pem`,
      '-days',
      String(days),
      '-extfile',
      `${name}.ext`,
    ]);
    return { name, pem: readFileSync(this.path(`${name}.pem`)) };
  }

  sign(content, signer = this.signer, more = []) {
    writeFileSync(this.path('content'), content);
    return this.openssl([
      'cms',
      '-sign',
      '-binary',
      '-outform',
      'DER',
      '-in',
      'content',
      '-signer',
      `${signer.name}.pem`,
      '-inkey',
      `${signer.name}.key`,
      '-md',
      'sha256',
      ...more,
    ]);
  }

  stamp(content, tsa = this.tsa) {
    writeFileSync(this.path('stamped'), content);
    writeFileSync(this.path('serial'), '01');
    writeFileSync(
      this.path('tsa.cnf'),
      `[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\ncrypto_device=builtin\ness_cert_id_alg=sha256\n`,
    );
    this.openssl(['ts', '-query', '-data', 'stamped', '-sha256', '-cert', '-out', 'query']);
    this.openssl([
      'ts',
      '-reply',
      '-config',
      'tsa.cnf',
      '-queryfile',
      'query',
      '-signer',
      `${tsa.name}.pem`,
      '-inkey',
      `${tsa.name}.key`,
      '-token_out',
      '-out',
      'token',
    ]);
    return readFileSync(this.path('token'));
  }

  close() {
    rmSync(this.folder, { recursive: true });
  }
}

// ---- Entries and seals ----------------------------------------------------------------------------------------------

const toBase64Url = bytes => Buffer.from(bytes).toString('base64url');

export function disclosure(name, value) {
  const encoded = toBase64Url(text(JSON.stringify([toBase64Url(randomBytes(16)), name, value])));
  return { name, encoded, digest: toBase64Url(sha256(text(encoded))) };
}

const time = minute => `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`;

/**
 * A bundle of AB/1 and AB/1/1 (a clip of it): path → bytes. Hooks, each given what it may alter: entries(list), seal(manifest),
 * policy(text) → text, note(text) → text, bundle(object), inside(files) before bundle.json is made, signed(files) after it is
 * signed and before the bag's lists, packed(files) at the end.
 */
export function makeBundle(
  authorities,
  { stamps = false, witness = null, quorum = witness ? 'w' : 'none', redacted = [], hooks = {}, footage = randomBytes(100_000), signer } = {},
) {
  const hook = (name, value) => hooks[name]?.(value) ?? value;
  const logKey = noteKey('vault.example/log');
  const id = randomBytes(16).toString('hex');
  const clip = footage.subarray(0, 20_000);
  const files = new Map();

  const policy = hook(
    'policy',
    `log ${logKey.vkey}\n${witness ? `witness ${witness.policyName ?? 'w'} ${witness.vkey}\n` : ''}quorum ${witness?.policyName && quorum === 'w' ? witness.policyName : quorum}\n`,
  );
  files.set('data/keys/policy', text(policy));
  files.set('data/keys/ca.pem', authorities.ca.pem);
  if (stamps) files.set('data/keys/tsa.pem', authorities.tsaCa.pem);

  const seals = new Map();
  for (const [exhibit, bytes, extension] of [
    ['AB/1', footage, 'mp4'],
    ['AB/1/1', clip, 'mp4'],
  ]) {
    const folder = exhibit.replaceAll('/', '-');
    const seal = hook('seal', {
      v: 'evidencevault/seal/1',
      exhibit,
      case: 'OP-HERON',
      camera: 'CAM-7',
      kind: exhibit === 'AB/1' ? 'master' : 'derivative',
      sha256: hexOf('sha256', bytes),
      sha512: hexOf('sha512', bytes),
      bytes: bytes.length,
      mediaType: 'video/mp4',
      sealedAt: time(1),
      store: {
        address: `masters/sha256/${folder}`,
        encryption: 'azure-client-side-v2.0-aes-256-gcm',
        note: '',
        immutability: 'application',
        legalHold: 'application',
      },
      ...(exhibit === 'AB/1'
        ? {}
        : { parent: 'AB/1', parentSha256: hexOf('sha256', footage), role: 'clip', settings: { from: 0, to: 5 }, versions: { ffmpeg: '7.1' } }),
    });
    const sealBytes = text(write(seal));
    const cms = authorities.sign(sealBytes, signer);
    const paths = {
      file: `data/exhibits/${folder}/${folder}.${extension}`,
      seal: `data/seals/${folder}/seal.json`,
      signature: `data/seals/${folder}/seal.cms`,
    };
    files.set(paths.file, bytes);
    files.set(paths.seal, sealBytes);
    files.set(paths.signature, cms);
    if (stamps) {
      paths.timestamp = `data/seals/${folder}/seal.tst`;
      files.set(paths.timestamp, authorities.stamp(cms));
    }
    seals.set(exhibit, { paths, sealSha256: hexOf('sha256', sealBytes), sha256: seal.sha256, entries: [] });
  }

  const actor = () => disclosure('actor', 'technician'),
    why = () => disclosure('reason', 'Disclosure to the defence');
  const shown = new Map();
  const entries = [];
  const record = (minute, action, more, fields = []) => {
    const withheld = fields.filter(field => redacted.includes(field.name)),
      open = fields.filter(field => !redacted.includes(field.name));
    const sd = fields.length > 0 ? { _sd: [...withheld, ...open].map(field => field.digest).sort(), _sd_alg: 'sha-256' } : {};
    if (open.length > 0) shown.set(entries.length, open);
    const { exhibit } = more;
    const seq = exhibit && seals.has(exhibit) ? { seq: seals.get(exhibit).entries.push(entries.length) } : exhibit ? { seq: 1 } : {};
    entries.push({ v: 'evidencevault/entry/1', time: time(minute), action, outcome: 'done', case: 'OP-HERON', ...more, ...seq, ...sd });
  };
  const [master, derived] = [seals.get('AB/1'), seals.get('AB/1/1')];
  record(0, 'received', { exhibit: 'AB/1', camera: 'CAM-7' }, [actor()]);
  record(1, 'sealed', { exhibit: 'AB/1', sha256: master.sha256, detail: { sealSha256: master.sealSha256 } });
  record(1, 'sealed', { exhibit: 'ZZ/9', sha256: hexOf('sha256', 'another') });
  record(2, 'derived', { exhibit: 'AB/1/1', sha256: derived.sha256, detail: { sealSha256: derived.sealSha256 } });
  record(3, 'viewed', { exhibit: 'AB/1', sha256: master.sha256 }, [actor(), why()]);
  for (const [exhibit, { sha256: hash }] of seals) record(4, 'exported', { exhibit, sha256: hash, detail: { bundle: id } }, [actor()]);
  const counted = [...seals.values()];
  record(
    4,
    'exported',
    {
      detail: {
        bundle: id,
        exhibits: [...seals.keys()],
        lastSeq: counted.map(seal => seal.entries.length),
        policySha256: hexOf('sha256', files.get('data/keys/policy')),
        caSha256: hexOf('sha256', files.get('data/keys/ca.pem')),
      },
    },
    [actor(), why()],
  );
  const exportEntry = entries.length - 1;
  record(5, 'started', {});
  hook('entries', entries);

  const entryBytes = entries.map(entry => text(write(entry)));
  const body = checkpointText(logKey.name, entryBytes);
  const note = hook('note', `${body}\n${signNote(body, logKey)}${witness ? cosign(body, witness) : ''}`);
  files.set('data/log/checkpoint', text(note));
  for (const index of [...counted.flatMap(seal => seal.entries), exportEntry]) {
    const hashes = pathOf(index, entryBytes)
      .map(hash => `${hash.toString('base64')}\n`)
      .join('');
    files.set(`data/log/entries/${index}.json`, entryBytes[index]);
    files.set(`data/log/entries/${index}.tlog-proof`, text(`c2sp.org/tlog-proof@v1\nindex ${index}\n${hashes}\n${note}`));
    if (shown.has(index))
      files.set(
        `data/log/entries/${index}.disclosures`,
        text(
          shown
            .get(index)
            .map(field => `${field.encoded}\n`)
            .join(''),
        ),
      );
  }
  for (const name of ['continuity.html', 'continuity.pdf', 'entries.csv', 'entries.json', 'case-uco.jsonld'])
    files.set(`data/report/${name}`, text(`${name}\n`));
  files.set('HOW-TO-VERIFY.txt', text('sha256sum -c manifest-sha256.txt\n'));
  files.set('verify.html', text('<!doctype html>\n'));
  hook('inside', files);

  const bundle = hook('bundle', {
    v: 'evidencevault/bundle/1',
    id,
    case: 'OP-HERON',
    madeAt: time(4),
    origin: logKey.name,
    size: entries.length,
    root: rootOf(entryBytes).toString('hex'),
    exportEntry,
    redacted: [...redacted].sort(),
    exhibits: [...seals].map(([exhibit, seal]) => ({ exhibit, ...seal.paths, entries: seal.entries, lastSeq: seal.entries.length })),
    files: [...files]
      .map(([path, bytes]) => ({ path, sha256: hexOf('sha256', bytes), bytes: bytes.length }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  });
  files.set('data/bundle.json', text(write(bundle)));
  files.set('data/bundle.cms', authorities.sign(files.get('data/bundle.json'), signer));
  hook('signed', files);
  pack(files);
  hook('packed', files);
  files.logKey = logKey;
  return files;
}

/** Writes the bag's own files over what is there. */
export function pack(files) {
  for (const name of ['bagit.txt', 'bag-info.txt', 'manifest-sha256.txt', 'tagmanifest-sha256.txt']) files.delete(name);
  const payload = [...files.keys()].filter(path => path.startsWith('data/'));
  const list = paths =>
    text(
      [...paths]
        .sort()
        .map(path => `${hexOf('sha256', files.get(path))}  ${path}\n`)
        .join(''),
    );
  files.set('manifest-sha256.txt', list(payload));
  files.set('bagit.txt', text('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'));
  files.set(
    'bag-info.txt',
    text(`Bagging-Date: 2026-01-31\nPayload-Oxum: ${payload.reduce((sum, path) => sum + files.get(path).length, 0)}.${payload.length}\n`),
  );
  files.set('tagmanifest-sha256.txt', list([...files.keys()].filter(path => !path.startsWith('data/'))));
}

export const asFolder = files =>
  folderContainer(
    'bag',
    [...files].map(([path, bytes]) => ({ path, file: new Blob([bytes]) })),
  );
