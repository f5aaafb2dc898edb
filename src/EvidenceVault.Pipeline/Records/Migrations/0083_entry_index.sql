-- What the log's entries are looked up by. Derived from them some time after they were appended, without gaps; never evidence: what is shown is read from the entry, and the whole can be compared
-- with the log.
CREATE TABLE entry_index (
  idx       INTEGER PRIMARY KEY,           -- the entry's place in the log
  at        INTEGER,                       -- its time, milliseconds since 1970 UTC; null, as all below, where the entry cannot be read
  actor     TEXT,                          -- as the entry's own disclosure opens it
  action    TEXT,
  outcome   TEXT,
  case_name TEXT,
  exhibit   TEXT
);
CREATE INDEX entry_index_by_actor ON entry_index (actor);
CREATE INDEX entry_index_by_action ON entry_index (action);
CREATE INDEX entry_index_by_case ON entry_index (case_name);
CREATE INDEX entry_index_in_trouble ON entry_index (outcome) WHERE outcome <> 'done';

-- Between which places the entries of each hour lie. Times may run backwards where a clock was set.
CREATE TABLE entry_hour (
  hour  INTEGER PRIMARY KEY,               -- hours since 1970 UTC
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL
);

-- How many exhibits a case has is kept beside it: counting 100,000 at each look costs more than a page may.
ALTER TABLE case_file ADD COLUMN exhibits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN in_trouble INTEGER NOT NULL DEFAULT 0;
UPDATE case_file SET
  exhibits = (SELECT COUNT(*) FROM exhibit e WHERE e.case_name = case_file.name AND (e.parent IS NULL OR e.role = 'still-series')),
  in_trouble = (SELECT COUNT(*) FROM exhibit e WHERE e.case_name = case_file.name AND (e.parent IS NULL OR e.role = 'still-series') AND e.state IN ('failed', 'damaged'));

CREATE TRIGGER case_file_counts_new AFTER INSERT ON exhibit WHEN NEW.parent IS NULL OR NEW.role = 'still-series' BEGIN
  UPDATE case_file SET exhibits = exhibits + 1, in_trouble = in_trouble + (NEW.state IN ('failed', 'damaged')) WHERE name = NEW.case_name;
END;
CREATE TRIGGER case_file_counts_state AFTER UPDATE OF state ON exhibit WHEN (NEW.parent IS NULL OR NEW.role = 'still-series') AND (NEW.state IN ('failed', 'damaged')) <> (OLD.state IN ('failed', 'damaged')) BEGIN
  UPDATE case_file SET in_trouble = in_trouble + (NEW.state IN ('failed', 'damaged')) - (OLD.state IN ('failed', 'damaged')) WHERE name = NEW.case_name;
END;
CREATE TRIGGER case_file_counts_gone AFTER DELETE ON exhibit WHEN OLD.parent IS NULL OR OLD.role = 'still-series' BEGIN
  UPDATE case_file SET exhibits = exhibits - 1, in_trouble = in_trouble - (OLD.state IN ('failed', 'damaged')) WHERE name = OLD.case_name;
END;

-- The search: the newest first, and parts of delivered names, without reading whole rows, which hold seals and analyses.
CREATE INDEX exhibit_to_search ON exhibit (received_at, reference, case_name, camera, state, relative_path, bytes) WHERE parent IS NULL OR role = 'still-series';
