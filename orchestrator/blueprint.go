package orchestrator

import "time"

// Blueprint is one uploaded version of an archive with a main YAML file. The
// newest version of an id is what "-b ID" means; a deployment keeps its own.
type Blueprint struct {
	UID         string // random; names this version for good
	Team        string
	ID          string // what people type
	Version     int    // 1, 2, … within (Team, ID)
	MainFile    string
	Description string
	Digest      string // sha256 of the archive, hex
	// Archive is the archive's name in the blob store: the digest and the UID, so
	// that no two versions share one.
	Archive string
	Plan    *Plan // nil in lists
	// Imports are the versions of other blueprints that it was compiled with, by
	// namespace; nil in lists. They have neither plans nor imports.
	Imports   map[string]Blueprint
	Labels    []Label
	State     string // "uploaded"; failures are not stored
	Bundled   bool   // written by the server from its own catalogue
	CreatedBy string
	CreatedAt time.Time
}

// Label is a key with a value on a blueprint or deployment.
type Label struct {
	Key       string
	Value     string
	CreatedBy string
	CreatedAt time.Time
}
