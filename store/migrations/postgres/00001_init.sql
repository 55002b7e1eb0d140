-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 when there is none. JSON is TEXT.
-- Columns that hold sealed bytes are BYTEA. Text sorts by bytes, as on SQLite.

CREATE TABLE settings (
    key   TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE blueprints (
    uid         TEXT COLLATE "C" PRIMARY KEY,
    team        TEXT COLLATE "C" NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    main_file   TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    plan        TEXT COLLATE "C" NOT NULL,
    labels      TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    bundled     BOOLEAN NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (team, id, version)
);

CREATE TABLE deployments (
    uid                 TEXT COLLATE "C" PRIMARY KEY,
    team                TEXT COLLATE "C" NOT NULL,
    id                  TEXT COLLATE "C" NOT NULL,
    display_name        TEXT COLLATE "C" NOT NULL,
    description         TEXT COLLATE "C" NOT NULL,
    blueprint_uid       TEXT COLLATE "C" NOT NULL REFERENCES blueprints (uid),
    blueprint_id        TEXT COLLATE "C" NOT NULL,
    blueprint_version   BIGINT NOT NULL,
    expected_nodes      BIGINT NOT NULL,
    inputs              BYTEA NOT NULL, -- sealed
    workflows           TEXT COLLATE "C" NOT NULL,
    capabilities        TEXT COLLATE "C" NOT NULL,
    outputs             TEXT COLLATE "C" NOT NULL,
    rehearsal           BOOLEAN NOT NULL,
    rehearsal_reason    TEXT COLLATE "C" NOT NULL,
    cloud_type          TEXT COLLATE "C" NOT NULL,
    env_type            TEXT COLLATE "C" NOT NULL,
    parent              TEXT COLLATE "C" NOT NULL,
    parent_node         TEXT COLLATE "C" NOT NULL,
    labels              TEXT COLLATE "C" NOT NULL,
    installation_status TEXT COLLATE "C" NOT NULL,
    deployment_status   TEXT COLLATE "C" NOT NULL,
    latest_execution    TEXT COLLATE "C" NOT NULL,
    created_by          TEXT COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (team, id)
);
CREATE INDEX deployments_blueprint ON deployments (blueprint_uid);
CREATE INDEX deployments_parent ON deployments (parent);
CREATE INDEX deployments_created ON deployments (team, created_at);

CREATE TABLE node_instances (
    deployment_uid TEXT COLLATE "C" NOT NULL REFERENCES deployments (uid) ON DELETE CASCADE,
    id             TEXT COLLATE "C" NOT NULL,
    node_id        TEXT COLLATE "C" NOT NULL,
    host_id        TEXT COLLATE "C" NOT NULL,
    idx            BIGINT NOT NULL,
    state          TEXT COLLATE "C" NOT NULL,
    version        BIGINT NOT NULL,
    runtime        BYTEA NOT NULL, -- sealed
    relationships  TEXT COLLATE "C" NOT NULL,
    scaling_groups TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (deployment_uid, id)
);
CREATE INDEX node_instances_id ON node_instances (id);

-- A deployment's executions outlive it where they belong to another
-- deployment's tree, so there is no reference to deployments.
-- path is the ids from the outermost parent down, each closed by a slash: "it
-- and everything below" is a range of paths.
CREATE TABLE executions (
    id                  TEXT COLLATE "C" PRIMARY KEY,
    team                TEXT COLLATE "C" NOT NULL,
    deployment_uid      TEXT COLLATE "C" NOT NULL,
    deployment_id       TEXT COLLATE "C" NOT NULL,
    blueprint_id        TEXT COLLATE "C" NOT NULL,
    workflow            TEXT COLLATE "C" NOT NULL,
    parameters          BYTEA NOT NULL, -- sealed
    status              TEXT COLLATE "C" NOT NULL,
    reason              TEXT COLLATE "C" NOT NULL,
    error               TEXT COLLATE "C" NOT NULL,
    root_id             TEXT COLLATE "C" NOT NULL,
    parent_id           TEXT COLLATE "C" NOT NULL,
    parent_step         TEXT COLLATE "C" NOT NULL,
    generation          BIGINT NOT NULL,
    path                TEXT COLLATE "C" NOT NULL UNIQUE,
    rehearsal           BOOLEAN NOT NULL,
    force               BOOLEAN NOT NULL,
    dry_run             BOOLEAN NOT NULL,
    wait_after_fail     BIGINT NOT NULL, -- microseconds
    total_operations    BIGINT NOT NULL,
    finished_operations BIGINT NOT NULL,
    created_by          TEXT COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    started_at          BIGINT NOT NULL,
    ended_at            BIGINT NOT NULL,
    epoch               BIGINT NOT NULL,
    server              TEXT COLLATE "C" NOT NULL,
    last_seq            BIGINT NOT NULL -- the last event number given out, for roots
) WITH (fillfactor = 70); -- room for the updates of every group commit
CREATE UNIQUE INDEX executions_child ON executions (parent_id, parent_step, generation) WHERE parent_id <> '';
CREATE INDEX executions_deployment ON executions (deployment_uid, created_at);
CREATE INDEX executions_root ON executions (root_id);
CREATE INDEX executions_open ON executions (status) WHERE status NOT IN ('terminated', 'failed', 'cancelled');

-- Apart from executions, whose rows every group commit rewrites.
CREATE TABLE execution_graphs (
    execution_id TEXT COLLATE "C" PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
    graph        BYTEA NOT NULL -- sealed
);

-- Steps and events are written in bulk by the journal, which has just locked
-- their executions; a reference would check again what the fence has proved.
CREATE TABLE steps (
    execution_id TEXT COLLATE "C" NOT NULL,
    step_id      TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    attempt      BIGINT NOT NULL,
    intent_at    BIGINT NOT NULL,
    not_before   BIGINT NOT NULL,
    child_id     TEXT COLLATE "C" NOT NULL,
    polls        BIGINT NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    result       BYTEA NOT NULL, -- sealed
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    PRIMARY KEY (execution_id, step_id)
);

-- What an event shares with its execution (team, deployment, workflow) is read
-- from there.
CREATE TABLE events (
    root_id      TEXT COLLATE "C" NOT NULL,
    seq          BIGINT NOT NULL,
    execution_id TEXT COLLATE "C" NOT NULL,
    type         TEXT COLLATE "C" NOT NULL,
    level        TEXT COLLATE "C" NOT NULL,
    logger       TEXT COLLATE "C" NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,
    node_id      TEXT COLLATE "C" NOT NULL,
    instance_id  TEXT COLLATE "C" NOT NULL,
    source_id    TEXT COLLATE "C" NOT NULL,
    target_id    TEXT COLLATE "C" NOT NULL,
    operation    TEXT COLLATE "C" NOT NULL,
    step_id      TEXT COLLATE "C" NOT NULL,
    causes       TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (root_id, seq)
);

CREATE TABLE dependencies (
    creator    TEXT COLLATE "C" NOT NULL,
    source_uid TEXT COLLATE "C" NOT NULL REFERENCES deployments (uid) ON DELETE CASCADE,
    target_uid TEXT COLLATE "C" NOT NULL,
    target_id  TEXT COLLATE "C" NOT NULL,
    team       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (source_uid, creator)
);
CREATE INDEX dependencies_target ON dependencies (target_uid);

CREATE TABLE secrets (
    team        TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    newest      BOOLEAN NOT NULL,
    value       BYTEA NOT NULL, -- sealed
    kind        TEXT COLLATE "C" NOT NULL,
    placeholder BOOLEAN NOT NULL,
    hidden      BOOLEAN NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (team, key, version)
);

CREATE TABLE accounts (
    name          TEXT COLLATE "C" PRIMARY KEY,
    password_hash TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    team          TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash  TEXT COLLATE "C" PRIMARY KEY,
    account     TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    remote_addr TEXT COLLATE "C" NOT NULL
);

CREATE TABLE audits (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL,
    team        TEXT COLLATE "C" NOT NULL,
    remote_addr TEXT COLLATE "C" NOT NULL,
    action      TEXT COLLATE "C" NOT NULL,
    object      TEXT COLLATE "C" NOT NULL,
    before      TEXT COLLATE "C" NOT NULL,
    after       TEXT COLLATE "C" NOT NULL,
    hash        TEXT COLLATE "C" NOT NULL
);

-- The end of the chain: one row, which whoever appends locks by updating it.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- +goose StatementBegin
CREATE FUNCTION audits_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audits are append-only';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER audits_keep BEFORE UPDATE OR DELETE ON audits
    FOR EACH ROW EXECUTE FUNCTION audits_append_only();

CREATE TABLE servers (
    name    TEXT COLLATE "C" PRIMARY KEY,
    counter BIGINT NOT NULL
);
