-- Worker deployments; state is a document of the module's own. The columns from current_version on are what task queues ask of: '' stands for workers without a
-- version, NULL for what nobody has set. Times are microseconds since 1970.
CREATE TABLE workflow_deployment (
  namespace TEXT NOT NULL, deployment TEXT NOT NULL, version BIGINT NOT NULL,
  current_version TEXT, current_at BIGINT, ramping_version TEXT, percentage DOUBLE PRECISION NOT NULL, ramping_at BIGINT, state BLOB NOT NULL,
  PRIMARY KEY (namespace, deployment)
) WITHOUT ROWID;

-- The task queues that the workers of each version have polled; kind as in workflow_task.
CREATE TABLE workflow_deployment_queue (
  namespace TEXT NOT NULL, queue TEXT NOT NULL, kind BIGINT NOT NULL, deployment TEXT NOT NULL, build TEXT NOT NULL,
  PRIMARY KEY (namespace, queue, kind, deployment, build)
) WITHOUT ROWID;
CREATE INDEX workflow_deployment_queue_version ON workflow_deployment_queue (namespace, deployment, build, kind);

-- Where a task goes: '' to the current or ramping version of its queue, '*' to the ramping one, else the version that it is pinned to. place is that of the
-- workflow id, by which a ramp takes its part; NULL in rows from before.
ALTER TABLE workflow_task ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE workflow_task ADD COLUMN place BIGINT;

-- Activities that clients start themselves: one row for each activity id, of its last run; request is what started it, state a document of the module's own.
-- Their tasks are in workflow_task with event 0. What lists show of them is in workflow_visibility and workflow_attribute, under the namespace's uid with
-- '/activities' behind it: workflow is the activity id, type the activity type.
CREATE TABLE workflow_activity (
  namespace TEXT NOT NULL, activity TEXT NOT NULL, run TEXT NOT NULL, version BIGINT NOT NULL, request BLOB NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (namespace, activity)
) WITHOUT ROWID;
