package control

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/store"
)

// settingInstallation is the setting that holds the random id of this Slipway.
const settingInstallation = "installation"

// FirstStart is what the first start needs from outside.
type FirstStart struct {
	// HashPassword turns the admin's password into what is stored.
	HashPassword func(password string) (string, error)
	// Password is the admin's, or empty for a random one.
	Password string
}

// Begun is what Begin found or made.
type Begun struct {
	Installation string
	// Password is the random password of the account admin, to be shown once;
	// empty when it was given or the account exists.
	Password string
	First    bool
}

// systemActor writes what no person asked for.
func systemActor() orchestrator.Actor {
	return orchestrator.Actor{Kind: orchestrator.ActorSystem, Name: "slipway", Team: orchestrator.DefaultTeam, Role: orchestrator.Admin}
}

// Begin prepares the database at every start: each one brings bundled blueprints
// whose text changed in as new versions, and the first makes the installation
// id, the account admin, sample secrets and placeholders. What people changed is
// never touched. The account comes last, so that a start which fails on the way
// leaves none whose password nobody was told.
func (c *Control) Begin(ctx context.Context, first FirstStart) (Begun, error) {
	if err := c.bringCatalogue(ctx); err != nil {
		return Begun{}, err
	}
	var begun Begun
	err := c.inTx(ctx, func(tx *store.Tx) error {
		id, found, err := tx.Setting(ctx, settingInstallation)
		if err != nil {
			return err
		}
		begun = Begun{Installation: id}
		if found {
			return nil
		}
		begun.First, begun.Installation = true, uuid.NewString()
		if begun.Password, err = c.makeAdmin(ctx, tx, first); err != nil {
			return err
		}
		if err := c.makeSecrets(ctx, tx); err != nil {
			return err
		}
		if err := tx.SetSetting(ctx, settingInstallation, begun.Installation); err != nil {
			return err
		}
		return c.writeAudit(ctx, tx, systemActor(), audited("installation.create", begun.Installation))
	})
	if err != nil {
		return Begun{}, fmt.Errorf("prepare the database: %w", err)
	}
	c.sweepArchives(ctx)
	return begun, nil
}

func (c *Control) makeAdmin(ctx context.Context, tx *store.Tx, first FirstStart) (shown string, err error) {
	password := first.Password
	if password == "" {
		password = rand.Text()
		shown = password
	}
	hash, err := first.HashPassword(password)
	if err != nil {
		return "", fmt.Errorf("hash the admin's password: %w", err)
	}
	return shown, tx.PutAccount(ctx, orchestrator.Account{
		Name: "admin", PasswordHash: hash, Role: orchestrator.Admin, Team: orchestrator.DefaultTeam, CreatedAt: c.now(),
	})
}

// makeSecrets writes what a newcomer needs to launch a rehearsal at once.
func (c *Control) makeSecrets(ctx context.Context, tx *store.Tx) error {
	public, private, err := newKeyPair()
	if err != nil {
		return err
	}
	secrets := []orchestrator.Secret{
		{Key: orchestrator.EaasParams, Value: c.cfg.Catalogue.SampleEaasParams()},
		{Key: "public_key_content", Value: public},
		{Key: "private_key_content", Value: private},
		{Key: "aws_keypair", Value: ""},
	}
	for _, key := range []string{
		"aws_access_key_id", "aws_secret_access_key",
		"azure_subscription_id", "azure_tenant_id", "azure_client_id", "azure_client_secret",
	} {
		secrets = append(secrets, orchestrator.Secret{Key: key, Value: "rehearsal-" + key, Placeholder: true})
	}
	now := c.now()
	for _, secret := range secrets {
		secret.Team, secret.Kind = orchestrator.DefaultTeam, orchestrator.DefaultSecretKind(secret.Key)
		secret.CreatedBy, secret.CreatedAt, secret.UpdatedAt = systemActor().Name, now, now
		if _, err := tx.PutSecret(ctx, secret); err != nil {
			return err
		}
	}
	return nil
}

func newKeyPair() (public, private string, err error) {
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make an SSH key pair: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(privateKey, "slipway")
	if err != nil {
		return "", "", fmt.Errorf("make an SSH key pair: %w", err)
	}
	authorized, err := ssh.NewPublicKey(publicKey)
	if err != nil {
		return "", "", fmt.Errorf("make an SSH key pair: %w", err)
	}
	return string(ssh.MarshalAuthorizedKey(authorized)), string(pem.EncodeToMemory(block)), nil
}

// bringCatalogue stores bundled blueprints that are new or whose archive
// changed, unless a person uploaded the newest version.
func (c *Control) bringCatalogue(ctx context.Context) error {
	catalogue, err := c.cfg.Catalogue.Blueprints()
	if err != nil {
		return err
	}
	for _, bundled := range catalogue {
		packed, err := archive.Pack(bundled.Files)
		if err != nil {
			return fmt.Errorf("pack bundled blueprint %s: %w", bundled.ID, err)
		}
		err = c.view(ctx, func(tx *store.Tx) error { return refuseBrought(ctx, tx, bundled.ID, digestOf(packed)) })
		if errors.Is(err, errBrought) {
			continue
		}
		if err != nil {
			return err
		}
		_, _, err = c.upload(ctx, systemActor(), UploadBlueprint{
			ID: bundled.ID, Archive: packed, MainFile: bundled.MainFile, NewVersion: true,
		}, true)
		if err != nil && !errors.Is(err, errBrought) {
			return fmt.Errorf("bundled blueprint %s: %w", bundled.ID, err)
		}
	}
	return nil
}

// errBrought says that a bundled blueprint needs no new version: its text is
// stored, perhaps by another server that starts just now, or somebody's own
// version is the newest.
var errBrought = errors.New("the bundled blueprint is there")

func refuseBrought(ctx context.Context, tx *store.Tx, id, digest string) error {
	newest, err := tx.NewestBlueprint(ctx, orchestrator.DefaultTeam, id)
	if err == nil && (newest.Digest == digest || !newest.Bundled) {
		return errBrought
	}
	return unlessMissing(err)
}
