import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { checkBundle } from '../check/bundle.js';
import { zipContainer } from '../check/container.js';
import { Authorities, makeBundle } from './maker.js';
import { zip } from './zip-maker.js';

const authorities = new Authorities();
after(() => authorities.close());
const files = makeBundle(authorities, { footage: Buffer.alloc(30_000, 5) });
const big = new Map([['bomb', Buffer.alloc(20 << 20)]]);

const judge = async bytes =>
  (await checkBundle(await zipContainer('bundle.zip', new Blob([bytes])), { policy: null, ca: null, tsa: null, remembered: null }, Date.now()))
    .report;
const of = (report, claim) => report.findings.find(f => f.claim === claim);

test('a zip as the vault writes it holds, and is told to be so', async () => {
  const report = await judge(zip(files));
  assert.equal(report.holds, true);
  assert.equal(of(report, 'container-form').verdict, 'holds');
});

for (const [what, options] of Object.entries({
  compressed: {
    change: e => {
      e.method = 8;
    },
  },
  'in one folder': { prefix: 'bundle/' },
  'with times': {
    change: e => {
      e.time = 0x6000;
    },
  },
  'with a comment': { end: { comment: 'hello' } },
  'in another order': { order: paths => paths.sort().reverse() },
  'with bytes between': {
    change: e => {
      e.between = Buffer.from('x');
    },
  },
  'with a wrong checksum': {
    change: e => {
      e.crc = (e.crc ^ 1) >>> 0;
    },
  },
  'with attributes': {
    change: e => {
      e.attributes = 0x81a40000;
    },
  },
  'with extra fields': {
    change: e => {
      e.extra = Buffer.from([0x55, 0x54, 1, 0, 0]);
    },
  },
}))
  test(`a zip ${what} is judged by what it wraps, and its wrapping is noted`, async () => {
    const report = await judge(zip(files, options));
    assert.equal(report.holds, true, JSON.stringify(report.findings.filter(f => f.verdict === 'fails')));
    // in one folder every byte but the names is as the vault writes it, and the order is the same
    assert.equal(of(report, 'container-form').verdict, what === 'in one folder' ? 'holds' : 'note');
  });

test('a zip with entries for its folders is noted; for an empty one it fails', async () => {
  const withFolder = name => new Map([...files, [name, Buffer.alloc(0)]]);
  assert.equal(of(await judge(zip(withFolder('data/'))), 'container-form').verdict, 'note');
  assert.equal(of(await judge(zip(withFolder('data/empty/'))), 'bag-form').verdict, 'fails');
});

const first = change => {
  let done = false;
  return e => {
    if (!done) change(e);
    done = true;
  };
};

for (const [what, make] of Object.entries({
  'with a file named twice': () =>
    zip(files, {
      change: e => {
        if (e.path === 'bagit.txt') e.path = 'bag-info.txt';
      },
    }),
  'that names a file in two ways': () =>
    zip(files, {
      change: first(e => {
        e.localPath = 'other.txt';
      }),
    }),
  'with two files sharing bytes': () =>
    zip(files, {
      change: e => {
        if (e.path === 'bagit.txt') e.offset = 0;
      },
    }),
  'that is encrypted': () =>
    zip(files, {
      change: e => {
        e.flags = 1;
      },
    }),
  'packed by an unknown method': () =>
    zip(files, {
      change: first(e => {
        e.method = 12;
      }),
    }),
  'with a link': () =>
    zip(files, {
      change: first(e => {
        e.attributes = 0xa1ff0000;
      }),
    }),
  'that is a bomb': () =>
    zip(big, {
      change: e => {
        e.method = 8;
      },
    }),
  'that says more files than it has': () => zip(files, { end: { count: 3 } }),
  'that is cut': () => zip(files).subarray(0, -30),
  'that is no zip': () => Buffer.from('PK\u0003\u0004 and nothing more'),
  'that is empty': () => Buffer.alloc(0),
}))
  test(`a zip ${what} is refused`, async () => {
    const report = await judge(make());
    assert.equal(report.holds, false);
    assert.equal(of(report, 'bag-form').verdict, 'fails');
  });

test('a file in a zip that is longer or shorter than it says is not read', async () => {
  for (const change of [-1, 1]) {
    const report = await judge(
      zip(files, {
        change: first(e => {
          e.method = 8;
          e.size += change;
        }),
      }),
    );
    assert.equal(report.holds, false);
  }
});

test('any flipped byte of a zip is told, as a failure or of its wrapping', async () => {
  const good = zip(files);
  for (let at = 0; at < good.length; at += 997) {
    const bad = Buffer.from(good);
    bad[at] ^= 0x10;
    const report = await judge(bad);
    assert.ok(!report.holds || of(report, 'container-form').verdict === 'note', `byte ${at}`);
  }
  for (let at = good.length - 1500; at < good.length; at += 11) {
    const bad = Buffer.from(good);
    bad[at] ^= 0x01;
    const report = await judge(bad);
    assert.ok(!report.holds || of(report, 'container-form').verdict === 'note', `byte ${at}`);
  }
});
