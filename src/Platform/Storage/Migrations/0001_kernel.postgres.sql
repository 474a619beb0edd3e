CREATE TABLE resource (
  kind TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
  uid TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, labels TEXT COLLATE "C", old_labels TEXT COLLATE "C", owner TEXT COLLATE "C", body BYTEA NOT NULL,
  PRIMARY KEY (kind, namespace, name)
);
CREATE INDEX resource_owner ON resource (owner) WHERE owner IS NOT NULL;
CREATE TABLE resource_label (
  kind TEXT COLLATE "C" NOT NULL, label TEXT COLLATE "C" NOT NULL, value TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (kind, namespace, name, label)
);
CREATE INDEX resource_label_value ON resource_label (kind, label, value, namespace, name);
CREATE TABLE revision (
  version BIGINT PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
  labels TEXT COLLATE "C", old_labels TEXT COLLATE "C", body BYTEA NOT NULL
);
CREATE INDEX revision_key ON revision (kind, namespace, name, version);
CREATE TABLE ledger (
  seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT COLLATE "C" NOT NULL, verb TEXT COLLATE "C" NOT NULL, change BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, correlation TEXT COLLATE "C" NOT NULL,
  leaf BYTEA NOT NULL, entry BYTEA NOT NULL
);
CREATE INDEX ledger_key ON ledger (kind, namespace, name, seq);
CREATE INDEX ledger_correlation ON ledger (correlation, seq) WHERE correlation <> '';
CREATE TABLE head (id BIGINT PRIMARY KEY CHECK (id = 1), size BIGINT NOT NULL, root BYTEA NOT NULL, edge BYTEA NOT NULL, at BIGINT NOT NULL);
CREATE TABLE tile (level BIGINT NOT NULL, idx BIGINT NOT NULL, root BYTEA NOT NULL, bytes BYTEA NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE due (
  kind TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL, attempt BIGINT NOT NULL, partition BIGINT NOT NULL, stamp BIGINT NOT NULL,
  PRIMARY KEY (kind, key)
);
CREATE INDEX due_at ON due (partition, at);
CREATE TABLE feed_cursor (consumer TEXT COLLATE "C" PRIMARY KEY, position BIGINT NOT NULL);
CREATE TABLE transient (
  kind TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, expires BIGINT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (kind, namespace, name)
);
CREATE INDEX transient_version ON transient (version);
CREATE TABLE principal (
  id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL UNIQUE, role TEXT COLLATE "C" NOT NULL, namespace TEXT COLLATE "C" NOT NULL
);
CREATE TABLE token (
  id TEXT COLLATE "C" PRIMARY KEY, principal TEXT COLLATE "C" NOT NULL REFERENCES principal (id), hash TEXT COLLATE "C" NOT NULL UNIQUE,
  created BIGINT NOT NULL, expires BIGINT, revoked BIGINT
);
CREATE TABLE idempotency (key TEXT COLLATE "C" PRIMARY KEY, request TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL, status BIGINT NOT NULL, response TEXT COLLATE "C" NOT NULL);
-- Bodies are copied out as they are: no compression to undo, and small ones stay in the row.
ALTER TABLE resource ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE revision ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE ledger ALTER COLUMN entry SET STORAGE EXTERNAL;
-- One row, rewritten by each commit: room on its page keeps the update off the index.
ALTER TABLE head SET (fillfactor = 10);
INSERT INTO head (id, size, root, edge, at) VALUES (1, 0, '', '', 0);
-- The row's lock orders the versions of transient resources as they commit.
CREATE TABLE transient_head (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
INSERT INTO transient_head (id, version) VALUES (1, 0);
