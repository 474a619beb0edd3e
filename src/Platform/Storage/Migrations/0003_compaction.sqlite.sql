-- Revisions that a ledger row up to this version superseded are gone: changes can be replayed from here on.
CREATE TABLE compaction (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
INSERT INTO compaction (id, version) VALUES (1, 0);
