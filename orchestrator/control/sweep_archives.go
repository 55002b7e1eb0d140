package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/store"
)

// uploadTime is how long an upload may take from announcing its archive to
// inserting its blueprint; after it the archive counts as left behind.
const uploadTime = time.Hour

// sweepTime bounds one sweep, which outlives the request that began it.
const sweepTime = time.Minute

// withArchive stores an archive and runs insert, which inserts the blueprint
// that it belongs to. When either fails the archive goes again; when this server
// dies meanwhile, a later sweep removes it.
func (c *Control) withArchive(ctx context.Context, name string, content []byte, insert func() error) error {
	if err := c.inTx(ctx, func(tx *store.Tx) error { return tx.AnnounceArchive(ctx, name, c.now()) }); err != nil {
		return err
	}
	err := c.cfg.Archives.Put(ctx, name, bytes.NewReader(content))
	if err == nil {
		err = insert()
	} else {
		err = fmt.Errorf("store archive %s: %w", name, err)
	}
	if err != nil {
		c.dropArchive(ctx, name)
	}
	return err
}

// dropArchive removes an archive that was announced and not kept.
func (c *Control) dropArchive(ctx context.Context, name string) {
	ctx = context.WithoutCancel(ctx) // the request may have ended because it was given up
	if err := c.inTx(ctx, func(tx *store.Tx) error { return tx.DoomArchive(ctx, name) }); err != nil {
		c.log.Warn("an archive without a blueprint stays for now; a later sweep removes it", "archive", name, "error", err)
		return
	}
	c.sweepArchives(ctx)
}

// sweepArchives removes the archives that belong to no blueprint: those of
// deleted blueprints and of refused uploads, and what a server that died in
// between left. Every start sweeps, every deletion and every refused upload;
// what cannot be removed now waits for the next time, so a failure is no reason
// to fail the request.
func (c *Control) sweepArchives(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepTime)
	defer cancel()
	if err := c.removeDoomed(ctx); err != nil {
		c.log.Warn("archives without a blueprint stay for now; a later sweep removes them", "error", err)
	}
}

func (c *Control) removeDoomed(ctx context.Context) error {
	var doomed []string
	if err := c.inTx(ctx, func(tx *store.Tx) (err error) {
		doomed, err = tx.DoomedArchives(ctx, c.now().Add(-uploadTime))
		return err
	}); err != nil {
		return err
	}
	var errs []error
	for _, name := range doomed {
		err := c.cfg.Archives.Delete(ctx, name)
		if err == nil {
			err = c.inTx(ctx, func(tx *store.Tx) error { return tx.ForgetArchive(ctx, name) })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
