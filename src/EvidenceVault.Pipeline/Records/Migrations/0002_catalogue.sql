-- The catalogue: what the vault holds and how far each item has come. Every change of state commits with its custody entry.
-- Times are RFC 3339 UTC text. Offsets and PTS are seconds.
CREATE TABLE case_file (
  name      TEXT PRIMARY KEY,
  opened_at TEXT NOT NULL
);

CREATE TABLE camera (
  case_name TEXT NOT NULL REFERENCES case_file (name),
  name      TEXT NOT NULL,
  PRIMARY KEY (case_name, name)
);

CREATE TABLE authority (
  urn       TEXT NOT NULL,
  case_name TEXT NOT NULL REFERENCES case_file (name),
  PRIMARY KEY (case_name, urn)
);

-- A camera's placement for a case under an authority, with its clock as observed.
CREATE TABLE deployment (
  id                        INTEGER PRIMARY KEY,
  case_name                 TEXT NOT NULL,
  camera                    TEXT NOT NULL,
  authority_urn             TEXT,
  clock_offset_seconds      REAL,
  clock_uncertainty_seconds REAL,
  clock_reference           TEXT,
  observed_at               TEXT NOT NULL,
  FOREIGN KEY (case_name, camera) REFERENCES camera (case_name, name)
);

CREATE TABLE drop_delivery (
  id              INTEGER PRIMARY KEY,
  source          TEXT NOT NULL,
  name            TEXT NOT NULL,
  case_name       TEXT,
  camera          TEXT,
  deployment_id   INTEGER REFERENCES deployment (id),
  manifest        TEXT,
  manifest_sha256 TEXT,
  technician      TEXT,
  missing         TEXT,                    -- JSON array of the manifest's files that never came
  first_seen_at   TEXT NOT NULL,
  UNIQUE (source, name)
);

CREATE TABLE drop_problem (
  drop_id       INTEGER NOT NULL REFERENCES drop_delivery (id),
  kind          TEXT NOT NULL,
  relative_path TEXT NOT NULL,
  sentence      TEXT NOT NULL,
  PRIMARY KEY (drop_id, kind, relative_path)
);

CREATE TABLE drop_receipt (
  drop_id   INTEGER NOT NULL REFERENCES drop_delivery (id),
  number    INTEGER NOT NULL,
  facts     TEXT NOT NULL,                 -- SHA-256 of what it accounts for: a new one is issued when that changes
  receipt   BLOB NOT NULL,
  signature BLOB NOT NULL,
  issued_at TEXT NOT NULL,
  PRIMARY KEY (drop_id, number)
);

CREATE TABLE exhibit (
  reference     TEXT PRIMARY KEY,
  prefix        TEXT NOT NULL,
  number        INTEGER,                   -- of a Master: the number after its initials
  case_name     TEXT NOT NULL,
  camera        TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('received', 'sealed', 'stored', 'analysed', 'not-analysed', 'failed', 'damaged')),
  parent        TEXT REFERENCES exhibit (reference),
  role          TEXT,                      -- of a Derivative
  segment       INTEGER,
  pts           REAL,
  drop_id       INTEGER REFERENCES drop_delivery (id),
  source        TEXT,
  path          TEXT,
  relative_path TEXT,
  seen_bytes    INTEGER,
  seen_stamp    TEXT,
  expected_bytes  INTEGER,
  expected_sha256 TEXT,
  staging_id    TEXT NOT NULL,
  sha256        TEXT,
  sha512        TEXT,
  bytes         INTEGER,
  address       TEXT,
  seal          BLOB,
  seal_cms      BLOB,
  name_disclosure TEXT,                    -- opens the seal's originalNameDigest
  analysis      TEXT,                      -- analysis.json
  problem       TEXT,
  received_at   TEXT NOT NULL,
  sealed_at     TEXT,
  stored_at     TEXT,
  moved_aside   INTEGER NOT NULL DEFAULT 0,
  FOREIGN KEY (case_name, camera) REFERENCES camera (case_name, name)
);
CREATE UNIQUE INDEX exhibit_by_number ON exhibit (prefix, number) WHERE parent IS NULL;
-- One delivery of one version of one file is one exhibit, whatever crashes and however many workers look. A file given on the
-- command line is told apart by the reference it was given.
CREATE UNIQUE INDEX exhibit_by_delivery ON exhibit (source, path, seen_bytes, seen_stamp) WHERE parent IS NULL AND source <> 'given';
CREATE INDEX exhibit_by_path ON exhibit (source, path) WHERE parent IS NULL;
CREATE INDEX exhibit_by_parent ON exhibit (parent) WHERE parent IS NOT NULL;
CREATE INDEX exhibit_by_sha256 ON exhibit (sha256);
CREATE INDEX exhibit_by_drop ON exhibit (drop_id);
CREATE INDEX exhibit_unfinished ON exhibit (state) WHERE state IN ('received', 'sealed', 'stored');

CREATE TABLE segment (
  exhibit        TEXT NOT NULL REFERENCES exhibit (reference),
  number         INTEGER NOT NULL,
  start_pts      REAL NOT NULL,
  end_pts        REAL NOT NULL,
  peak_pts       REAL NOT NULL,
  peak_score     REAL NOT NULL,
  box            TEXT NOT NULL,            -- JSON array: x, y, width, height
  opened_because TEXT NOT NULL,
  closed_because TEXT NOT NULL,
  PRIMARY KEY (exhibit, number)
);

-- What the log last recorded of the configuration: keys, access list.
CREATE TABLE recorded_setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
