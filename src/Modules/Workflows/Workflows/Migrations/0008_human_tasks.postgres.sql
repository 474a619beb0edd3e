-- What people are asked to decide: one row for each activity on the queue flagstone-people, written by the step that schedules the activity, and closed by the
-- step that ends it. state 1: open, 2: decided, 3: the deadline passed, 4: cancelled by the workflow, 5: its run ended. at: when it became open, or over.
-- request, live and outcome are JSON of the module's own: what was asked, what of it changes while it is open, and what was decided.
CREATE TABLE workflow_human_task (
  run TEXT COLLATE "C" NOT NULL, event BIGINT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, workflow TEXT NOT NULL, activity TEXT NOT NULL,
  starter TEXT NOT NULL, is_open BIGINT NOT NULL, state BIGINT NOT NULL, at BIGINT NOT NULL, opened_at BIGINT NOT NULL, request TEXT NOT NULL,
  live TEXT NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (run, event)
);
CREATE INDEX workflow_human_task_list ON workflow_human_task (is_open, at DESC, run, event);

-- Of the open ones, who may decide from when on: user:NAME, team:NAMESPACE/NAME or role:ROLE. 'not NAME', in lower case, may not, whatever else names them.
CREATE TABLE workflow_human_subject (
  run TEXT COLLATE "C" NOT NULL, event BIGINT NOT NULL, subject TEXT COLLATE "C" NOT NULL, from_at BIGINT NOT NULL,
  PRIMARY KEY (run, event, subject)
);
CREATE INDEX workflow_human_subject_subject ON workflow_human_subject (subject);

-- What people are to be told of tasks, where the settings name a way; a row goes when it was told. kind 1: asked, 2: reminder, 3: escalated, 4: decided.
-- channel 1: webhook, 2: mail.
CREATE TABLE workflow_human_notice (
  run TEXT NOT NULL, event BIGINT NOT NULL, kind BIGINT NOT NULL, channel BIGINT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (run, event, kind, channel)
);
