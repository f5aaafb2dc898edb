-- Stills that came with drops, and the series that each was looked at in. One without a series waits until its drop is complete.
CREATE TABLE still (
  exhibit TEXT PRIMARY KEY REFERENCES exhibit (reference),
  series  TEXT REFERENCES exhibit (reference),
  place   INTEGER,                         -- its number in the series, from 1
  CHECK ((series IS NULL) = (place IS NULL))
) WITHOUT ROWID;
CREATE INDEX still_waiting ON still (exhibit) WHERE series IS NULL;
CREATE UNIQUE INDEX still_by_place ON still (series, place) WHERE series IS NOT NULL;

-- Those that were analysed before there were series.
INSERT INTO still (exhibit)
SELECT reference FROM exhibit
WHERE parent IS NULL AND drop_id IS NOT NULL AND CASE WHEN json_valid(analysis) THEN json_extract(analysis, '$.probe.container') END = 'jpeg';
