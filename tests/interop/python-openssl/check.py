"""Checks a log that EvidenceVault exported with Python's standard library and the openssl program (Ed25519), written from the
specifications: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-proof, and RFC 6962 section 2.1.

    check.py SAMPLE [proofs]
"""
import base64
import hashlib
import pathlib
import random
import subprocess
import sys
import tempfile


class NotAccepted(Exception):
    pass


def insist(condition, sentence):
    if not condition:
        raise NotAccepted(sentence)


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Key:
    """A verifier key: name+id+base64(01 and the public key)."""

    def __init__(self, text):
        self.name, key_id, encoded = text.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        insist(len(typed) == 33 and typed[0] == 1, "the key is not Ed25519")
        self.public = typed[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        insist(self.id.hex() == key_id, "the key's id does not fit")

    def verify(self, text, signature):
        # SubjectPublicKeyInfo of RFC 8410 section 4: a fixed start and the key.
        der = bytes.fromhex("302a300506032b6570032100") + self.public
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            (at / "key").write_bytes(der)
            (at / "text").write_bytes(text)
            (at / "signature").write_bytes(signature)
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", at / "key", "-rawin", "-in", at / "text", "-sigfile", at / "signature"],
                capture_output=True, check=False)
        return done.returncode == 0


def open_checkpoint(message, key):
    text, _, signatures = message.rpartition(b"\n\n")
    text += b"\n"
    good = 0
    for line in signatures.decode().rstrip("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded, validate=True)
        insist(dash == "\u2014", "a signature line has no dash")
        if name == key.name and raw[:4] == key.id:
            insist(key.verify(text, raw[4:]), "the log's signature is bad")
            # The same signature over another text must be bad, or openssl was not asked what we think.
            insist(not key.verify(text + b"x\n", raw[4:]), "a signature over another text was taken")
            good += 1
    insist(good > 0, "the log did not sign")
    origin, size, root = text.decode().split("\n")[:3]
    insist(origin == key.name, "the checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def tile_name(level, index, width):
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == 256 else f".p/{width}")


def slices(count):
    for index in range(0, (count + 255) // 256):
        yield index, min(256, count - index * 256)


def read_entries(log, size):
    entries = []
    for index, width in slices(size):
        name = tile_name("entries", index, width)
        content, at, before = (log / name).read_bytes(), 0, len(entries)
        while at < len(content):
            length = int.from_bytes(content[at:at + 2], "big")
            insist(at + 2 + length <= len(content), f"{name} is cut off")
            entries.append(content[at + 2:at + 2 + length])
            at += 2 + length
        insist(len(entries) - before == width, f"{name} does not hold {width} entries")
    return entries


def levels_of(leaves):
    """All complete subtrees: levels[k][i] covers 2^k leaves."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


def range_hash(levels, low, high):
    """MTH(D[low:high]) of RFC 6962 section 2.1."""
    if low == high:
        return hashlib.sha256(b"").digest()
    count = high - low
    if count & (count - 1) == 0:
        return levels[count.bit_length() - 1][low // count]
    split = 1 << (count - 1).bit_length() - 1
    return node_hash(range_hash(levels, low, low + split), range_hash(levels, low + split, high))


def path(levels, index, low, high):
    """PATH(m, D[low:high]) of RFC 6962 section 2.1.1."""
    if high - low == 1:
        return []
    split = low + (1 << (high - low - 1).bit_length() - 1)
    if index < split:
        return path(levels, index, low, split) + [range_hash(levels, split, high)]
    return path(levels, index, split, high) + [range_hash(levels, low, split)]


def root_of(index, size, leaf, proof):
    """The root that an inclusion proof leads to, by the same recursion read backwards."""
    if size == 1:
        insist(not proof, "the proof is too long")
        return leaf
    insist(proof, "the proof is too short")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return node_hash(root_of(index, split, leaf, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_of(index - split, size - split, leaf, proof[:-1]))


def check_proof_file(file, key):
    head, _, message = file.read_bytes().partition(b"\n\n")
    first, index, *hashes = head.decode().split("\n")
    insist(first == "c2sp.org/tlog-proof@v1" and index.startswith("index "), f"{file.name} is no tlog-proof")
    size, root = open_checkpoint(message, key)
    proof = [base64.b64decode(h, validate=True) for h in hashes]
    entry = file.with_suffix(".json").read_bytes()
    insist(root_of(int(index[6:]), size, leaf_hash(entry), proof) == root, f"{file.name} does not prove its entry")
    insist(root_of(int(index[6:]), size, leaf_hash(entry + b" "), proof) != root, f"{file.name} proves another entry")


def run(sample, proofs):
    key = Key((sample / "log.vkey").read_text())
    log = sample / "log"
    size, root = open_checkpoint((log / "checkpoint").read_bytes(), key)
    entries = read_entries(log, size)
    levels = levels_of([leaf_hash(e) for e in entries])
    insist(range_hash(levels, 0, size) == root, "the entries do not give the root of the checkpoint")

    tiles, level = 0, 0
    while size >> 8 * level > 0:
        nodes = levels[8 * level]
        for index, width in slices(len(nodes)):
            name = tile_name(level, index, width)
            insist((log / name).read_bytes() == b"".join(nodes[index * 256:index * 256 + width]), f"{name} does not hold the hashes of what lies below it")
            tiles += 1
        level += 1
    held = sum(1 for f in (log / "tile").rglob("*") if f.is_file())
    insist(held == tiles + (size + 255) // 256, f"the folder holds {held} tiles and bundles, and a log of this size has {tiles + (size + 255) // 256}")

    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(proofs):
        index = chance.randrange(size)
        proof = path(levels, index, 0, size)
        insist(root_of(index, size, levels[0][index], proof) == root, f"entry {index} is not proved (seed {seed})")

    old_size, old_root = open_checkpoint((sample / "checkpoint.half").read_bytes(), key)
    insist(range_hash(levels, 0, old_size) == old_root, "the log is no continuation of its older checkpoint")
    files = sorted((sample / "proofs").glob("*.tlog-proof"))
    insist(files, "there are no proof files")
    for file in files:
        check_proof_file(file, key)
    print(f"Python and openssl accept {key.name}: {size} entries, {tiles} tiles, {proofs} random inclusion proofs, consistent from {old_size}, {len(files)} proof files")


if __name__ == "__main__":
    try:
        run(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 500)
    except (NotAccepted, OSError, ValueError) as e:
        sys.exit(f"NOT ACCEPTED: {e}")
