-- Revisions that a ledger row up to this version superseded are gone: changes can be replayed from here on.
CREATE TABLE compaction (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
INSERT INTO compaction (id, version) VALUES (1, 0);
