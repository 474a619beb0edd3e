-- What lists and counts ask of: one row for each run, written when it starts, when it closes, and when its search attributes or memo change.
-- close_at of an open run is the largest number there is: open runs come first in a list. duration is in nanoseconds. info is what a list shows.
-- Texts compare by their bytes, so that a prefix is a range.
CREATE TABLE workflow_visibility (
  run TEXT COLLATE "C" NOT NULL PRIMARY KEY, namespace TEXT NOT NULL, workflow TEXT COLLATE "C" NOT NULL, type TEXT COLLATE "C" NOT NULL,
  queue TEXT COLLATE "C" NOT NULL, status BIGINT NOT NULL, start_at BIGINT NOT NULL, execution_at BIGINT NOT NULL, close_at BIGINT NOT NULL,
  duration BIGINT, length BIGINT, size BIGINT, parent_workflow TEXT COLLATE "C", parent_run TEXT COLLATE "C",
  root_workflow TEXT COLLATE "C", root_run TEXT COLLATE "C", info BYTEA NOT NULL
);
CREATE INDEX workflow_visibility_list ON workflow_visibility (namespace, close_at DESC, start_at DESC, run DESC);
CREATE INDEX workflow_visibility_status ON workflow_visibility (namespace, status, close_at DESC, start_at DESC, run DESC);
CREATE INDEX workflow_visibility_type ON workflow_visibility (namespace, type, close_at DESC, start_at DESC, run DESC);
CREATE INDEX workflow_visibility_workflow ON workflow_visibility (namespace, workflow, close_at DESC, start_at DESC, run DESC);
CREATE INDEX workflow_visibility_start ON workflow_visibility (namespace, start_at DESC, run DESC);

-- Search attributes: a row for each value of a list, and for each word of a text. kind is Temporal's IndexedValueType; value is written so that
-- texts compare as the values do. The times are those of the run's row: a list by one value reads them in order from the index.
CREATE TABLE workflow_attribute (
  run TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, kind BIGINT NOT NULL, value TEXT COLLATE "C" NOT NULL,
  namespace TEXT NOT NULL, close_at BIGINT NOT NULL, start_at BIGINT NOT NULL,
  PRIMARY KEY (run, name, kind, value)
);
CREATE INDEX workflow_attribute_value ON workflow_attribute (namespace, name, kind, value, close_at DESC, start_at DESC, run DESC);

-- Long histories of runs that are deleted; their events go in pieces.
CREATE TABLE workflow_discarded (run TEXT COLLATE "C" NOT NULL PRIMARY KEY);
