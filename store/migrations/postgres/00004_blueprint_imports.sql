-- +goose Up

-- Which version of another blueprint a blueprint was compiled with, by the
-- namespace that it was imported under: its scripts are needed at run time, so
-- what is imported cannot be deleted first.
CREATE TABLE blueprint_imports (
    blueprint_uid TEXT COLLATE "C" NOT NULL REFERENCES blueprints (uid),
    namespace     TEXT COLLATE "C" NOT NULL,
    imported_uid  TEXT COLLATE "C" NOT NULL REFERENCES blueprints (uid),
    PRIMARY KEY (blueprint_uid, namespace)
);
CREATE INDEX blueprint_imports_imported ON blueprint_imports (imported_uid);
