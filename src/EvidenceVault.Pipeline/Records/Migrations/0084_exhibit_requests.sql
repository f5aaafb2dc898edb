-- Somebody who is no member of a case asks for one exhibit of it. What was asked for may not exist: that is told to nobody.
CREATE TABLE exhibit_request (
  id           INTEGER PRIMARY KEY,
  asker        TEXT NOT NULL,
  exhibit      TEXT NOT NULL,              -- as it was asked for
  case_name    TEXT,                       -- the exhibit's case; null where there is no such exhibit
  reason       TEXT NOT NULL,
  asked_at     TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined', 'withdrawn')),
  answered_by  TEXT,
  answered_at  TEXT,
  answer       TEXT,                       -- the officer's words
  may_retrieve INTEGER NOT NULL DEFAULT 0,
  until        TEXT,                       -- until when an approval holds
  CHECK (state <> 'approved' OR until IS NOT NULL)
);
CREATE INDEX exhibit_request_by_asker ON exhibit_request (asker, id);
CREATE INDEX exhibit_request_by_case ON exhibit_request (case_name, state, id) WHERE case_name IS NOT NULL;
CREATE INDEX exhibit_request_granted ON exhibit_request (asker, exhibit) WHERE state = 'approved';
