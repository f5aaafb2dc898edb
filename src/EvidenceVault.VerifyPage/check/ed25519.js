// Ed25519 (RFC 8032): the browser's own where it has one, else @noble/curves by the RFC's strict rules.

import { ed25519 } from '@noble/curves/ed25519.js';

let native; // null: the browser has none

async function nativeKey(publicKey) {
  return crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
}

async function hasNative() {
  if (native === undefined) {
    try {
      await nativeKey(ed25519.Point.BASE.toBytes());
      native = true;
    } catch {
      native = null;
    }
  }
  return native;
}

/** Whether the signature is good. Never throws on hostile keys or signatures. */
export async function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (await hasNative()) {
    try {
      return await crypto.subtle.verify({ name: 'Ed25519' }, await nativeKey(publicKey), signature, message);
    } catch {
      return false; // the browser took the base point as a key: so this one is none
    }
  }
  return verifyWithNoble(publicKey, message, signature);
}

export function verifyWithNoble(publicKey, message, signature) {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
