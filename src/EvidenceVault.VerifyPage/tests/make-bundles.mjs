// node make-bundles.mjs FOLDER [bytes]: bundles on disk for the tests of the page in a browser: holds/bag, holds.zip, packed.zip (by another
// program), fails/bag; with bytes only large/bag, whose exhibit has that size and is written as it is made.

import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Authorities, makeBundle, noteKey } from './maker.js';
import { zip } from './zip-maker.js';

const [folder, size] = process.argv.slice(2);

function write(start, files) {
  for (const [path, bytes] of files) {
    const target = join(start, path);
    mkdirSync(dirname(target), { recursive: true });
    if (bytes instanceof Large) bytes.writeTo(target);
    else writeFileSync(target, bytes);
  }
}

/** Bytes that are never held whole: pseudo-random, the same every time. */
class Large {
  constructor(length) {
    this.length = length;
    const hashes = ['sha256', 'sha512'].map(name => [name, createHash(name)]);
    for (const piece of this.pieces()) for (const [, hash] of hashes) hash.update(piece);
    for (const [name, hash] of hashes) this[name] = hash.digest('hex');
  }

  *pieces() {
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
    const zeroes = Buffer.alloc(4 << 20);
    for (let at = 0; at < this.length; at += zeroes.length) yield cipher.update(zeroes.subarray(0, Math.min(zeroes.length, this.length - at)));
  }

  subarray() {
    return Buffer.from('a clip');
  }

  writeTo(path) {
    const file = openSync(path, 'w');
    for (const piece of this.pieces()) writeSync(file, piece);
    closeSync(file);
  }
}

const authorities = new Authorities();
try {
  const witness = { ...noteKey('demonstration.example/w', 4), policyName: 'demonstration-1' };
  if (size !== undefined) write(join(folder, 'large/bag'), makeBundle(authorities, { footage: new Large(Number(size)) }));
  else {
    const good = makeBundle(authorities, { stamps: true, witness, redacted: ['reason'] });
    write(join(folder, 'holds/bag'), good);
    writeFileSync(join(folder, 'holds.zip'), zip(good));
    writeFileSync(
      join(folder, 'packed.zip'),
      zip(good, {
        prefix: 'bundle/',
        change: e => {
          e.method = 8;
          e.time = 0x6000;
        },
      }),
    );
    const flipped = Buffer.from(good.get('data/exhibits/AB-1/AB-1.mp4'));
    flipped[50_000] ^= 1;
    const bad = new Map([...good, ['data/exhibits/AB-1/AB-1.mp4', flipped], ['data/<img src=x onerror=alert(1)>\u202egpj.exe', Buffer.from('x')]]);
    write(join(folder, 'fails/bag'), bad);
  }
} finally {
  authorities.close();
}
