-- Drops that are sent through the portal: kept from the moment they are begun, so that whoever was interrupted finds them again.
CREATE TABLE drop_upload (
  id        TEXT PRIMARY KEY,              -- also the name of its folder in the drop container
  case_name TEXT NOT NULL,
  camera    TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('begun', 'completing', 'sent', 'withdrawn')),
  account   TEXT NOT NULL,                 -- who began it
  declared  TEXT NOT NULL,                 -- JSON: its manifest without the files
  source    TEXT NOT NULL,                 -- the id of the drop source it goes to
  begun_at  TEXT NOT NULL,
  ended_at  TEXT
);
CREATE INDEX drop_upload_by_case ON drop_upload (case_name, begun_at);
CREATE INDEX drop_upload_begun ON drop_upload (account) WHERE state = 'begun';

CREATE TABLE drop_upload_file (
  upload  TEXT NOT NULL REFERENCES drop_upload (id),
  number  INTEGER NOT NULL,                -- from 1: where it lies is made of this and never of its name
  name    TEXT NOT NULL,
  key     TEXT NOT NULL,                   -- names with one key are one file on a card that ignores case
  bytes   INTEGER NOT NULL,
  sha256  TEXT,                            -- as the browser computed it
  sent_at TEXT,                            -- when it lay in the drop container, whole
  PRIMARY KEY (upload, number),
  UNIQUE (upload, key)
) WITHOUT ROWID;
CREATE INDEX drop_upload_file_waiting ON drop_upload_file (upload, number) WHERE sent_at IS NULL;

-- How each file of a drop stands, by its name, without reading all exhibits of the drop for each.
CREATE INDEX exhibit_by_drop_name ON exhibit (drop_id, relative_path) WHERE parent IS NULL;
