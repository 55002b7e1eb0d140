-- +goose Up

CREATE TABLE objects (
    cloud      TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    deployment TEXT COLLATE "C" NOT NULL,
    instance   TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    scope      TEXT COLLATE "C" NOT NULL,
    listed     BOOLEAN NOT NULL,
    body       BYTEA NOT NULL, -- sealed: kubeconfigs and passwords end up here
    created_at BIGINT NOT NULL, -- microseconds since 1970 in UTC
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (cloud, kind, id)
);
CREATE INDEX objects_scope ON objects (scope);
CREATE INDEX objects_deployment ON objects (deployment);

CREATE TABLE calls (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    cloud      TEXT COLLATE "C" NOT NULL,
    call       TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    deployment TEXT COLLATE "C" NOT NULL,
    effective  BOOLEAN NOT NULL,
    error      TEXT COLLATE "C" NOT NULL
);

CREATE TABLE counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE faults (
    key  TEXT COLLATE "C" PRIMARY KEY,
    used BIGINT NOT NULL
);
