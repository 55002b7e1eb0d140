package control

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
	"github.com/slipwayhq/slipway/store"
)

// UploadBlueprint is an archive from a stranger and what to make of it.
type UploadBlueprint struct {
	ID       string
	Archive  []byte
	MainFile string // "" finds blueprint.yaml, or the only YAML file
	Labels   []orchestrator.Label
	// NewVersion lets an existing id get one more version.
	NewVersion bool
}

// Compiled is what became of an archive: a plan, or findings that say why not.
type Compiled struct {
	Plan        *orchestrator.Plan
	Diagnostics diag.Diagnostics
	MainFile    string
	Files       fs.FS
	texts       map[string][]byte                 // from outside the archive, by name
	imported    map[string]orchestrator.Blueprint // by namespace
}

// Text returns the text that a finding points into.
func (c Compiled) Text(file string) ([]byte, bool) {
	if c.Files != nil {
		if text, err := fs.ReadFile(c.Files, file); err == nil {
			return text, true
		}
	}
	text, ok := c.texts[file]
	return text, ok
}

// ValidateBlueprint compiles an archive and stores nothing. A broken archive is
// an error; a broken blueprint is in the findings.
func (c *Control) ValidateBlueprint(ctx context.Context, actor orchestrator.Actor, upload UploadBlueprint) (Compiled, error) {
	if err := require(actor, orchestrator.User, "checking blueprints"); err != nil {
		return Compiled{}, err
	}
	return c.compile(ctx, actor.Team, upload)
}

// UploadBlueprint stores an archive as a new blueprint or a new version. When
// the findings hold an error nothing is stored, and the error carries them
// (diag.Failure).
func (c *Control) UploadBlueprint(ctx context.Context, actor orchestrator.Actor, upload UploadBlueprint) (orchestrator.Blueprint, diag.Diagnostics, error) {
	if err := require(actor, orchestrator.Operator, "uploading blueprints"); err != nil {
		return orchestrator.Blueprint{}, nil, err
	}
	return c.upload(ctx, actor, upload, false)
}

func (c *Control) upload(ctx context.Context, actor orchestrator.Actor, upload UploadBlueprint, bundled bool) (orchestrator.Blueprint, diag.Diagnostics, error) {
	if err := validUpload(upload); err != nil {
		return orchestrator.Blueprint{}, nil, err
	}
	// Asked again inside the transaction; asking first keeps archives that
	// nothing will refer to out of the blob store.
	if err := c.view(ctx, func(tx *store.Tx) error {
		_, err := nextVersion(ctx, tx, actor.Team, upload)
		return err
	}); err != nil {
		return orchestrator.Blueprint{}, nil, err
	}
	compiled, err := c.compile(ctx, actor.Team, upload)
	if err != nil {
		return orchestrator.Blueprint{}, nil, err
	}
	if err := compiled.Diagnostics.Err(); err != nil {
		return orchestrator.Blueprint{}, compiled.Diagnostics, becauseInvalid(err)
	}
	labels, err := relabel(nil, withDeclared(upload.Labels, compiled.Plan.BlueprintLabels), actor.Name, c.now())
	if err != nil {
		return orchestrator.Blueprint{}, nil, err
	}
	uid, digest := uuid.NewString(), digestOf(upload.Archive)
	blueprint := orchestrator.Blueprint{
		UID: uid, Team: actor.Team, ID: upload.ID, MainFile: compiled.MainFile,
		Description: compiled.Plan.Description, Digest: digest, Archive: digest + "." + uid, Plan: compiled.Plan, Imports: compiled.imported, Labels: labels,
		State: "uploaded", Bundled: bundled, CreatedBy: actor.Name, CreatedAt: c.now(),
	}
	err = c.withArchive(ctx, blueprint.Archive, upload.Archive, func() error {
		return c.change(ctx, actor, audited("blueprint.upload", upload.ID), func(tx *store.Tx) (err error) {
			if blueprint.Version, err = nextVersion(ctx, tx, actor.Team, upload); err != nil {
				return err
			}
			if bundled {
				if err := refuseBrought(ctx, tx, upload.ID, digest); err != nil {
					return err
				}
			}
			if err := tx.KeepArchive(ctx, blueprint.Archive); err != nil {
				return err
			}
			return tx.InsertBlueprint(ctx, blueprint)
		})
	})
	return blueprint, compiled.Diagnostics, err
}

func validUpload(upload UploadBlueprint) error {
	if err := validBlueprintID(upload.ID); err != nil {
		return err
	}
	return validLabels(upload.Labels)
}

// nextVersion is the version that an upload will be; an id that exists is
// refused unless a new version was asked for.
func nextVersion(ctx context.Context, tx *store.Tx, team string, upload UploadBlueprint) (int, error) {
	newest, err := tx.NewestBlueprint(ctx, team, upload.ID)
	switch {
	case orchestrator.ErrorCode(err) == orchestrator.NotFound:
		return 1, nil
	case err != nil:
		return 0, err
	case !upload.NewVersion:
		return 0, orchestrator.Errorf(orchestrator.Conflict, "blueprint with id=%s already exists (version %d); add a version with --new-version, or choose another id", upload.ID, newest.Version).Because("conflict_error").On("id")
	}
	return newest.Version + 1, nil
}

func becauseInvalid(err error) error {
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok {
		return refused.Because("invalid_blueprint_error")
	}
	return err
}

// compilingAtOnce bounds the archives that are unpacked and compiled at the same
// time: the worst of them takes a gigabyte while it lasts, honest ones a tenth
// of a second.
const compilingAtOnce = 1

func (c *Control) compile(ctx context.Context, team string, upload UploadBlueprint) (Compiled, error) {
	select {
	case c.compiling <- struct{}{}:
		defer func() { <-c.compiling }()
	case <-ctx.Done():
		return Compiled{}, ctx.Err()
	}
	files, err := archive.Unpack(upload.Archive, archive.DefaultLimits())
	defer giveBack(files)
	if err != nil {
		return Compiled{}, err
	}
	return c.compileFiles(ctx, team, files, upload.MainFile)
}

func (c *Control) compileFiles(ctx context.Context, team string, files fs.FS, mainFile string) (Compiled, error) {
	main, err := archive.MainFile(files, mainFile)
	if err != nil {
		return Compiled{}, err
	}
	from := c.newImporter(ctx, team)
	var imported map[string]orchestrator.Blueprint
	plan, findings := dsl.Compile(dsl.Source{Files: files, Main: main}, from)
	if plan != nil {
		if err := checkWeight(plan, maxPlan); err != nil {
			return Compiled{}, err
		}
		imported = from.imported(plan)
		if c.providers != nil {
			findings = append(findings, c.providers.Check(plan)...)
		}
	}
	return Compiled{Plan: plan, Diagnostics: findings.Sort(), MainFile: main, Files: files, texts: from.texts, imported: imported}, nil
}

// validBlueprintID refuses ids that the REST contract does not allow.
func validBlueprintID(id string) error {
	if err := validKey("blueprint id", id); err != nil {
		return err
	}
	if !isLetter(rune(id[0])) {
		return orchestrator.Errorf(orchestrator.Invalid, "the blueprint id %q must begin with a letter", id).On("id")
	}
	return nil
}

// auditJSON writes what an audit row shows of a change; never a secret value.
func auditJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}
