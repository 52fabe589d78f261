-- The journal's schema, version 3. Made by tools/gen_schema.py from durable_wf/model; do not edit.
-- PRAGMA application_id = 1146570314; PRAGMA user_version = 3;

CREATE TABLE "meta" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "migration" (
    "version" INTEGER NOT NULL PRIMARY KEY,
    "at_us" INTEGER NOT NULL,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((ifnull(at_us, -1) * 3) % 32749) STORED
) STRICT;

CREATE TABLE "counter" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" INTEGER NOT NULL,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((value * 3) % 32749) STORED
) STRICT, WITHOUT ROWID;

CREATE TABLE "state_name" (
    "machine" TEXT NOT NULL,
    "code" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("machine", "code")
) STRICT, WITHOUT ROWID;

CREATE TABLE "event_name" (
    "machine" TEXT NOT NULL,
    "code" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("machine", "code")
) STRICT, WITHOUT ROWID;

CREATE TABLE "subject_name" (
    "code" INTEGER NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL
) STRICT;

CREATE TABLE "kind_name" (
    "code" INTEGER NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL
) STRICT;

CREATE TABLE "blueprint" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "plan_json" TEXT NOT NULL,
    "hashes_json" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL
) STRICT;

CREATE TABLE "deployment" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "blueprint" INTEGER NOT NULL,
    "inputs_json" TEXT NOT NULL,
    "settings_json" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    CHECK (gone IN (0, 1)),
    FOREIGN KEY (blueprint) REFERENCES blueprint (id)
) STRICT;

CREATE TABLE "deployment_version" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "blueprint" INTEGER NOT NULL,
    "inputs_json" TEXT NOT NULL,
    "settings_json" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("id", "seq"),
    FOREIGN KEY (id) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "node" (
    "deployment" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "body_json" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("deployment", "name"),
    CHECK (gone IN (0, 1)),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "node_version" (
    "deployment" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "body_json" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("deployment", "name", "seq"),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "node_instance" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "deployment" INTEGER NOT NULL,
    "node" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "idx" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "runtime_properties_json" TEXT NOT NULL,
    "system_properties_json" TEXT NOT NULL,
    "relationships_json" TEXT NOT NULL,
    "host" TEXT,
    "scaling_groups_json" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "revision" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    CHECK (gone IN (0, 1)),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "node_instance_version" (
    "id" INTEGER NOT NULL,
    "deployment" INTEGER NOT NULL,
    "node" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "idx" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "runtime_properties_json" TEXT NOT NULL,
    "system_properties_json" TEXT NOT NULL,
    "relationships_json" TEXT NOT NULL,
    "host" TEXT,
    "scaling_groups_json" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "revision" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("deployment", "id", "seq"),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "scaling" (
    "deployment" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "current" INTEGER NOT NULL,
    "planned" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("deployment", "name"),
    CHECK (gone IN (0, 1)),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "scaling_version" (
    "deployment" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "current" INTEGER NOT NULL,
    "planned" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "gone" INTEGER NOT NULL,
    PRIMARY KEY ("deployment", "name", "seq"),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "execution" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "uid" TEXT NOT NULL,
    "deployment" INTEGER,
    "workflow" TEXT NOT NULL,
    "function" TEXT NOT NULL,
    "parameters_json" TEXT NOT NULL,
    "options_json" TEXT NOT NULL,
    "code_json" TEXT NOT NULL,
    "key" TEXT,
    "created_us" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "fence" INTEGER NOT NULL,
    "owner_json" TEXT,
    "started_us" INTEGER,
    "ended_us" INTEGER,
    "ended_seq" INTEGER,
    "report" TEXT,
    "checksum" INTEGER NOT NULL,
    CHECK (state BETWEEN 0 AND 11),
    CHECK ((ended_us IS NOT NULL) = (3584 >> state & 1)),
    CHECK (CASE WHEN started_us IS NULL THEN 536 ELSE 0 END >> state & 1 = 0),
    FOREIGN KEY (deployment) REFERENCES deployment (id)
) STRICT;

CREATE TABLE "modification" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "deployment" INTEGER NOT NULL,
    "uid" TEXT NOT NULL,
    "execution" INTEGER NOT NULL,
    "task" INTEGER NOT NULL,
    "wanted_json" TEXT NOT NULL,
    "plan_json" TEXT NOT NULL,
    "created_us" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "ended_us" INTEGER,
    "ended_seq" INTEGER,
    "ended_by" INTEGER NOT NULL,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((state * 3 + ifnull(ended_us, -1) * 5 + ifnull(ended_seq, -1) * 7 + ended_by * 11) % 32749) STORED,
    CHECK (state BETWEEN 0 AND 2),
    CHECK ((ended_us IS NOT NULL) = (6 >> state & 1)),
    CHECK (CASE WHEN created_us IS NULL THEN 7 ELSE 0 END >> state & 1 = 0),
    CHECK ((ended_seq IS NOT NULL) = (ended_us IS NOT NULL)),
    FOREIGN KEY (deployment) REFERENCES deployment (id),
    FOREIGN KEY (execution) REFERENCES execution (id)
) STRICT;

CREATE TABLE "modification_step" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "deployment" INTEGER NOT NULL,
    "modification" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "done_us" INTEGER,
    "done_seq" INTEGER,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((state * 3 + ifnull(done_us, -1) * 5 + ifnull(done_seq, -1) * 7) % 32749) STORED,
    CHECK (state BETWEEN 0 AND 1),
    CHECK ((done_seq IS NOT NULL) = (2 >> state & 1)),
    CHECK ((done_seq IS NOT NULL) = (done_us IS NOT NULL)),
    FOREIGN KEY (deployment) REFERENCES deployment (id),
    FOREIGN KEY (modification) REFERENCES modification (id)
) STRICT;

CREATE TABLE "payload" (
    "execution" INTEGER NOT NULL,
    "no" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "body_json" TEXT NOT NULL,
    PRIMARY KEY ("execution", "no"),
    FOREIGN KEY (execution) REFERENCES execution (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE "tasks_graph" (
    "execution" INTEGER NOT NULL,
    "no" INTEGER NOT NULL,
    "path" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    PRIMARY KEY ("execution", "no"),
    CHECK (state BETWEEN 0 AND 4),
    FOREIGN KEY (execution) REFERENCES execution (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE "task" (
    "execution" INTEGER NOT NULL,
    "no" INTEGER NOT NULL,
    "graph" INTEGER,
    "parent" INTEGER,
    "kind" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "n" INTEGER NOT NULL,
    "request" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "attempts" INTEGER NOT NULL,
    "retries" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "not_before_us" INTEGER,
    "ended_seq" INTEGER,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((state * 3 + attempts * 5 + retries * 7 + generation * 11 + ifnull(not_before_us, -1) * 13 + ifnull(ended_seq, -1) * 17) % 32749) STORED,
    PRIMARY KEY ("execution", "no"),
    CHECK (state BETWEEN 0 AND 7),
    CHECK (ended_seq IS NOT NULL OR 96 >> state & 1 = 0),
    FOREIGN KEY (execution, request) REFERENCES payload (execution, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE "task_dependency" (
    "execution" INTEGER NOT NULL,
    "task" INTEGER NOT NULL,
    "on" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    PRIMARY KEY ("execution", "task", "on"),
    FOREIGN KEY (execution, task) REFERENCES task (execution, no),
    FOREIGN KEY (execution, "on") REFERENCES task (execution, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE "attempt" (
    "execution" INTEGER NOT NULL,
    "task" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "fence" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "began_us" INTEGER,
    "ended_us" INTEGER,
    "checksum" INTEGER NOT NULL GENERATED ALWAYS AS ((state * 3 + ifnull(began_us, -1) * 5 + ifnull(ended_us, -1) * 7) % 32749) STORED,
    PRIMARY KEY ("execution", "task", "number"),
    CHECK (state BETWEEN 0 AND 7),
    CHECK ((ended_us IS NOT NULL) = (248 >> state & 1)),
    CHECK (CASE WHEN began_us IS NULL THEN 2 ELSE 1 END >> state & 1 = 0),
    FOREIGN KEY (execution, task) REFERENCES task (execution, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE "transition" (
    "execution" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "subject" INTEGER NOT NULL,
    "subject_no" INTEGER NOT NULL,
    "source" INTEGER,
    "target" INTEGER NOT NULL,
    "event" INTEGER NOT NULL,
    "at_us" INTEGER NOT NULL,
    "attempt" INTEGER,
    "attempt_target" INTEGER,
    "fence" INTEGER NOT NULL,
    "detail_json" TEXT,
    PRIMARY KEY ("execution", "seq"),
    CHECK (source IS NULL OR (CASE subject
WHEN 0 THEN CASE source
    WHEN 0 THEN 2050 -- scheduled: queued, cancelled
    WHEN 1 THEN 2052 -- queued: pending, cancelled
    WHEN 2 THEN 3336 -- pending: started, interrupted, failed, cancelled
    WHEN 3 THEN 4081 -- started: scheduled, paused, cancelling, force_cancelling, kill_cancelling, interrupted, terminated, failed, cancelled
    WHEN 4 THEN 2056 -- paused: started, cancelled
    WHEN 5 THEN 3520 -- cancelling: force_cancelling, kill_cancelling, interrupted, failed, cancelled
    WHEN 6 THEN 2432 -- force_cancelling: kill_cancelling, interrupted, cancelled
    WHEN 7 THEN 2304 -- kill_cancelling: interrupted, cancelled
    WHEN 8 THEN 3112 -- interrupted: started, cancelling, failed, cancelled
    WHEN 10 THEN 8 -- failed: started
    WHEN 11 THEN 8 -- cancelled: started
    ELSE 0 END
WHEN 1 THEN CASE source
    WHEN 0 THEN 2 -- pending: started
    WHEN 1 THEN 28 -- started: succeeded, failed, cancelled
    WHEN 3 THEN 2 -- failed: started
    WHEN 4 THEN 2 -- cancelled: started
    ELSE 0 END
WHEN 2 THEN CASE source
    WHEN 0 THEN 230 -- pending: sent, started, succeeded, failed, superseded
    WHEN 1 THEN 253 -- sent: pending, started, rescheduled, unknown, succeeded, failed, superseded
    WHEN 2 THEN 249 -- started: pending, rescheduled, unknown, succeeded, failed, superseded
    WHEN 3 THEN 129 -- rescheduled: pending, superseded
    WHEN 4 THEN 133 -- unknown: pending, started, superseded
    WHEN 5 THEN 128 -- succeeded: superseded
    WHEN 6 THEN 129 -- failed: pending, superseded
    ELSE 0 END
WHEN 3 THEN CASE source
    WHEN 0 THEN 254 -- sent: started, unknown, succeeded, failed, rescheduled, timed_out, cancelled
    WHEN 1 THEN 252 -- started: unknown, succeeded, failed, rescheduled, timed_out, cancelled
    WHEN 2 THEN 26 -- unknown: started, succeeded, failed
    ELSE 0 END
WHEN 7 THEN CASE source
    WHEN 0 THEN 6 -- started: finished, rolledback
    ELSE 0 END
WHEN 8 THEN CASE source
    WHEN 0 THEN 2 -- pending: done
    ELSE 0 END
ELSE -1 END) >> target & 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE "event" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "execution" INTEGER NOT NULL,
    "task" INTEGER,
    "attempt" INTEGER,
    "at_us" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "context_json" TEXT
) STRICT;

CREATE TABLE "inbox" (
    "id" INTEGER NOT NULL PRIMARY KEY,
    "execution" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT,
    "payload_json" TEXT,
    "requester" TEXT NOT NULL,
    "at_us" INTEGER NOT NULL,
    "taken_seq" INTEGER,
    "checksum" INTEGER NOT NULL,
    FOREIGN KEY (execution) REFERENCES execution (id)
) STRICT;

CREATE TABLE "link" (
    "execution" INTEGER NOT NULL,
    "deployment" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "last_seq" INTEGER NOT NULL,
    "last_event" INTEGER NOT NULL,
    "hash" BLOB NOT NULL,
    PRIMARY KEY ("execution", "deployment", "ordinal")
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX deployment_by_name ON deployment (name) WHERE gone = 0;

CREATE UNIQUE INDEX node_instance_by_deployment_name ON node_instance (deployment, name) WHERE gone = 0;

CREATE UNIQUE INDEX execution_by_uid ON execution (uid);

CREATE INDEX execution_by_state ON execution (state);

CREATE INDEX execution_by_deployment ON execution (deployment);

CREATE UNIQUE INDEX modification_by_uid ON modification (uid);

CREATE INDEX modification_by_deployment ON modification (deployment);

CREATE UNIQUE INDEX modification_by_deployment_state ON modification (deployment, state) WHERE state = 0;

CREATE INDEX modification_step_by_deployment ON modification_step (deployment);

CREATE INDEX modification_step_by_modification ON modification_step (modification);

CREATE INDEX event_by_execution ON event (execution);

CREATE UNIQUE INDEX inbox_by_execution_key ON inbox (execution, key);

CREATE INDEX inbox_by_execution ON inbox (execution) WHERE taken_seq IS NULL;

CREATE TRIGGER execution_begins BEFORE INSERT ON execution
WHEN NEW.state <> 2
BEGIN SELECT RAISE(ABORT, 'a new execution is pending'); END;

CREATE TRIGGER execution_moves BEFORE UPDATE OF state ON execution
WHEN (CASE OLD.state
    WHEN 0 THEN 2051 -- scheduled: scheduled, queued, cancelled
    WHEN 1 THEN 2054 -- queued: queued, pending, cancelled
    WHEN 2 THEN 3340 -- pending: pending, started, interrupted, failed, cancelled
    WHEN 3 THEN 4089 -- started: scheduled, started, paused, cancelling, force_cancelling, kill_cancelling, interrupted, terminated, failed, cancelled
    WHEN 4 THEN 2072 -- paused: started, paused, cancelled
    WHEN 5 THEN 3552 -- cancelling: cancelling, force_cancelling, kill_cancelling, interrupted, failed, cancelled
    WHEN 6 THEN 2496 -- force_cancelling: force_cancelling, kill_cancelling, interrupted, cancelled
    WHEN 7 THEN 2432 -- kill_cancelling: kill_cancelling, interrupted, cancelled
    WHEN 8 THEN 3368 -- interrupted: started, cancelling, interrupted, failed, cancelled
    WHEN 9 THEN 512 -- terminated: terminated
    WHEN 10 THEN 1032 -- failed: started, failed
    WHEN 11 THEN 2056 -- cancelled: started, cancelled
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal execution transition'); END;

CREATE TRIGGER tasks_graph_begins BEFORE INSERT ON tasks_graph
WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a new tasks_graph is pending'); END;

CREATE TRIGGER tasks_graph_moves BEFORE UPDATE OF state ON tasks_graph
WHEN (CASE OLD.state
    WHEN 0 THEN 3 -- pending: pending, started
    WHEN 1 THEN 30 -- started: started, succeeded, failed, cancelled
    WHEN 2 THEN 4 -- succeeded: succeeded
    WHEN 3 THEN 10 -- failed: started, failed
    WHEN 4 THEN 18 -- cancelled: started, cancelled
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal tasks_graph transition'); END;

CREATE TRIGGER task_begins BEFORE INSERT ON task
WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a new task is pending'); END;

CREATE TRIGGER task_moves BEFORE UPDATE OF state ON task
WHEN (CASE OLD.state
    WHEN 0 THEN 231 -- pending: pending, sent, started, succeeded, failed, superseded
    WHEN 1 THEN 255 -- sent: pending, sent, started, rescheduled, unknown, succeeded, failed, superseded
    WHEN 2 THEN 253 -- started: pending, started, rescheduled, unknown, succeeded, failed, superseded
    WHEN 3 THEN 137 -- rescheduled: pending, rescheduled, superseded
    WHEN 4 THEN 149 -- unknown: pending, started, unknown, superseded
    WHEN 5 THEN 160 -- succeeded: succeeded, superseded
    WHEN 6 THEN 193 -- failed: pending, failed, superseded
    WHEN 7 THEN 128 -- superseded: superseded
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal task transition'); END;

CREATE TRIGGER attempt_begins BEFORE INSERT ON attempt
WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a new attempt is sent'); END;

CREATE TRIGGER attempt_moves BEFORE UPDATE OF state ON attempt
WHEN (CASE OLD.state
    WHEN 0 THEN 255 -- sent: sent, started, unknown, succeeded, failed, rescheduled, timed_out, cancelled
    WHEN 1 THEN 254 -- started: started, unknown, succeeded, failed, rescheduled, timed_out, cancelled
    WHEN 2 THEN 30 -- unknown: started, unknown, succeeded, failed
    WHEN 3 THEN 8 -- succeeded: succeeded
    WHEN 4 THEN 16 -- failed: failed
    WHEN 5 THEN 32 -- rescheduled: rescheduled
    WHEN 6 THEN 64 -- timed_out: timed_out
    WHEN 7 THEN 128 -- cancelled: cancelled
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal attempt transition'); END;

CREATE TRIGGER modification_begins BEFORE INSERT ON modification
WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a new modification is started'); END;

CREATE TRIGGER modification_moves BEFORE UPDATE OF state ON modification
WHEN (CASE OLD.state
    WHEN 0 THEN 7 -- started: started, finished, rolledback
    WHEN 1 THEN 2 -- finished: finished
    WHEN 2 THEN 4 -- rolledback: rolledback
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal modification transition'); END;

CREATE TRIGGER modification_step_begins BEFORE INSERT ON modification_step
WHEN NEW.state <> 0
BEGIN SELECT RAISE(ABORT, 'a new modification_step is pending'); END;

CREATE TRIGGER modification_step_moves BEFORE UPDATE OF state ON modification_step
WHEN (CASE OLD.state
    WHEN 0 THEN 3 -- pending: pending, done
    WHEN 1 THEN 2 -- done: done
    ELSE 0 END) >> NEW.state & 1 = 0
BEGIN SELECT RAISE(ABORT, 'illegal modification_step transition'); END;

CREATE TRIGGER meta_once BEFORE UPDATE ON meta
BEGIN SELECT RAISE(ABORT, 'meta is written once'); END;

CREATE TRIGGER meta_kept BEFORE DELETE ON meta
BEGIN SELECT RAISE(ABORT, 'meta is kept'); END;

CREATE TRIGGER migration_once BEFORE UPDATE ON migration
BEGIN SELECT RAISE(ABORT, 'migration is written once'); END;

CREATE TRIGGER migration_kept BEFORE DELETE ON migration
BEGIN SELECT RAISE(ABORT, 'migration is kept'); END;

CREATE TRIGGER counter_kept BEFORE DELETE ON counter
BEGIN SELECT RAISE(ABORT, 'counter is kept'); END;

CREATE TRIGGER state_name_once BEFORE UPDATE ON state_name
BEGIN SELECT RAISE(ABORT, 'state_name is written once'); END;

CREATE TRIGGER state_name_kept BEFORE DELETE ON state_name
BEGIN SELECT RAISE(ABORT, 'state_name is kept'); END;

CREATE TRIGGER event_name_once BEFORE UPDATE ON event_name
BEGIN SELECT RAISE(ABORT, 'event_name is written once'); END;

CREATE TRIGGER event_name_kept BEFORE DELETE ON event_name
BEGIN SELECT RAISE(ABORT, 'event_name is kept'); END;

CREATE TRIGGER subject_name_once BEFORE UPDATE ON subject_name
BEGIN SELECT RAISE(ABORT, 'subject_name is written once'); END;

CREATE TRIGGER subject_name_kept BEFORE DELETE ON subject_name
BEGIN SELECT RAISE(ABORT, 'subject_name is kept'); END;

CREATE TRIGGER kind_name_once BEFORE UPDATE ON kind_name
BEGIN SELECT RAISE(ABORT, 'kind_name is written once'); END;

CREATE TRIGGER kind_name_kept BEFORE DELETE ON kind_name
BEGIN SELECT RAISE(ABORT, 'kind_name is kept'); END;

CREATE TRIGGER blueprint_once BEFORE UPDATE ON blueprint
BEGIN SELECT RAISE(ABORT, 'blueprint is written once'); END;

CREATE TRIGGER blueprint_kept BEFORE DELETE ON blueprint
BEGIN SELECT RAISE(ABORT, 'blueprint is kept'); END;

CREATE TRIGGER deployment_kept BEFORE DELETE ON deployment
BEGIN SELECT RAISE(ABORT, 'deployment is kept'); END;

CREATE TRIGGER deployment_version_once BEFORE UPDATE ON deployment_version
BEGIN SELECT RAISE(ABORT, 'deployment_version is written once'); END;

CREATE TRIGGER deployment_version_kept BEFORE DELETE ON deployment_version
BEGIN SELECT RAISE(ABORT, 'deployment_version is kept'); END;

CREATE TRIGGER node_kept BEFORE DELETE ON node
BEGIN SELECT RAISE(ABORT, 'node is kept'); END;

CREATE TRIGGER node_version_once BEFORE UPDATE ON node_version
BEGIN SELECT RAISE(ABORT, 'node_version is written once'); END;

CREATE TRIGGER node_version_kept BEFORE DELETE ON node_version
BEGIN SELECT RAISE(ABORT, 'node_version is kept'); END;

CREATE TRIGGER node_instance_kept BEFORE DELETE ON node_instance
BEGIN SELECT RAISE(ABORT, 'node_instance is kept'); END;

CREATE TRIGGER node_instance_version_once BEFORE UPDATE ON node_instance_version
BEGIN SELECT RAISE(ABORT, 'node_instance_version is written once'); END;

CREATE TRIGGER node_instance_version_kept BEFORE DELETE ON node_instance_version
BEGIN SELECT RAISE(ABORT, 'node_instance_version is kept'); END;

CREATE TRIGGER scaling_kept BEFORE DELETE ON scaling
BEGIN SELECT RAISE(ABORT, 'scaling is kept'); END;

CREATE TRIGGER scaling_version_once BEFORE UPDATE ON scaling_version
BEGIN SELECT RAISE(ABORT, 'scaling_version is written once'); END;

CREATE TRIGGER scaling_version_kept BEFORE DELETE ON scaling_version
BEGIN SELECT RAISE(ABORT, 'scaling_version is kept'); END;

CREATE TRIGGER execution_once BEFORE UPDATE OF id, uid, deployment, workflow, function, parameters_json, options_json, code_json, key, created_us, seq ON execution
BEGIN SELECT RAISE(ABORT, 'this of execution is written once'); END;

CREATE TRIGGER execution_kept BEFORE DELETE ON execution
BEGIN SELECT RAISE(ABORT, 'execution is kept'); END;

CREATE TRIGGER modification_once BEFORE UPDATE OF id, deployment, uid, execution, task, wanted_json, plan_json, created_us, seq ON modification
BEGIN SELECT RAISE(ABORT, 'this of modification is written once'); END;

CREATE TRIGGER modification_kept BEFORE DELETE ON modification
BEGIN SELECT RAISE(ABORT, 'modification is kept'); END;

CREATE TRIGGER modification_step_once BEFORE UPDATE OF id, deployment, modification, kind, seq ON modification_step
BEGIN SELECT RAISE(ABORT, 'this of modification_step is written once'); END;

CREATE TRIGGER modification_step_kept BEFORE DELETE ON modification_step
BEGIN SELECT RAISE(ABORT, 'modification_step is kept'); END;

CREATE TRIGGER payload_once BEFORE UPDATE ON payload
BEGIN SELECT RAISE(ABORT, 'payload is written once'); END;

CREATE TRIGGER payload_kept BEFORE DELETE ON payload
BEGIN SELECT RAISE(ABORT, 'payload is kept'); END;

CREATE TRIGGER tasks_graph_once BEFORE UPDATE OF execution, no, path, seq ON tasks_graph
BEGIN SELECT RAISE(ABORT, 'this of tasks_graph is written once'); END;

CREATE TRIGGER tasks_graph_kept BEFORE DELETE ON tasks_graph
BEGIN SELECT RAISE(ABORT, 'tasks_graph is kept'); END;

CREATE TRIGGER task_once BEFORE UPDATE OF execution, no, graph, parent, kind, name, target, n, request, seq ON task
BEGIN SELECT RAISE(ABORT, 'this of task is written once'); END;

CREATE TRIGGER task_kept BEFORE DELETE ON task
BEGIN SELECT RAISE(ABORT, 'task is kept'); END;

CREATE TRIGGER task_dependency_once BEFORE UPDATE ON task_dependency
BEGIN SELECT RAISE(ABORT, 'task_dependency is written once'); END;

CREATE TRIGGER task_dependency_kept BEFORE DELETE ON task_dependency
BEGIN SELECT RAISE(ABORT, 'task_dependency is kept'); END;

CREATE TRIGGER attempt_once BEFORE UPDATE OF execution, task, number, seq, fence ON attempt
BEGIN SELECT RAISE(ABORT, 'this of attempt is written once'); END;

CREATE TRIGGER attempt_kept BEFORE DELETE ON attempt
BEGIN SELECT RAISE(ABORT, 'attempt is kept'); END;

CREATE TRIGGER transition_once BEFORE UPDATE ON transition
BEGIN SELECT RAISE(ABORT, 'transition is written once'); END;

CREATE TRIGGER transition_kept BEFORE DELETE ON transition
BEGIN SELECT RAISE(ABORT, 'transition is kept'); END;

CREATE TRIGGER event_once BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is written once'); END;

CREATE TRIGGER event_kept BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is kept'); END;

CREATE TRIGGER inbox_once BEFORE UPDATE OF id, execution, kind, key, payload_json, requester, at_us ON inbox
BEGIN SELECT RAISE(ABORT, 'this of inbox is written once'); END;

CREATE TRIGGER inbox_kept BEFORE DELETE ON inbox
BEGIN SELECT RAISE(ABORT, 'inbox is kept'); END;

CREATE TRIGGER link_once BEFORE UPDATE ON link
BEGIN SELECT RAISE(ABORT, 'link is written once'); END;

CREATE TRIGGER link_kept BEFORE DELETE ON link
BEGIN SELECT RAISE(ABORT, 'link is kept'); END;

CREATE TRIGGER node_instance_rises BEFORE UPDATE OF revision ON node_instance
WHEN NEW.revision < OLD.revision
BEGIN SELECT RAISE(ABORT, 'a revision never goes back'); END;

CREATE TRIGGER counter_rises BEFORE UPDATE OF value ON counter
WHEN NEW.value < OLD.value
BEGIN SELECT RAISE(ABORT, 'a number is never given twice'); END;

CREATE VIEW v_executions AS SELECT
    t."id",
    t."uid",
    t."deployment",
    t."workflow",
    t."function",
    t."parameters_json",
    t."options_json",
    t."code_json",
    t."key",
    t."created_us",
    t."seq",
    (SELECT name FROM state_name WHERE machine = 'execution' AND code = t.state) AS state,
    t."fence",
    t."owner_json",
    t."started_us",
    t."ended_us",
    t."ended_seq",
    t."report",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name
FROM execution AS t;

CREATE VIEW v_graphs AS SELECT
    t."execution",
    t."no",
    t."path",
    t."seq",
    (SELECT name FROM state_name WHERE machine = 'tasks_graph' AND code = t.state) AS state,
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM tasks_graph AS t;

CREATE VIEW v_tasks AS SELECT
    t."execution",
    t."no",
    t."graph",
    t."parent",
    (SELECT name FROM kind_name AS k WHERE k.code = t.kind) AS kind,
    t."name",
    t."target",
    t."n",
    t."request",
    t."seq",
    (SELECT name FROM state_name WHERE machine = 'task' AND code = t.state) AS state,
    t."attempts",
    t."retries",
    t."generation",
    t."not_before_us",
    t."ended_seq",
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM task AS t;

CREATE VIEW v_attempts AS SELECT
    t."execution",
    t."task",
    t."number",
    t."seq",
    t."fence",
    (SELECT name FROM state_name WHERE machine = 'attempt' AND code = t.state) AS state,
    t."began_us",
    t."ended_us",
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM attempt AS t;

CREATE VIEW v_transitions AS SELECT
    t."execution",
    t."seq",
    (SELECT name FROM subject_name AS s WHERE s.code = t.subject) AS subject,
    t."subject_no",
    (SELECT name FROM state_name WHERE machine = (SELECT name FROM subject_name AS s WHERE s.code = t.subject) AND code = t.source) AS source,
    (SELECT name FROM state_name WHERE machine = (SELECT name FROM subject_name AS s WHERE s.code = t.subject) AND code = t.target) AS target,
    (SELECT name FROM event_name WHERE machine = (SELECT name FROM subject_name AS s WHERE s.code = t.subject) AND code = t.event) AS event,
    t."at_us",
    t."attempt",
    (SELECT name FROM state_name WHERE machine = 'attempt' AND code = t.attempt_target) AS attempt_target,
    t."fence",
    t."detail_json",
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM transition AS t;

CREATE VIEW v_events AS SELECT
    t."id",
    t."execution",
    t."task",
    t."attempt",
    t."at_us",
    t."type",
    t."level",
    t."message",
    t."context_json",
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM event AS t;

CREATE VIEW v_requests AS SELECT
    t."id",
    t."execution",
    t."kind",
    t."key",
    t."payload_json",
    t."requester",
    t."at_us",
    t."taken_seq",
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM inbox AS t;

CREATE VIEW v_deployments AS SELECT
    t."id",
    t."name",
    t."blueprint",
    t."inputs_json",
    t."settings_json",
    t."created_us",
    t."seq",
    t."gone"
FROM deployment AS t WHERE gone = 0;

CREATE VIEW v_nodes AS SELECT
    t."deployment",
    t."name",
    t."body_json",
    t."seq",
    t."gone",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name
FROM node AS t WHERE gone = 0;

CREATE VIEW v_instances AS SELECT
    t."id",
    t."deployment",
    t."node",
    t."name",
    t."idx",
    t."state",
    t."runtime_properties_json",
    t."system_properties_json",
    t."relationships_json",
    t."host",
    t."scaling_groups_json",
    t."version",
    t."revision",
    t."seq",
    t."gone",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name
FROM node_instance AS t WHERE gone = 0;

CREATE VIEW v_scaling AS SELECT
    t."deployment",
    t."name",
    t."current",
    t."planned",
    t."seq",
    t."gone",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name
FROM scaling AS t WHERE gone = 0;

CREATE VIEW v_modifications AS SELECT
    t."id",
    t."deployment",
    t."uid",
    t."execution",
    t."task",
    t."wanted_json",
    t."plan_json",
    t."created_us",
    t."seq",
    (SELECT name FROM state_name WHERE machine = 'modification' AND code = t.state) AS state,
    t."ended_us",
    t."ended_seq",
    t."ended_by",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name,
    (SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid
FROM modification AS t;

CREATE VIEW v_modification_steps AS SELECT
    t."id",
    t."deployment",
    t."modification",
    t."kind",
    t."seq",
    (SELECT name FROM state_name WHERE machine = 'modification_step' AND code = t.state) AS state,
    t."done_us",
    t."done_seq",
    (SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name
FROM modification_step AS t;

INSERT INTO state_name VALUES ('execution', 0, 'scheduled'), ('execution', 1, 'queued'), ('execution', 2, 'pending'), ('execution', 3, 'started'), ('execution', 4, 'paused'), ('execution', 5, 'cancelling'), ('execution', 6, 'force_cancelling'), ('execution', 7, 'kill_cancelling'), ('execution', 8, 'interrupted'), ('execution', 9, 'terminated'), ('execution', 10, 'failed'), ('execution', 11, 'cancelled'), ('tasks_graph', 0, 'pending'), ('tasks_graph', 1, 'started'), ('tasks_graph', 2, 'succeeded'), ('tasks_graph', 3, 'failed'), ('tasks_graph', 4, 'cancelled'), ('task', 0, 'pending'), ('task', 1, 'sent'), ('task', 2, 'started'), ('task', 3, 'rescheduled'), ('task', 4, 'unknown'), ('task', 5, 'succeeded'), ('task', 6, 'failed'), ('task', 7, 'superseded'), ('attempt', 0, 'sent'), ('attempt', 1, 'started'), ('attempt', 2, 'unknown'), ('attempt', 3, 'succeeded'), ('attempt', 4, 'failed'), ('attempt', 5, 'rescheduled'), ('attempt', 6, 'timed_out'), ('attempt', 7, 'cancelled'), ('modification', 0, 'started'), ('modification', 1, 'finished'), ('modification', 2, 'rolledback'), ('modification_step', 0, 'pending'), ('modification_step', 1, 'done'), ('node_instance', 0, 'uninitialized'), ('node_instance', 1, 'creating'), ('node_instance', 2, 'created'), ('node_instance', 3, 'configuring'), ('node_instance', 4, 'configured'), ('node_instance', 5, 'starting'), ('node_instance', 6, 'started'), ('node_instance', 7, 'stopping'), ('node_instance', 8, 'stopped'), ('node_instance', 9, 'deleting'), ('node_instance', 10, 'deleted');

INSERT INTO event_name VALUES ('execution', 0, 'came_due'), ('execution', 1, 'admitted'), ('execution', 2, 'started'), ('execution', 3, 'returned'), ('execution', 4, 'raised'), ('execution', 5, 'unwound'), ('execution', 6, 'waits'), ('execution', 7, 'paused'), ('execution', 8, 'unpaused'), ('execution', 9, 'cancel'), ('execution', 10, 'force'), ('execution', 11, 'kill'), ('execution', 12, 'called_off'), ('execution', 13, 'owner_gone'), ('execution', 14, 'laid_down'), ('execution', 15, 'resumed'), ('execution', 16, 'resumed_cancelling'), ('execution', 17, 'tries_used_up'), ('execution', 18, 'reopened'), ('execution', 19, 'created'), ('execution', 20, 'told'), ('tasks_graph', 0, 'started'), ('tasks_graph', 1, 'succeeded'), ('tasks_graph', 2, 'failed'), ('tasks_graph', 3, 'cancelled'), ('tasks_graph', 4, 'resumed'), ('tasks_graph', 5, 'failing'), ('task', 0, 'handed_out'), ('task', 1, 'handed_back'), ('task', 2, 'began'), ('task', 3, 'succeeded'), ('task', 4, 'failed'), ('task', 5, 'retry'), ('task', 6, 'came_due'), ('task', 7, 'owner_gone'), ('task', 8, 'rerun'), ('task', 9, 'settled'), ('task', 10, 'reset'), ('task', 11, 'superseded'), ('task', 12, 'asked'), ('attempt', 0, 'began'), ('attempt', 1, 'succeeded'), ('attempt', 2, 'failed'), ('attempt', 3, 'asked_again'), ('attempt', 4, 'timed_out'), ('attempt', 5, 'cancelled'), ('attempt', 6, 'owner_gone'), ('attempt', 7, 'reattached'), ('modification', 0, 'finished'), ('modification', 1, 'rolled_back'), ('modification', 2, 'started'), ('modification_step', 0, 'done'), ('node_instance', 0, 'created'), ('node_instance', 1, 'state_set'), ('node_instance', 2, 'properties_changed'), ('node_instance', 3, 'deleted');

INSERT INTO subject_name VALUES (0, 'execution'), (1, 'tasks_graph'), (2, 'task'), (3, 'attempt'), (4, 'node_instance'), (5, 'deployment'), (6, 'blueprint'), (7, 'modification'), (8, 'modification_step');

INSERT INTO kind_name VALUES (0, 'operation'), (1, 'local'), (2, 'set_state'), (3, 'get_state'), (4, 'event'), (5, 'refresh'), (6, 'subgraph'), (7, 'hub'), (8, 'nop'), (9, 'dry_run'), (10, 'update_instance'), (11, 'execution_status'), (12, 'start_modification'), (13, 'finish_modification'), (14, 'rollback_modification'), (15, 'list_modifications');
