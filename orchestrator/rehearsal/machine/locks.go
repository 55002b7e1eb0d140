package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// tryLock takes the lock, or returns what to wait for: a channel that closes
// when a program of this server gives it up, or a moment to look again at one
// that another server holds.
func (d *disk) tryLock(ctx context.Context, name string, kill context.CancelFunc) (got bool, busy <-chan struct{}, err error) {
	name = path.Clean(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if held := d.locks[name]; held != nil {
		return false, held.released, nil
	}
	alive, err := d.foreignAlive(ctx, name)
	if err != nil || alive {
		return false, nil, err
	}
	d.locks[name] = &lock{released: make(chan struct{}), kill: kill}
	delete(d.freed, name)
	if d.stopBeating == nil {
		d.startBeating()
	}
	return true, nil, nil
}

// foreignAlive reports whether a lock that another server held when the files
// were read is still beating. One that stands still for its life is removed.
// The caller holds the disk's lock.
func (d *disk) foreignAlive(ctx context.Context, name string) (bool, error) {
	seen, ok := d.foreign[name]
	if !ok {
		return false, nil
	}
	alive := true
	err := d.world.State.Update(ctx, func(tx rehearsal.Tx) error {
		object, ok, err := tx.Get(rehearsal.MachineCloud, lockKind, d.objectID(name))
		if err != nil {
			return err
		}
		var now heldLock
		if ok {
			if err := json.Unmarshal(object.Body, &now); err != nil {
				return fmt.Errorf("read lock %s: %w", name, err)
			}
		}
		switch {
		case !ok:
			alive = false
		case now != seen.held:
			d.foreign[name] = beaten{now, time.Now()}
		case time.Since(seen.since) > lockLife:
			alive = false
			return tx.Delete(rehearsal.MachineCloud, lockKind, d.objectID(name))
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look at lock %s: %w", name, err)
	}
	if !alive {
		delete(d.foreign, name)
	}
	return alive, nil
}

// doubtful reports whether another server's lock has neither moved nor run out
// since the files were read, so that nobody can say yet whether it is held.
func (d *disk) doubtful(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen, ok := d.foreign[path.Clean(name)]
	return ok && time.Since(seen.since) <= lockLife
}

// unlock gives the lock up; the next commit says so to other servers.
func (d *disk) unlock(name string) {
	name = path.Clean(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	held := d.locks[name]
	if held == nil {
		return
	}
	delete(d.locks, name)
	d.freed[name] = true
	close(held.released)
	if len(d.locks) == 0 && d.stopBeating != nil {
		d.stopBeating()
		d.stopBeating = nil
	}
}

// startBeating commits every now and then while locks are held. The caller
// holds the disk's lock.
func (d *disk) startBeating() {
	ctx, cancel := context.WithCancel(d.base)
	d.stopBeating = cancel
	go func() {
		ticker := time.NewTicker(lockBeat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// An error shows at the program's own next commit; if the
				// machine is gone, settle has killed it by now.
				_ = d.commit(ctx)
			}
		}
	}()
}
