-- Human tasks of runs at a Temporal server elsewhere of which that server does not have the end: beside an open row of workflow_human_task, whose namespace is
-- empty then, and beside a decided one until the server was told. heartbeat: how often the server must hear of it, in microseconds; 0 for never.
CREATE TABLE workflow_human_outside (
  run TEXT NOT NULL, event BIGINT NOT NULL, heartbeat BIGINT NOT NULL,
  PRIMARY KEY (run, event)
) WITHOUT ROWID;
