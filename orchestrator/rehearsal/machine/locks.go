package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

const (
	// A lock beats every lockBeat (real time); one that has not moved for
	// lockLife belongs to a server that is gone.
	lockBeat = time.Second
	lockLife = 4 * time.Second
	// unplugWithin bounds giving up the locks when the server stops.
	unplugWithin = 2 * time.Second
)

// lock is held by one program of this server.
type lock struct {
	released chan struct{}
	kill     context.CancelFunc
	// brief locks are held for a look only: no other server hears of them.
	brief bool
}

// heldLock is a lock in the State.
type heldLock struct {
	Owner string `json:"owner"`
	Beat  int64  `json:"beat"`
}

// watched is a lock of another server, as this one has seen it.
type watched struct {
	held  heldLock
	since time.Time // when it was seen to be so first
	moved bool      // it has been seen to beat: its server lives
}

// attempt is the answer of tryLock.
type attempt struct {
	got bool
	// released closes when the program of this server that holds it gives it
	// up; nil when another server holds it.
	released <-chan struct{}
	// doubtful: another server held it, and nobody can say yet whether that
	// server lives.
	doubtful bool
}

// tryLock takes the lock if it is free.
func (d *disk) tryLock(ctx context.Context, name string, kill context.CancelFunc, brief bool) (attempt, error) {
	name = path.Clean(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.base.Err() != nil {
		return attempt{}, errGone
	}
	if held := d.locks[name]; held != nil {
		return attempt{released: held.released}, nil
	}
	free, err := d.claim(ctx, name, brief)
	if err != nil {
		return attempt{}, fmt.Errorf("lock %s: %w", name, err)
	}
	if !free {
		return attempt{doubtful: !d.watched[name].moved}, nil
	}
	if !brief { // a look leaves a dead server's lock for who takes it
		delete(d.watched, name)
		delete(d.freed, name)
	}
	d.locks[name] = &lock{released: make(chan struct{}), kill: kill, brief: brief}
	if d.stopBeating == nil {
		d.startBeating()
	}
	return attempt{got: true}, nil
}

// claim makes the lock this server's for all others to see, unless another
// server that may live has it; a brief one only looks. The caller holds the
// disk's lock.
func (d *disk) claim(ctx context.Context, name string, brief bool) (free bool, err error) {
	look := func(tx rehearsal.Tx) error {
		held, ok, err := d.readLock(tx, name)
		if err != nil {
			return err
		}
		free = !ok || held.Owner == d.owner || d.isDead(name, held)
		if !free || brief {
			return nil
		}
		return d.writeLock(tx, name, heldLock{Owner: d.owner, Beat: 1})
	}
	if brief {
		err = d.world.State.View(ctx, look)
	} else {
		err = d.world.State.Update(ctx, look)
	}
	return free && err == nil, err
}

// isDead watches a lock of another server and reports whether it has stood
// still for a lock's life.
func (d *disk) isDead(name string, held heldLock) bool {
	seen, known := d.watched[name]
	switch {
	case !known:
		d.watched[name] = watched{held: held, since: time.Now()}
	case seen.held != held:
		d.watched[name] = watched{held: held, since: time.Now(), moved: true}
	default:
		return time.Since(seen.since) > d.lockLife
	}
	return false
}

func (d *disk) readLock(tx rehearsal.Tx, name string) (held heldLock, ok bool, err error) {
	object, ok, err := tx.Get(rehearsal.MachineCloud, lockKind, d.objectID(name))
	if err != nil || !ok {
		return heldLock{}, false, err
	}
	if err := json.Unmarshal(object.Body, &held); err != nil {
		return heldLock{}, false, fmt.Errorf("read lock %s: %w", name, err)
	}
	return held, true, nil
}

func (d *disk) writeLock(tx rehearsal.Tx, name string, held heldLock) error {
	body, err := json.Marshal(held)
	if err != nil {
		return err
	}
	return tx.Put(rehearsal.Object{
		Cloud: rehearsal.MachineCloud, Kind: lockKind, ID: d.objectID(name), Name: name, Scope: d.id, Body: body,
	})
}

// beat proves that every lock is still this server's and moves it, and removes
// those that were given up. A lock that is gone was taken for dead.
func (d *disk) beat(tx rehearsal.Tx) error {
	for name, mine := range d.locks {
		if mine.brief {
			continue
		}
		held, ok, err := d.readLock(tx, name)
		if err != nil {
			return err
		}
		if !ok || held.Owner != d.owner {
			return errGone
		}
		held.Beat++
		if err := d.writeLock(tx, name, held); err != nil {
			return err
		}
	}
	for name := range d.freed {
		mine, err := d.removeLock(tx, name)
		if err != nil {
			return err
		}
		if !mine {
			return errGone
		}
	}
	return nil
}

// removeLock removes a lock if it is still this server's.
func (d *disk) removeLock(tx rehearsal.Tx, name string) (mine bool, err error) {
	held, ok, err := d.readLock(tx, name)
	if err != nil || !ok || held.Owner != d.owner {
		return false, err
	}
	return true, tx.Delete(rehearsal.MachineCloud, lockKind, d.objectID(name))
}

// unplug gives up all locks once the server has stopped. It waits for a commit
// in flight; none begins after it.
func (d *disk) unplug() {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := slices.AppendSeq(slices.Collect(maps.Keys(d.locks)), maps.Keys(d.freed))
	if len(names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.base), unplugWithin)
	defer cancel()
	// What cannot be removed is free a little later, as after a crash.
	_ = d.world.State.Update(ctx, func(tx rehearsal.Tx) error {
		for _, name := range names {
			if _, err := d.removeLock(tx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// unlock gives the lock up; the next commit says so to other servers, together
// with what was done under it.
func (d *disk) unlock(name string) {
	name = path.Clean(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	held := d.locks[name]
	if held == nil {
		return
	}
	delete(d.locks, name)
	if !held.brief {
		d.freed[name] = true
	}
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
