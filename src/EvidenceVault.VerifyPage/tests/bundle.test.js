import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { checkBundle } from '../check/bundle.js';
import { Authorities, asFolder, cosign, makeBundle, noteKey, pack, sha256, signNote, checkpointText } from './maker.js';

const authorities = new Authorities();
after(() => authorities.close());

const nothingGiven = { policy: null, ca: null, tsa: null, remembered: null };
const check = async (files, given = {}, now = Date.now()) => (await checkBundle(asFolder(files), { ...nothingGiven, ...given }, now)).report;

const text = bytes => Buffer.from(bytes).toString('utf8');
const json = (files, path, change) => {
  const value = JSON.parse(text(files.get(path)));
  files.set(path, Buffer.from(JSON.stringify(change(value) ?? value)));
};
const flip = (files, path, at = 0) => {
  const bytes = Buffer.from(files.get(path));
  bytes[at] ^= 1;
  files.set(path, bytes);
};
const found = (report, claim, verdict) => report.findings.filter(f => f.claim === claim && f.verdict === verdict);

async function fails(files, claim, subject, given, now) {
  const report = await check(files, given, now);
  const failing = report.findings.filter(f => f.verdict === 'fails');
  assert.equal(report.holds, false);
  assert.ok(
    failing.some(f => f.claim === claim && f.subject === subject),
    `${claim} of ${subject} should fail; failing: ${JSON.stringify(failing, null, 1)}`,
  );
  return report;
}

test('a bundle as it was made holds in every claim', async () => {
  const witness = noteKey('witness.example', 4);
  const report = await check(makeBundle(authorities, { stamps: true, witness, redacted: ['reason'] }));
  assert.deepEqual(
    report.findings.filter(f => f.verdict === 'fails'),
    [],
  );
  assert.equal(report.holds, true);
  const asked = new Set(report.findings.map(f => f.claim));
  for (const claim of [
    'bag-form',
    'bag-complete',
    'bag-payload',
    'bag-tags',
    'bundle-form',
    'bundle-signature',
    'bundle-files',
    'seal-content',
    'seal-signature',
    'seal-time',
    'seal-purpose',
    'seal-chain',
    'timestamp',
    'seal-binds',
    'seal-logged',
    'derivation',
    'checkpoint-signature',
    'witness-quorum',
    'outside-witness',
    'entry-form',
    'entry-proof',
    'exhibit-sequence',
    'export-entry',
    'disclosure',
    'time',
    'trust-anchors',
  ])
    assert.ok(asked.has(claim), claim);
  assert.match(found(report, 'disclosure', 'note')[0].sentence, /^2 personal details of 7/);
});

test('the findings come in the order of the table of the format', async () => {
  const format = readFileSync(new URL('../../EvidenceVault.Proof/FORMAT.md', import.meta.url), 'utf8');
  const table = format.slice(format.indexOf('### Checking a bundle')).match(/^\| `[a-z-]+`/gm).map(row => row.slice(3, -1));
  const order = [...new Set((await check(makeBundle(authorities, { stamps: true }))).findings.map(f => f.claim))];
  const places = order.map(claim => table.indexOf(claim.startsWith('seal-') && !table.includes(claim) ? 'seal-form' : claim));
  assert.ok(places.every((place, i) => place >= 0 && (i === 0 || places[i - 1] <= place)), order.join(', '));
});

test('one byte of video changed is named', async () => {
  const report = await fails(
    makeBundle(authorities, { hooks: { packed: files => flip(files, 'data/exhibits/AB-1/AB-1.mp4', 5000) } }),
    'bag-payload',
    'data/exhibits/AB-1/AB-1.mp4',
  );
  assert.equal(found(report, 'seal-binds', 'fails')[0].subject, 'AB/1');
  assert.equal(found(report, 'bundle-files', 'fails').length, 1);
});

test('a video exchanged and the bag packed anew fails against its seal', () =>
  fails(
    makeBundle(authorities, {
      hooks: {
        packed: files => {
          flip(files, 'data/exhibits/AB-1/AB-1.mp4', 5000);
          pack(files);
        },
      },
    }),
    'seal-binds',
    'AB/1',
  ));

test('a file added, and one removed, are named', async () => {
  await fails(
    makeBundle(authorities, { hooks: { packed: files => files.set('data/extra.txt', Buffer.from('x')) } }),
    'bag-complete',
    'data/extra.txt',
  );
  await fails(
    makeBundle(authorities, { hooks: { packed: files => files.delete('data/report/entries.csv') } }),
    'bag-complete',
    'data/report/entries.csv',
  );
  await fails(makeBundle(authorities, { hooks: { packed: files => files.set('fetch.txt', Buffer.from('x')) } }), 'bag-complete', 'fetch.txt');
  await fails(
    makeBundle(authorities, { hooks: { packed: files => files.set('manifest-md5.txt', Buffer.from('x')) } }),
    'bag-complete',
    'manifest-md5.txt',
  );
});

test('a file added and the bag packed anew is not in the signed list', () =>
  fails(
    makeBundle(authorities, { hooks: { signed: files => files.set('data/report/extra.txt', Buffer.from('x')) } }),
    'bundle-files',
    'data/report/extra.txt',
  ));

test('a file that no bundle has a place for is told even where the list names it', () =>
  fails(
    makeBundle(authorities, { hooks: { inside: files => files.set('data/report/extra.txt', Buffer.from('x')) } }),
    'bundle-files',
    'data/report/extra.txt',
  ));

test('a tag file changed is named', () =>
  fails(makeBundle(authorities, { hooks: { packed: files => flip(files, 'HOW-TO-VERIFY.txt') } }), 'bag-tags', 'HOW-TO-VERIFY.txt'));

test('the spellings of a bag that are left out are refused', async () => {
  const packed = change => makeBundle(authorities, { hooks: { packed: change } });
  const manifest = change => packed(files => files.set('manifest-sha256.txt', Buffer.from(change(text(files.get('manifest-sha256.txt'))))));
  await fails(
    packed(files => files.set('bagit.txt', Buffer.from('BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n'))),
    'bag-form',
    'bagit.txt',
  );
  await fails(
    packed(files => files.delete('bagit.txt')),
    'bag-form',
    'bagit.txt',
  );
  await fails(
    packed(files => files.set('bag-info.txt', Buffer.from('Payload-Oxum: 1.1\n'))),
    'bag-form',
    'bag-info.txt',
  );
  await fails(
    packed(files => files.set('bag-info.txt', Buffer.from(`${text(files.get('bag-info.txt'))} folded\n`))),
    'bag-form',
    'bag-info.txt',
  );
  await fails(
    manifest(all => all.split('\n').reverse().slice(1).join('\n') + '\n'),
    'bag-form',
    'manifest-sha256.txt',
  );
  await fails(
    manifest(all => all.replace(/  /, ' *')),
    'bag-form',
    'manifest-sha256.txt',
  );
  await fails(
    manifest(all => all.toUpperCase()),
    'bag-form',
    'manifest-sha256.txt',
  );
  await fails(
    manifest(all => all.slice(0, -1)),
    'bag-form',
    'manifest-sha256.txt',
  );
  await fails(
    manifest(all => all + all),
    'bag-form',
    'manifest-sha256.txt',
  );
  await fails(
    packed(files => files.set('data/a b', Buffer.from('x'))),
    'bag-form',
    'data/a b',
  );
  await fails(
    packed(files => files.set('DATA/bundle.json', Buffer.from('x'))),
    'bag-form',
    'DATA/bundle.json',
  );
});

test('an empty folder is told', async () => {
  const container = asFolder(makeBundle(authorities));
  container.folders.push('data/empty');
  const { report } = await checkBundle(container, nothingGiven, Date.now());
  assert.ok(found(report, 'bag-form', 'fails').some(f => f.subject === 'data/empty'));
});

test('bundle.json changed after signing is refused', () =>
  fails(
    makeBundle(authorities, {
      hooks: {
        signed: files =>
          json(files, 'data/bundle.json', b => {
            b.madeAt = '2026-02-01T00:00:00.000Z';
          }),
      },
    }),
    'bundle-signature',
    'data/bundle.cms',
  ));

test('bundle.json that is not canonical, or not of the form, is refused', async () => {
  for (const change of [
    b => {
      b.extra = 1;
    },
    b => {
      delete b.redacted;
    },
    b => {
      b.exhibits[0].file = 'data/exhibits/AB-2/AB-2.mp4';
    },
    b => {
      b.exhibits[0].file = 'data/exhibits/AB-1/../AB-1.mp4';
    },
    b => {
      b.exhibits.reverse();
    },
    b => {
      b.exhibits[0].entries.reverse();
    },
    b => {
      b.exhibits = [];
    },
    b => {
      b.id = 'x';
    },
    b => {
      b.files.reverse();
    },
    b => {
      b.size = -1;
    },
    b => {
      b.redacted = ['reason', 'actor'];
    },
  ])
    await fails(makeBundle(authorities, { hooks: { bundle: change } }), 'bundle-form', 'data/bundle.json');
  await fails(
    makeBundle(authorities, {
      hooks: { signed: files => files.set('data/bundle.json', Buffer.concat([files.get('data/bundle.json'), Buffer.from('\n')])) },
    }),
    'bundle-form',
    'data/bundle.json',
  );
});

test('without bundle.json everything that needs it fails', async () => {
  const report = await fails(
    makeBundle(authorities, { hooks: { signed: files => files.delete('data/bundle.json') } }),
    'bundle-form',
    'data/bundle.json',
  );
  for (const claim of ['bundle-signature', 'bundle-files', 'seal-binds', 'seal-logged', 'exhibit-sequence', 'export-entry'])
    assert.equal(found(report, claim, 'fails').length, 1, claim);
});

test('a seal changed, exchanged or signed by a stranger is refused', async () => {
  const inSeal = change => makeBundle(authorities, { hooks: { inside: change } });
  await fails(
    inSeal(files =>
      json(files, 'data/seals/AB-1/seal.json', s => {
        s.camera = 'CAM-8';
      }),
    ),
    'seal-content',
    'AB/1',
  );
  await fails(
    inSeal(files => files.set('data/seals/AB-1/seal.cms', files.get('data/seals/AB-1-1/seal.cms'))),
    'seal-content',
    'AB/1',
  );
  await fails(
    inSeal(files => flip(files, 'data/seals/AB-1/seal.cms', files.get('data/seals/AB-1/seal.cms').length - 1)),
    'seal-signature',
    'AB/1',
  );
  await fails(
    inSeal(files => files.set('data/seals/AB-1/seal.cms', Buffer.concat([files.get('data/seals/AB-1/seal.cms'), Buffer.from('x')]))),
    'seal-form',
    'AB/1',
  );
  await fails(
    inSeal(files => files.set('data/seals/AB-1/seal.cms', Buffer.from('no DER'))),
    'seal-form',
    'AB/1',
  );
  await fails(
    inSeal(files => files.delete('data/seals/AB-1/seal.cms')),
    'seal-form',
    'AB/1',
  );
  await fails(
    inSeal(files => files.delete('data/seals/AB-1/seal.json')),
    'seal-binds',
    'AB/1',
  );
  const strangers = authorities.otherRoot('stranger-ca', '/CN=OP-HERON test CA');
  const stranger = authorities.issue('stranger', strangers, '/CN=OP-HERON test seals', 'keyUsage=critical,digitalSignature');
  await fails(makeBundle(authorities, { signer: stranger }), 'seal-chain', 'AB/1');
  await fails(makeBundle(authorities, { signer: stranger }), 'bundle-signature', 'data/bundle.cms');
  const server = authorities.issue('server', authorities.ca, '/CN=a server', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth');
  await fails(makeBundle(authorities, { signer: server }), 'seal-purpose', 'AB/1');
  const encrypter = authorities.issue('encrypter', authorities.ca, '/CN=an encrypter', 'keyUsage=critical,keyAgreement');
  await fails(makeBundle(authorities, { signer: encrypter }), 'seal-purpose', 'AB/1');
});

test('a seal by RSA, and by P-384, holds as well', async () => {
  const rsa = authorities.issue('rsa', authorities.ca, '/CN=rsa', 'keyUsage=critical,digitalSignature', 3650, ['rsa:2048']);
  const p384 = authorities.issue('p384', authorities.ca, '/CN=p384', 'keyUsage=critical,digitalSignature', 3650, [
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-384',
  ]);
  for (const signer of [rsa, p384]) assert.equal((await check(makeBundle(authorities, { signer }))).holds, true, signer.name);
});

test('an intermediate certificate carries the path only where it may sign certificates', async () => {
  const issueCa = (name, extensions) => authorities.issue(name, authorities.ca, `/CN=${name}`, extensions);
  for (const [name, extensions, holds] of [
    ['mid', 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign', true],
    ['not-ca', 'keyUsage=critical,digitalSignature', false],
  ]) {
    const middle = issueCa(name, extensions);
    const leaf = authorities.issue(`leaf-of-${name}`, middle, `/CN=leaf of ${name}`, 'keyUsage=critical,digitalSignature');
    const report = await check(
      makeBundle(authorities, {
        hooks: {
          inside: files =>
            files.set('data/seals/AB-1/seal.cms', authorities.sign(files.get('data/seals/AB-1/seal.json'), leaf, ['-certfile', `${name}.pem`])),
        },
      }),
    );
    assert.equal(found(report, 'seal-chain', 'fails').length === 0, holds, name);
  }
});

test('an expired certificate is refused without a time stamp, and holds with one', async () => {
  const later = Date.now() + 11 * 365.25 * 86_400_000; // the signer's certificate is valid for ten years, its CA for twenty
  await fails(makeBundle(authorities), 'seal-time', 'AB/1', {}, later);
  const report = await check(makeBundle(authorities, { stamps: true }), {}, later);
  assert.deepEqual(
    report.findings.filter(f => f.verdict === 'fails'),
    [],
  );
  assert.match(found(report, 'seal-time', 'holds')[0].sentence, /has expired since, and a time stamp/);
});

test('a time stamp of something else, by a stranger, changed, or of a wrong purpose does not count', async () => {
  const stamped = change => makeBundle(authorities, { stamps: true, hooks: { inside: change } });
  await fails(
    stamped(files => files.set('data/seals/AB-1/seal.tst', files.get('data/seals/AB-1-1/seal.tst'))),
    'timestamp',
    'AB/1',
  );
  await fails(
    stamped(files => flip(files, 'data/seals/AB-1/seal.tst', files.get('data/seals/AB-1/seal.tst').length - 1)),
    'timestamp',
    'AB/1',
  );
  await fails(
    stamped(files => files.set('data/seals/AB-1/seal.tst', Buffer.from('x'))),
    'timestamp',
    'AB/1',
  );
  await fails(
    stamped(files => files.delete('data/keys/tsa.pem')),
    'timestamp',
    'AB/1',
  );
  const strangers = authorities.otherRoot('stranger-tsa-ca', '/CN=OP-HERON test TSA CA');
  await fails(
    stamped(files => files.set('data/keys/tsa.pem', strangers.pem)),
    'timestamp',
    'AB/1',
  );
  // No flipped byte of a token makes it tell another time.
  const files = makeBundle(authorities, { stamps: true });
  const token = files.get('data/seals/AB-1/seal.tst');
  const { checkTimestamp } = await import('../check/timestamp.js');
  const { readPem } = await import('../check/x509.js');
  const anchors = readPem(files.get('data/keys/tsa.pem')),
    signature = files.get('data/seals/AB-1/seal.cms');
  const good = await checkTimestamp(new Uint8Array(token), signature, anchors);
  assert.equal(good.fault, undefined);
  for (let at = 0; at < token.length; at += 7) {
    const bad = new Uint8Array(token);
    bad[at] ^= 1;
    const result = await checkTimestamp(bad, signature, anchors);
    if (result.fault === undefined) assert.equal(result.time, good.time, `byte ${at}`); // some bytes (versions, lists of digests) are under no signature
  }
});

test('a TSA certificate given as itself, not its CA, is taken', async () => {
  const report = await check(makeBundle(authorities, { stamps: true }), { tsa: authorities.tsa.pem });
  assert.equal(report.holds, true);
});

test('a seal of another exhibit, of another case, or of another file does not bind', async () => {
  await fails(makeBundle(authorities, { hooks: { seal: s => (s.exhibit === 'AB/1' ? { ...s, exhibit: 'AB/2' } : s) } }), 'seal-binds', 'AB/1');
  await fails(makeBundle(authorities, { hooks: { seal: s => ({ ...s, case: 'OP-OTHER' }) } }), 'seal-binds', 'AB/1');
  await fails(makeBundle(authorities, { hooks: { seal: s => ({ ...s, sha512: '0'.repeat(128) }) } }), 'seal-binds', 'AB/1');
  await fails(makeBundle(authorities, { hooks: { seal: s => ({ ...s, bytes: s.bytes + 1 }) } }), 'seal-binds', 'AB/1');
});

test('a seal made anew, by the holder of its key, is not the recorded one', () =>
  fails(
    makeBundle(authorities, {
      hooks: {
        inside: files => {
          json(files, 'data/seals/AB-1/seal.json', s => {
            s.camera = 'CAM-8';
          });
          files.set('data/seals/AB-1/seal.cms', authorities.sign(files.get('data/seals/AB-1/seal.json')));
        },
      },
    }),
    'seal-logged',
    'AB/1',
  ));

test('an exhibit sealed twice in the record is refused', () =>
  fails(
    makeBundle(authorities, {
      hooks: {
        entries: list => {
          list[4].action = 'sealed';
          list[4].detail = list[1].detail;
        },
      },
    }),
    'seal-logged',
    'AB/1',
  ));

test('a clip of another master is told', () =>
  fails(
    makeBundle(authorities, { hooks: { seal: s => (s.kind === 'derivative' ? { ...s, parentSha256: '0'.repeat(64) } : s) } }),
    'derivation',
    'AB/1/1',
  ));

test('a checkpoint changed, forged, unsigned or of another state is refused', async () => {
  const noted = change => makeBundle(authorities, { hooks: { note: change } });
  await fails(
    noted(note => note.replace('\n9\n', '\n8\n')),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  await fails(
    noted(note => note.replace(/\u2014 .*\n/, '')),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  const stranger = noteKey('vault.example/log');
  await fails(
    noted(note => `${note.split('\n\n')[0]}\n\n${signNote(`${note.split('\n\n')[0]}\n`, stranger)}`),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  await fails(
    makeBundle(authorities, {
      hooks: {
        bundle: b => {
          b.root = '0'.repeat(64);
        },
      },
    }),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  await fails(
    makeBundle(authorities, {
      hooks: {
        bundle: b => {
          b.origin = 'vault.example/other';
        },
      },
    }),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  const report = await fails(
    makeBundle(authorities, { hooks: { inside: files => files.delete('data/log/checkpoint') } }),
    'checkpoint-signature',
    'data/log/checkpoint',
  );
  assert.equal(found(report, 'entry-proof', 'fails').length, 7);
});

test('the quorum of witnesses is asked', async () => {
  const witness = noteKey('witness.example', 4),
    other = noteKey('other.example', 4);
  await fails(
    makeBundle(authorities, { witness, hooks: { note: note => note.split('\n').slice(0, -2).join('\n') + '\n' } }),
    'witness-quorum',
    'data/log/checkpoint',
  );
  // a bad cosignature of a known witness fails, though none was asked for
  await fails(
    makeBundle(authorities, {
      witness,
      quorum: 'none',
      hooks: {
        note: note => {
          const body = `${note.split('\n\n')[0]}\n`;
          return `${note.split('\n').slice(0, -2).join('\n')}\n${cosign(`${body}x\n`, witness)}`;
        },
      },
    }),
    'witness-quorum',
    'data/log/checkpoint',
  );
  // a foreign witness is none
  await fails(
    makeBundle(authorities, { witness, hooks: { policy: p => p.replace(witness.vkey, other.vkey) } }),
    'witness-quorum',
    'data/log/checkpoint',
  );
});

test('a demonstration witness is told to be no outside witness', async () => {
  const witness = { ...noteKey('witness.example', 4), policyName: 'demonstration-1' };
  const report = await check(makeBundle(authorities, { witness }));
  assert.equal(report.holds, true);
  assert.match(found(report, 'outside-witness', 'note')[0].sentence, /no outside witness/);
  assert.match(found(await check(makeBundle(authorities)), 'outside-witness', 'note')[0].sentence, /No witness is asked for/);
});

test('an entry changed, forged or missing is named by its index', async () => {
  await fails(
    makeBundle(authorities, {
      hooks: {
        inside: files =>
          json(files, 'data/log/entries/4.json', e => {
            e.action = 'kept';
          }),
      },
    }),
    'entry-proof',
    'data/log/entries/4.json',
  );
  await fails(
    makeBundle(authorities, { hooks: { inside: files => flip(files, 'data/log/entries/4.json', 0) } }),
    'entry-form',
    'data/log/entries/4.json',
  );
  await fails(
    makeBundle(authorities, { hooks: { inside: files => files.delete('data/log/entries/4.json') } }),
    'entry-form',
    'data/log/entries/4.json',
  );
  await fails(
    makeBundle(authorities, { hooks: { inside: files => files.delete('data/log/entries/4.tlog-proof') } }),
    'entry-proof',
    'data/log/entries/4.tlog-proof',
  );
  await fails(
    makeBundle(authorities, { hooks: { inside: files => files.set('data/log/entries/4.tlog-proof', files.get('data/log/entries/1.tlog-proof')) } }),
    'entry-proof',
    'data/log/entries/4.tlog-proof',
  );
  await fails(
    makeBundle(authorities, {
      hooks: {
        inside: files =>
          files.set('data/log/entries/4.tlog-proof', Buffer.concat([files.get('data/log/entries/4.tlog-proof'), Buffer.from('\u2014 x AAAAAAA=\n')])),
      },
    }),
    'entry-proof',
    'data/log/entries/4.tlog-proof',
  );
  for (const change of [
    e => {
      e.seq = 0;
    },
    e => {
      e.extra = 1;
    },
    e => {
      e.time = '2026-02-30T00:00:00.000Z';
    },
    e => {
      e.outcome = 'perhaps';
    },
    e => {
      delete e._sd_alg;
    },
    e => {
      e.detail = { a: { b: 1 } };
    },
    e => {
      e._sd.push(e._sd[0]);
    },
  ])
    await fails(makeBundle(authorities, { hooks: { entries: list => change(list[4]) } }), 'entry-form', 'data/log/entries/4.json');
});

test('a withheld entry shows as a gap', async () => {
  const without = index =>
    makeBundle(authorities, {
      hooks: {
        inside: files => ['json', 'tlog-proof', 'disclosures'].forEach(kind => files.delete(`data/log/entries/${index}.${kind}`)),
        bundle: b => {
          b.exhibits[0].entries = b.exhibits[0].entries.filter(i => i !== index);
        },
      },
    });
  await fails(without(4), 'exhibit-sequence', 'AB/1');
  await fails(without(5), 'exhibit-sequence', 'AB/1');
  await fails(
    makeBundle(authorities, {
      hooks: {
        bundle: b => {
          b.exhibits[0].lastSeq = 3;
        },
      },
    }),
    'exhibit-sequence',
    'AB/1',
  );
  await fails(
    makeBundle(authorities, {
      hooks: {
        bundle: b => {
          b.exhibits[0].entries = [0, 1, 3, 5];
        },
      },
    }),
    'exhibit-sequence',
    'AB/1',
  );
});

test('the export entry must say what this bundle is', async () => {
  const path = 'data/log/entries/7.json';
  for (const change of [
    e => {
      e.detail.bundle = '0'.repeat(32);
    },
    e => {
      e.detail.exhibits = ['AB/1'];
    },
    e => {
      e.detail.lastSeq = [9, 2];
    },
    e => {
      e.detail.policySha256 = '0'.repeat(64);
    },
    e => {
      e.detail.caSha256 = '0'.repeat(64);
    },
    e => {
      e.detail.more = true;
    },
    e => {
      e.outcome = 'refused';
    },
    e => {
      e.case = 'OP-OTHER';
    },
    e => {
      e.action = 'retrieved';
    },
  ])
    await fails(makeBundle(authorities, { hooks: { entries: list => change(list[7]) } }), 'export-entry', path);
  await fails(
    makeBundle(authorities, {
      hooks: {
        entries: list => {
          list[5].detail.bundle = '0'.repeat(32);
        },
      },
    }),
    'exhibit-sequence',
    'AB/1',
  );
  await fails(
    makeBundle(authorities, {
      hooks: { inside: files => files.set('data/keys/policy', Buffer.concat([Buffer.from('# mine\n'), files.get('data/keys/policy')])) },
    }),
    'export-entry',
    path,
  );
});

test('a disclosure with another salt, value, or against what is withheld is refused', async () => {
  const path = 'data/log/entries/4.disclosures';
  const disclosed = change => makeBundle(authorities, { hooks: { inside: files => files.set(path, Buffer.from(change(text(files.get(path))))) } });
  const [salt, name] = [Buffer.from('0123456789abcdef').toString('base64url'), 'actor'];
  await fails(
    disclosed(() => `${Buffer.from(JSON.stringify([salt, name, 'somebody else'])).toString('base64url')}\n`),
    'disclosure',
    path,
  );
  await fails(
    disclosed(all => all.slice(0, -1)),
    'disclosure',
    path,
  );
  await fails(
    disclosed(all => all + all),
    'disclosure',
    path,
  );
  await fails(
    disclosed(() => 'no base64url!\n'),
    'disclosure',
    path,
  );
  await fails(
    makeBundle(authorities, {
      hooks: {
        bundle: b => {
          b.redacted = ['actor'];
        },
      },
    }),
    'disclosure',
    path,
  );
});

test('a clock that was set back is noted and does not fail', async () => {
  const report = await check(
    makeBundle(authorities, {
      hooks: {
        entries: list => {
          list[4].time = '2026-01-30T00:00:00.000Z';
        },
      },
    }),
  );
  assert.equal(report.holds, true);
  assert.equal(found(report, 'time', 'note')[0].entry, 4);
});

test('a remembered checkpoint of the same record holds, a fork is named, another size is not shown', async () => {
  const files = makeBundle(authorities);
  const note = text(files.get('data/log/checkpoint'));
  assert.equal((await check(files, { remembered: Buffer.from(note) })).holds, true);
  const fork = note.split('\n')[0] + `\n${note.split('\n')[1]}\n${sha256('another').toString('base64')}\n`;
  const report = await fails(files, 'remembered', 'data/log/checkpoint', { remembered: Buffer.from(`${fork}\n${signNote(fork, files.logKey)}`) });
  assert.match(found(report, 'remembered', 'fails')[0].sentence, /two different records/);
  const shorter = checkpointText('vault.example/log', [Buffer.from('x')]);
  await fails(files, 'remembered', 'data/log/checkpoint', { remembered: Buffer.from(`${shorter}\n${signNote(shorter, files.logKey)}`) });
  const strange = `${fork}\n${signNote(fork, noteKey('vault.example/log'))}`;
  await fails(files, 'remembered', 'data/log/checkpoint', { remembered: Buffer.from(strange) });
  await fails(files, 'remembered', 'data/log/checkpoint', { remembered: Buffer.from('x') });
});

test('a policy and a CA given from outside decide', async () => {
  const files = makeBundle(authorities);
  const own = await check(files, { policy: files.get('data/keys/policy'), ca: files.get('data/keys/ca.pem') });
  assert.equal(own.holds, true);
  assert.equal(found(own, 'trust-anchors', 'holds').length, 2);
  assert.equal(found(await check(files), 'trust-anchors', 'note').length, 2);
  await fails(files, 'checkpoint-signature', 'data/log/checkpoint', {
    policy: Buffer.from(`log ${noteKey('vault.example/log').vkey}\nquorum none\n`),
  });
  await fails(files, 'seal-chain', 'AB/1', { ca: authorities.otherRoot('third-ca', '/CN=third').pem });
});

test('hostile names and texts stay texts', async () => {
  const files = makeBundle(authorities, { hooks: { packed: f => f.set('data/<img src=x onerror=alert(1)>', Buffer.from('x')) } });
  await fails(files, 'bag-form', 'data/<img src=x onerror=alert(1)>');
});

test('nothing at all, and random bytes in every file, give findings and no exception', async () => {
  assert.equal((await check(new Map())).holds, false);
  const files = makeBundle(authorities);
  const { randomBytes } = await import('node:crypto');
  for (const path of [...files.keys()]) {
    const damaged = new Map(files);
    damaged.set(path, randomBytes(200));
    assert.equal((await check(damaged)).holds, false, path);
    damaged.set(path, Buffer.alloc(0));
    assert.equal((await check(damaged)).holds, false, path);
    damaged.delete(path);
    assert.equal((await check(damaged)).holds, false, path);
  }
});

test('any one flipped byte of the records is found', async () => {
  const files = makeBundle(authorities, { stamps: true, footage: Buffer.alloc(20_100, 7) });
  const all = [...files.keys()];
  for (let round = 0; round < 60; round++) {
    const path = all[(round * 13) % all.length],
      damaged = new Map(files);
    flip(damaged, path, (round * 7919) % files.get(path).length);
    assert.equal((await check(damaged)).holds, false, path);
  }
});
