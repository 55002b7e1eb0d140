-- +goose Up

-- What reads a deployment names it by id, whichever deployment has that id.
DROP INDEX dependencies_target;
ALTER TABLE dependencies DROP COLUMN target_uid;
CREATE INDEX dependencies_target_id ON dependencies (team, target_id);
