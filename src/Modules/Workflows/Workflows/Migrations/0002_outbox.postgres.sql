-- What executions ask of each other: stored with the step that asks, gone with the step that answers.
-- kind 1: start a child, 2: let it begin, 3: signal, 4: cancel, 5: tell the parent of the end, 6: the parent has ended.
-- event: the event of the asking run that it is about; delivered: whether the receiver has committed, and the asking run is to be told.
CREATE TABLE workflow_outbox (
  run TEXT NOT NULL, kind BIGINT NOT NULL, event BIGINT NOT NULL, namespace TEXT NOT NULL, workflow TEXT NOT NULL,
  target TEXT NOT NULL, target_run TEXT NOT NULL, at BIGINT NOT NULL, delivered BIGINT NOT NULL,
  PRIMARY KEY (run, kind, event)
);
CREATE INDEX workflow_outbox_sender ON workflow_outbox (namespace, workflow, at, run, event, kind);
