-- Time stamps by an outside authority (RFC 3161). Nothing is put in a queue: a seal without a row in timestamp_token is what waits.
CREATE TABLE timestamp_token (
  id           INTEGER PRIMARY KEY,
  exhibit      TEXT UNIQUE REFERENCES exhibit (reference), -- whose seal_cms it stamps
  log_size     INTEGER UNIQUE REFERENCES custody_checkpoint (size), -- or the size whose checkpoint it stamps
  settled_size INTEGER,                    -- of a checkpoint's: how far the log is stamped, its own entry included where nothing came between
  token        BLOB NOT NULL,              -- DER TimeStampToken
  sha256       TEXT NOT NULL,              -- of the token
  time         TEXT NOT NULL,              -- when, by the authority's clock, RFC 3339 UTC
  serial       TEXT NOT NULL,              -- the token's serial number, hex
  tsa          TEXT NOT NULL,              -- SHA-256 of the authority's certificate
  stored_at    TEXT NOT NULL,
  CHECK ((exhibit IS NULL) <> (log_size IS NULL)),
  CHECK ((log_size IS NULL) = (settled_size IS NULL))
);

-- What went wrong with one that waits, and when it is tried again.
CREATE TABLE timestamp_try (
  subject TEXT PRIMARY KEY,                -- exhibit:<reference> or checkpoint
  tries   INTEGER NOT NULL,
  next_at TEXT NOT NULL,
  problem TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX exhibit_by_sealing ON exhibit (sealed_at, reference) WHERE seal_cms IS NOT NULL;

CREATE TRIGGER timestamp_token_no_update BEFORE UPDATE ON timestamp_token BEGIN SELECT RAISE(ABORT, 'time stamps are kept as they came'); END;
CREATE TRIGGER timestamp_token_no_delete BEFORE DELETE ON timestamp_token BEGIN SELECT RAISE(ABORT, 'time stamps are kept as they came'); END;
