-- The current run of a workflow id. The version counts the commits of all its runs: who commits compares it.
CREATE TABLE workflow_execution (
  namespace TEXT NOT NULL, workflow TEXT NOT NULL, run TEXT NOT NULL, version BIGINT NOT NULL,
  PRIMARY KEY (namespace, workflow)
);

-- One row for each run; state is a document of the module's own.
CREATE TABLE workflow_run (
  run TEXT NOT NULL PRIMARY KEY, namespace TEXT NOT NULL, workflow TEXT NOT NULL, type TEXT NOT NULL, queue TEXT NOT NULL,
  status BIGINT NOT NULL, start_at BIGINT NOT NULL, close_at BIGINT, next_event BIGINT NOT NULL, state BYTEA NOT NULL
);
CREATE INDEX workflow_run_list ON workflow_run (namespace, start_at DESC, run);
CREATE INDEX workflow_run_id ON workflow_run (namespace, workflow, start_at DESC);

CREATE TABLE workflow_event (
  run TEXT NOT NULL, id BIGINT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (run, id)
);

-- Tasks that no worker has started; kind 1: workflow task, 2: activity task. A started task is in its run's state alone.
CREATE TABLE workflow_task (
  run TEXT NOT NULL, kind BIGINT NOT NULL, event BIGINT NOT NULL, attempt BIGINT NOT NULL,
  namespace TEXT NOT NULL, queue TEXT NOT NULL, workflow TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (run, kind, event)
);
CREATE INDEX workflow_task_queue ON workflow_task (namespace, queue, kind, at, run, event);
