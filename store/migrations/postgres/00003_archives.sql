-- +goose Up

-- Each version has an archive of its own in the blob store, so that removing one
-- takes nothing from another. Those stored so far may share one, named by its
-- digest.
ALTER TABLE blueprints ADD COLUMN archive TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE blueprints SET archive = digest;
CREATE INDEX blueprints_archive ON blueprints (archive);

-- Archives that may lie in the blob store and belong to no blueprint: announced
-- by an upload that has not ended, or doomed, which is never taken back.
CREATE TABLE stray_archives (
    archive TEXT COLLATE "C" PRIMARY KEY,
    since   BIGINT NOT NULL,
    doomed  BOOLEAN NOT NULL
);
