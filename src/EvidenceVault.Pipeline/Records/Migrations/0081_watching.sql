-- The SHA-256 of each block of 4 MiB of what is stored, in order, by the SHA-256 of the whole: taken in a reading whose whole was what was sealed. What is no longer than a block needs none.
CREATE TABLE block_digest (
  sha256  TEXT PRIMARY KEY,
  digests BLOB NOT NULL CHECK (length(digests) % 32 = 0)
) WITHOUT ROWID;

-- When a Master was recorded, by its camera's clock as its file states it, and with the deployment's observation of that clock. Moments are milliseconds since 1970-01-01 UTC.
CREATE TABLE recording (
  exhibit           TEXT PRIMARY KEY REFERENCES exhibit (reference),
  case_name         TEXT NOT NULL,
  camera            TEXT NOT NULL,
  first_pts         REAL NOT NULL,
  seconds           REAL NOT NULL CHECK (seconds >= 0),
  stated            TEXT,                  -- the time that the file states, as written there
  started           INTEGER,               -- the moment of the first frame, by the camera's clock; null where it is not known
  clock_offset      REAL,                  -- seconds to add, as observed for the drop that it came with; null where nobody looked
  clock_uncertainty REAL,
  corrected         INTEGER GENERATED ALWAYS AS (started + CAST(ROUND(COALESCE(clock_offset, 0) * 1000) AS INTEGER)) STORED,
  ended             INTEGER GENERATED ALWAYS AS (started + CAST(ROUND((COALESCE(clock_offset, 0) + seconds) * 1000) AS INTEGER)) STORED
) WITHOUT ROWID;
CREATE INDEX recording_by_time ON recording (case_name, corrected, ended, camera) WHERE started IS NOT NULL;
CREATE INDEX recording_by_camera ON recording (case_name, camera, corrected, ended) WHERE started IS NOT NULL;
CREATE INDEX recording_by_end ON recording (case_name, ended) WHERE started IS NOT NULL;
CREATE INDEX recording_by_length ON recording (case_name, seconds) WHERE started IS NOT NULL;
CREATE INDEX recording_without_time ON recording (case_name, exhibit) WHERE started IS NULL;

-- Those that were analysed before. A moment counts where it says its zone and is later than 1970, which is what an unset clock says (RecordingTime has the same rule).
INSERT INTO recording (exhibit, case_name, camera, first_pts, seconds, stated, started)
SELECT reference, case_name, camera, first_pts, MAX(0, last_pts - first_pts), stated, CASE WHEN day >= 2440952.5 THEN CAST(ROUND((day - 2440587.5) * 86400000) AS INTEGER) END
FROM (
  SELECT *, julianday(CASE
    WHEN stated GLOB '????-??-??[T ]??:??:??*Z' OR stated GLOB '????-??-??[T ]??:??:??*[-+]??:??' THEN stated
    WHEN stated GLOB '????-??-??[T ]??:??:??*[-+]????' THEN substr(stated, 1, length(stated) - 2) || ':' || substr(stated, -2)
  END) AS day
  FROM (
    SELECT reference, case_name, camera, json_extract(analysis, '$.probe.firstPts') AS first_pts, json_extract(analysis, '$.probe.lastPts') AS last_pts, json_extract(analysis, '$.probe.creationTime') AS stated
    FROM exhibit WHERE parent IS NULL AND CASE WHEN json_valid(analysis) THEN json_extract(analysis, '$.probe.container') NOT IN ('jpeg', 'jpeg-folder', 'none') END
  )
) WHERE first_pts IS NOT NULL AND last_pts IS NOT NULL;
UPDATE recording SET (clock_offset, clock_uncertainty) = (
  SELECT p.clock_offset_seconds, p.clock_uncertainty_seconds FROM exhibit e JOIN drop_delivery d ON d.id = e.drop_id JOIN deployment p ON p.id = d.deployment_id WHERE e.reference = recording.exhibit);

-- What somebody noted about an exhibit, at a time of it or of the whole. Append-only: another version is another line, and who wrote what is in the custody log too.
CREATE TABLE note (
  exhibit    TEXT NOT NULL REFERENCES exhibit (reference),
  number     INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  pts        REAL,                         -- seconds; null where it is about the whole
  author     TEXT NOT NULL,
  body       TEXT NOT NULL,
  written_at TEXT NOT NULL,
  PRIMARY KEY (exhibit, number, version)
) WITHOUT ROWID;
CREATE TRIGGER note_no_update BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;
CREATE TRIGGER note_no_delete BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;
CREATE TRIGGER note_no_replace BEFORE INSERT ON note WHEN EXISTS (SELECT 1 FROM note WHERE exhibit = NEW.exhibit AND number = NEW.number AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'notes are append-only'); END;
