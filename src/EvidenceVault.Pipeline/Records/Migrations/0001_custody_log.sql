-- The custody log: append-only. What is signed is what these tables hold; a change is refused here and found by `log fsck`.
CREATE TABLE custody_entry (
  idx       INTEGER PRIMARY KEY,           -- the entry's place in the log, from 0 without gaps
  leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
  entry     BLOB NOT NULL,                 -- canonical JSON, Proof/FORMAT.md
  exhibit   TEXT,
  seq       INTEGER,
  CHECK ((exhibit IS NULL) = (seq IS NULL))
);
CREATE UNIQUE INDEX custody_entry_by_exhibit ON custody_entry (exhibit, seq) WHERE exhibit IS NOT NULL;

-- What the salted commitments of an entry stand for (RFC 9901 section 4.2.1).
CREATE TABLE custody_disclosure (
  idx        INTEGER NOT NULL REFERENCES custody_entry (idx),
  ordinal    INTEGER NOT NULL,
  disclosure TEXT NOT NULL,
  PRIMARY KEY (idx, ordinal)
) WITHOUT ROWID;

-- Complete subtrees at levels 8, 16, 24 …: one for each full tile of the level below.
CREATE TABLE custody_node (
  level INTEGER NOT NULL CHECK (level > 0 AND level % 8 = 0),
  idx   INTEGER NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) WITHOUT ROWID;

-- Signed commitments to the whole log at a size (C2SP tlog-checkpoint), one for each group commit.
CREATE TABLE custody_checkpoint (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note BLOB NOT NULL
);

CREATE TRIGGER custody_entry_no_update BEFORE UPDATE ON custody_entry BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_entry_no_delete BEFORE DELETE ON custody_entry BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_disclosure_no_update BEFORE UPDATE ON custody_disclosure BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_disclosure_no_delete BEFORE DELETE ON custody_disclosure BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_node_no_update BEFORE UPDATE ON custody_node BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_node_no_delete BEFORE DELETE ON custody_node BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_checkpoint_no_update BEFORE UPDATE ON custody_checkpoint BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_checkpoint_no_delete BEFORE DELETE ON custody_checkpoint BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;

-- INSERT OR REPLACE deletes without firing delete triggers: refuse it at the insert.
CREATE TRIGGER custody_entry_no_replace BEFORE INSERT ON custody_entry WHEN EXISTS (SELECT 1 FROM custody_entry WHERE idx = NEW.idx) BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_disclosure_no_replace BEFORE INSERT ON custody_disclosure WHEN EXISTS (SELECT 1 FROM custody_disclosure WHERE idx = NEW.idx AND ordinal = NEW.ordinal) BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_node_no_replace BEFORE INSERT ON custody_node WHEN EXISTS (SELECT 1 FROM custody_node WHERE level = NEW.level AND idx = NEW.idx) BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_checkpoint_no_replace BEFORE INSERT ON custody_checkpoint WHEN EXISTS (SELECT 1 FROM custody_checkpoint WHERE size = NEW.size) BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
