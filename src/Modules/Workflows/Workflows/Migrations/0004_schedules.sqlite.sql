-- One row for each schedule; state is a document of the module's own. The version counts its commits, the uid tells two of one id apart.
-- What lists show of it is in workflow_visibility and workflow_attribute, under the namespace's uid with '/schedules' behind it.
-- In workflow_outbox kind 7 tells a schedule, the target, of the end of the last run of its chain.
CREATE TABLE workflow_schedule (
  namespace TEXT NOT NULL, schedule TEXT NOT NULL, uid TEXT NOT NULL, version BIGINT NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (namespace, schedule)
) WITHOUT ROWID;
