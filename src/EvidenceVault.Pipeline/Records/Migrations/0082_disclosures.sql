-- Disclosure bundles that were asked for in the portal, and how they stand. What counts is in the custody log; this only finds it. Times are RFC 3339 UTC text.
CREATE TABLE disclosure (
  id            TEXT PRIMARY KEY,        -- the bundle's id, 32 hex digits
  case_name     TEXT NOT NULL REFERENCES case_file (name),
  export_entry  INTEGER NOT NULL,        -- index of the entry that records the export
  exhibits      INTEGER NOT NULL,
  asked_at      TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('making', 'ready', 'failed')),
  folder        TEXT NOT NULL,           -- of the vault's scratch: where it is gone, what was being made there was cut off, and what was kept there was removed
  kept_until    TEXT,
  bundle_sha256 TEXT,                    -- of bundle.json
  zip_sha256    TEXT,
  bytes         INTEGER,                 -- of the ZIP
  problem       TEXT
);
CREATE INDEX disclosure_by_case ON disclosure (case_name, asked_at, id);

-- On whom a bundle was served, and that it was acknowledged: who that is, is in the entries, as personal fields.
CREATE TABLE disclosure_service (
  disclosure         TEXT NOT NULL REFERENCES disclosure (id),
  number             INTEGER NOT NULL,   -- from 1
  entry              INTEGER NOT NULL,   -- index of the entry 'bundle-served'
  served_on          TEXT NOT NULL,      -- the day, as whoever served it says
  acknowledged_entry INTEGER,            -- index of the entry 'bundle-acknowledged'
  acknowledged_on    TEXT,
  PRIMARY KEY (disclosure, number)
) WITHOUT ROWID;

-- People have one hash or the other.
CREATE INDEX exhibit_by_sha512 ON exhibit (sha512) WHERE sha512 IS NOT NULL;
