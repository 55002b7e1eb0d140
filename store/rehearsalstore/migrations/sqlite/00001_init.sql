-- +goose Up

CREATE TABLE objects (
    cloud      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    deployment TEXT NOT NULL,
    instance   TEXT NOT NULL,
    state      TEXT NOT NULL,
    scope      TEXT NOT NULL,
    listed     BOOLEAN NOT NULL,
    body       BLOB NOT NULL, -- sealed: kubeconfigs and passwords end up here
    created_at BIGINT NOT NULL, -- microseconds since 1970 in UTC
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (cloud, kind, id)
);
CREATE INDEX objects_scope ON objects (scope);
CREATE INDEX objects_deployment ON objects (deployment);

CREATE TABLE calls (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    cloud      TEXT NOT NULL,
    call       TEXT NOT NULL,
    id         TEXT NOT NULL,
    deployment TEXT NOT NULL,
    effective  BOOLEAN NOT NULL,
    error      TEXT NOT NULL
);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE faults (
    key  TEXT PRIMARY KEY,
    used BIGINT NOT NULL
);
