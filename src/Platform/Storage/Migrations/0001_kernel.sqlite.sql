CREATE TABLE resource (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, version INTEGER NOT NULL, labels TEXT, old_labels TEXT, owner TEXT, body BLOB NOT NULL,
  PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE INDEX resource_owner ON resource (owner) WHERE owner IS NOT NULL;
CREATE TABLE resource_label (
  kind TEXT NOT NULL, label TEXT NOT NULL, value TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, name, label)
) WITHOUT ROWID;
CREATE INDEX resource_label_value ON resource_label (kind, label, value, namespace, name);
CREATE TABLE revision (
  version INTEGER PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  labels TEXT, old_labels TEXT, body BLOB NOT NULL
);
CREATE INDEX revision_key ON revision (kind, namespace, name, version);
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL, change INTEGER NOT NULL,
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, correlation TEXT NOT NULL,
  leaf BLOB NOT NULL, entry BLOB NOT NULL
);
CREATE INDEX ledger_key ON ledger (kind, namespace, name, seq);
CREATE INDEX ledger_correlation ON ledger (correlation, seq) WHERE correlation <> '';
CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL, edge BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE tile (level INTEGER NOT NULL, idx INTEGER NOT NULL, root BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (level, idx));
CREATE TABLE due (
  kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, attempt INTEGER NOT NULL, partition INTEGER NOT NULL, stamp INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX due_at ON due (partition, at);
CREATE TABLE feed_cursor (consumer TEXT PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE transient (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, expires INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE INDEX transient_version ON transient (version);
CREATE TABLE principal (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, namespace TEXT NOT NULL
);
CREATE TABLE token (
  id TEXT PRIMARY KEY, principal TEXT NOT NULL REFERENCES principal (id), hash TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL, expires INTEGER, revoked INTEGER
);
CREATE TABLE idempotency (key TEXT PRIMARY KEY, request TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER NOT NULL, response TEXT NOT NULL);
INSERT INTO head (id, size, root, edge, at) VALUES (1, 0, x'', x'', 0);
CREATE TABLE transient_head (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
INSERT INTO transient_head (id, version) VALUES (1, 0);
