-- Nexus operations that clients start themselves: one row for each operation id, of its last run; state is a document of the module's own.
-- What lists show of it is in workflow_visibility and workflow_attribute, under the namespace's uid with '/nexus-operations' behind it: workflow is the
-- operation id, type the operation, queue the endpoint, parent_workflow the service.
CREATE TABLE workflow_nexus_operation (
  namespace TEXT NOT NULL, operation TEXT NOT NULL, run TEXT NOT NULL, version BIGINT NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (namespace, operation)
) WITHOUT ROWID;
