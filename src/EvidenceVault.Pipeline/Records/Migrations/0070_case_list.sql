-- A case's exhibits, the newest first, without reading those of all other cases.
CREATE INDEX exhibit_by_case ON exhibit (case_name, received_at, reference) WHERE parent IS NULL OR role = 'still-series';
CREATE INDEX exhibit_in_trouble ON exhibit (case_name) WHERE (parent IS NULL OR role = 'still-series') AND state IN ('failed', 'damaged');
