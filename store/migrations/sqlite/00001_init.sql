-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 when there is none. JSON is TEXT.
-- Columns that hold sealed bytes are BLOB.

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE blueprints (
    uid         TEXT PRIMARY KEY,
    team        TEXT NOT NULL,
    id          TEXT NOT NULL,
    version     BIGINT NOT NULL,
    main_file   TEXT NOT NULL,
    description TEXT NOT NULL,
    digest      TEXT NOT NULL,
    plan        TEXT NOT NULL,
    labels      TEXT NOT NULL,
    state       TEXT NOT NULL,
    bundled     BOOLEAN NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (team, id, version)
);

CREATE TABLE deployments (
    uid                 TEXT PRIMARY KEY,
    team                TEXT NOT NULL,
    id                  TEXT NOT NULL,
    display_name        TEXT NOT NULL,
    description         TEXT NOT NULL,
    blueprint_uid       TEXT NOT NULL REFERENCES blueprints (uid),
    blueprint_id        TEXT NOT NULL,
    blueprint_version   BIGINT NOT NULL,
    expected_nodes      BIGINT NOT NULL,
    inputs              BLOB NOT NULL, -- sealed
    workflows           TEXT NOT NULL,
    capabilities        TEXT NOT NULL,
    outputs             TEXT NOT NULL,
    rehearsal           BOOLEAN NOT NULL,
    rehearsal_reason    TEXT NOT NULL,
    cloud_type          TEXT NOT NULL,
    env_type            TEXT NOT NULL,
    parent              TEXT NOT NULL,
    parent_node         TEXT NOT NULL,
    labels              TEXT NOT NULL,
    installation_status TEXT NOT NULL,
    deployment_status   TEXT NOT NULL,
    latest_execution    TEXT NOT NULL,
    created_by          TEXT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (team, id)
);
CREATE INDEX deployments_blueprint ON deployments (blueprint_uid);
CREATE INDEX deployments_parent ON deployments (parent);
CREATE INDEX deployments_created ON deployments (team, created_at);

CREATE TABLE node_instances (
    deployment_uid TEXT NOT NULL REFERENCES deployments (uid) ON DELETE CASCADE,
    id             TEXT NOT NULL,
    node_id        TEXT NOT NULL,
    host_id        TEXT NOT NULL,
    idx            BIGINT NOT NULL,
    state          TEXT NOT NULL,
    version        BIGINT NOT NULL,
    runtime        BLOB NOT NULL, -- sealed
    relationships  TEXT NOT NULL,
    scaling_groups TEXT NOT NULL,
    PRIMARY KEY (deployment_uid, id)
);
CREATE INDEX node_instances_id ON node_instances (id);

-- A deployment's executions outlive it where they belong to another
-- deployment's tree, so there is no reference to deployments.
-- path is the ids from the outermost parent down, each closed by a slash: "it
-- and everything below" is a range of paths.
CREATE TABLE executions (
    id                  TEXT PRIMARY KEY,
    team                TEXT NOT NULL,
    deployment_uid      TEXT NOT NULL,
    deployment_id       TEXT NOT NULL,
    blueprint_id        TEXT NOT NULL,
    workflow            TEXT NOT NULL,
    parameters          BLOB NOT NULL, -- sealed
    status              TEXT NOT NULL,
    reason              TEXT NOT NULL,
    error               TEXT NOT NULL,
    root_id             TEXT NOT NULL,
    parent_id           TEXT NOT NULL,
    parent_step         TEXT NOT NULL,
    generation          BIGINT NOT NULL,
    path                TEXT NOT NULL UNIQUE,
    rehearsal           BOOLEAN NOT NULL,
    force               BOOLEAN NOT NULL,
    dry_run             BOOLEAN NOT NULL,
    wait_after_fail     BIGINT NOT NULL, -- microseconds
    total_operations    BIGINT NOT NULL,
    finished_operations BIGINT NOT NULL,
    created_by          TEXT NOT NULL,
    created_at          BIGINT NOT NULL,
    started_at          BIGINT NOT NULL,
    ended_at            BIGINT NOT NULL,
    epoch               BIGINT NOT NULL,
    server              TEXT NOT NULL,
    last_seq            BIGINT NOT NULL -- the last event number given out, for roots
);
CREATE UNIQUE INDEX executions_child ON executions (parent_id, parent_step, generation) WHERE parent_id <> '';
CREATE INDEX executions_deployment ON executions (deployment_uid, created_at);
CREATE INDEX executions_root ON executions (root_id);
CREATE INDEX executions_open ON executions (status) WHERE status NOT IN ('terminated', 'failed', 'cancelled');

-- Apart from executions, whose rows every group commit rewrites.
CREATE TABLE execution_graphs (
    execution_id TEXT PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
    graph        BLOB NOT NULL -- sealed
);

-- Steps and events are written in bulk by the journal, which has just locked
-- their executions; a reference would check again what the fence has proved.
CREATE TABLE steps (
    execution_id TEXT NOT NULL,
    step_id      TEXT NOT NULL,
    state        TEXT NOT NULL,
    attempt      BIGINT NOT NULL,
    intent_at    BIGINT NOT NULL,
    not_before   BIGINT NOT NULL,
    child_id     TEXT NOT NULL,
    polls        BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    result       BLOB NOT NULL, -- sealed
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    PRIMARY KEY (execution_id, step_id)
) WITHOUT ROWID;

-- What an event shares with its execution (team, deployment, workflow) is read
-- from there.
CREATE TABLE events (
    root_id      TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    execution_id TEXT NOT NULL,
    type         TEXT NOT NULL,
    level        TEXT NOT NULL,
    logger       TEXT NOT NULL,
    message      TEXT NOT NULL,
    node_id      TEXT NOT NULL,
    instance_id  TEXT NOT NULL,
    source_id    TEXT NOT NULL,
    target_id    TEXT NOT NULL,
    operation    TEXT NOT NULL,
    step_id      TEXT NOT NULL,
    causes       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (root_id, seq)
) WITHOUT ROWID;

CREATE TABLE dependencies (
    creator    TEXT NOT NULL,
    source_uid TEXT NOT NULL REFERENCES deployments (uid) ON DELETE CASCADE,
    target_uid TEXT NOT NULL,
    target_id  TEXT NOT NULL,
    team       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (source_uid, creator)
);
CREATE INDEX dependencies_target ON dependencies (target_uid);

CREATE TABLE secrets (
    team        TEXT NOT NULL,
    key         TEXT NOT NULL,
    version     BIGINT NOT NULL,
    newest      BOOLEAN NOT NULL,
    value       BLOB NOT NULL, -- sealed
    kind        TEXT NOT NULL,
    placeholder BOOLEAN NOT NULL,
    hidden      BOOLEAN NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (team, key, version)
);

CREATE TABLE accounts (
    name          TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    team          TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash  TEXT PRIMARY KEY,
    account     TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    remote_addr TEXT NOT NULL
);

CREATE TABLE audits (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    team        TEXT NOT NULL,
    remote_addr TEXT NOT NULL,
    action      TEXT NOT NULL,
    object      TEXT NOT NULL,
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    hash        TEXT NOT NULL
);

-- The end of the chain: one row, which whoever appends locks by updating it.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- +goose StatementBegin
CREATE TRIGGER audits_keep BEFORE UPDATE ON audits
BEGIN
    SELECT RAISE(ABORT, 'audits are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audits_stay BEFORE DELETE ON audits
BEGIN
    SELECT RAISE(ABORT, 'audits are append-only');
END;
-- +goose StatementEnd

CREATE TABLE servers (
    name    TEXT PRIMARY KEY,
    counter BIGINT NOT NULL
);
