-- What witnesses said of our checkpoints. Each line is checked before it is stored, and whoever reads it checks it again.
CREATE TABLE cosignature (
  size    INTEGER NOT NULL REFERENCES custody_checkpoint (size),
  witness TEXT NOT NULL,                   -- the witness's verifier key
  line    TEXT NOT NULL,                   -- the signature line (C2SP signed-note), with its newline
  PRIMARY KEY (size, witness)
) WITHOUT ROWID;

-- The newest checkpoint that met the quorum of a policy, so that it is found without judging all of them again.
CREATE TABLE cosigned_head (
  policy TEXT PRIMARY KEY,                 -- SHA-256 of the policy file, lower-case hex
  size   INTEGER NOT NULL REFERENCES custody_checkpoint (size)
) WITHOUT ROWID;

-- Where we stand with each witness.
CREATE TABLE witness_standing (
  witness TEXT PRIMARY KEY,                -- the witness's verifier key
  size    INTEGER NOT NULL,                -- the largest size that it is known to remember
  at      TEXT,                            -- when it last cosigned, RFC 3339 UTC, by our clock
  refusal TEXT                             -- why it says that our log is not the one it remembers; null where it does not
) WITHOUT ROWID;

CREATE TRIGGER cosignature_no_update BEFORE UPDATE ON cosignature BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER cosignature_no_delete BEFORE DELETE ON cosignature BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
