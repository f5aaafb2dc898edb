// C2SP tlog-policy; FORMAT.md section 8.

import { cosignatures, isSameKey, readVerifierKey } from './note.js';

const LONGEST = 64 << 10;
const MOST = 64;

/** {logs, witnesses: [{name, key}], groups, quorum}, or {fault: sentence}. Names are opaque octets: here, text of Latin-1. */
export async function readPolicy(bytes) {
  if (bytes.length > LONGEST) return { fault: 'It is larger than 64 KiB.' };
  for (const b of bytes) if (b !== 0x09 && b !== 0x0a && (b < 0x20 || b === 0x7f)) return { fault: 'It holds a control character.' };
  if (bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a) return { fault: 'Its last line does not end.' };

  const logs = [],
    witnesses = [],
    groups = new Map(),
    named = new Map();
  const asMember = new Set();
  let quorum;
  const lines = octets(bytes).split('\n');
  for (const [i, line] of lines.entries()) {
    const fault = what => ({ fault: `Line ${i + 1}: ${what}` });
    const [word, ...rest] = line.split(/[ \t]+/).filter(item => item !== '');
    if (word === undefined || word.startsWith('#')) continue;
    if (word === 'log') {
      if (rest.length < 1 || rest.length > 2) return fault('a log is a key and perhaps an address.');
      const key = await readVerifierKey(asUtf8(rest[0]), 0x01);
      if (key === null) return fault('this is no key of a log.');
      if (logs.some(other => isSameKey(other, key))) return fault('this log is named twice.');
      if (logs.push(key) > MOST) return fault('there are too many logs.');
    } else if (word === 'witness') {
      if (rest.length < 2 || rest.length > 3) return fault('a witness is a name, a key and perhaps an address.');
      const [name, text] = rest;
      const key = await readVerifierKey(asUtf8(text), 0x04);
      if (key === null) return fault('this is no key of a witness.');
      if (name === 'none' || named.has(name)) return fault('this name is taken.');
      if (witnesses.some(other => isSameKey(other.key, key))) return fault('this witness is named twice.');
      named.set(name, { witness: witnesses.length });
      if (witnesses.push({ name: asUtf8(name), key }) > MOST) return fault('there are too many witnesses.');
    } else if (word === 'group') {
      const [name, rule, ...members] = rest;
      if (members.length === 0) return fault('a group is a name, a rule and its members.');
      if (name === 'none' || named.has(name)) return fault('this name is taken.');
      const needed = rule === 'all' ? members.length : rule === 'any' ? 1 : /^[1-9][0-9]{0,3}$/.test(rule) ? Number(rule) : 0;
      if (needed < 1 || needed > members.length) return fault('the rule of this group cannot be met.');
      for (const member of members) {
        if (!named.has(member)) return fault('a member is not defined above it.');
        if (asMember.has(member)) return fault('a name is a member twice.');
        asMember.add(member);
      }
      groups.set(name, { needed, members });
      named.set(name, { group: name });
      if (groups.size > MOST) return fault('there are too many groups.');
    } else if (word === 'quorum') {
      if (rest.length !== 1 || quorum !== undefined) return fault('there is one quorum, of one name.');
      if (rest[0] !== 'none' && !named.has(rest[0])) return fault('the quorum is not defined above it.');
      quorum = rest[0];
    } else {
      return fault('this kind of line is not known.');
    }
  }
  if (quorum === undefined) return { fault: 'It names no quorum.' };
  return { logs, witnesses, groups, named, quorum };
}

const octets = bytes => Array.from(bytes, b => String.fromCharCode(b)).join('');
// A name that is not UTF-8 can be no key's name: it stays as it is, and fits nothing.
function asUtf8(latin) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(latin, c => c.charCodeAt(0)));
  } catch {
    return latin;
  }
}

/** A witness of the vault's own, which shows how witnesses work and vouches for nothing. */
export const isDemonstration = name => name === 'demonstration' || name.startsWith('demonstration-');

/** What the witnesses of a policy say of a note: [{name, isDemonstration, times: BigInt[], bad}] and whether the quorum is met. */
export async function askWitnesses(policy, note) {
  const answers = [];
  for (const { name, key } of policy.witnesses) {
    const { good, bad } = await cosignatures(note, key);
    answers.push({ name, isDemonstration: isDemonstration(name), times: good, bad });
  }
  const met = name => {
    const { witness, group } = policy.named.get(name);
    if (witness !== undefined) return answers[witness].times.length > 0;
    const { needed, members } = policy.groups.get(group);
    return members.filter(met).length >= needed;
  };
  return { answers, isMet: policy.quorum === 'none' || met(policy.quorum) };
}
