-- One row for each batch job; state is a document of the module's own, with where the job goes on. The version counts its commits.
CREATE TABLE workflow_batch (
  namespace TEXT NOT NULL, job TEXT NOT NULL, version BIGINT NOT NULL, start_at BIGINT NOT NULL, close_at BIGINT, state BLOB NOT NULL,
  PRIMARY KEY (namespace, job)
) WITHOUT ROWID;
CREATE INDEX workflow_batch_list ON workflow_batch (namespace, start_at DESC, job DESC);
