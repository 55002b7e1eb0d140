package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// The kinds of what is on a machine. IDs are "<machine>:<path>", the scope is
// the machine.
const (
	fileKind = "file"
	lockKind = "lock"
)

const (
	// diskLimit bounds what one machine may hold, fileLimit one file.
	diskLimit = 64 << 20
	fileLimit = 16 << 20
)

// file is a file or a directory.
type file struct {
	Dir   bool        `json:"dir,omitempty"`
	Mode  fs.FileMode `json:"mode"`
	Owner string      `json:"owner,omitempty"`
	Data  []byte      `json:"data,omitempty"`
	Time  time.Time   `json:"time"`
}

// disk is this server's copy of a machine's files.
type disk struct {
	// base ends with the server: after it nothing is written any more.
	base        context.Context
	world       *rehearsal.World
	id, owner   string
	lockLife    time.Duration
	mu          sync.Mutex
	loaded      bool
	users       int // programs at work; the copy is read anew when the first begins
	files       map[string]*file
	dirty       map[string]bool
	size        int
	locks       map[string]*lock   // held by programs of this server
	freed       map[string]bool    // given up since the last commit
	watched     map[string]watched // held by other servers
	stopBeating context.CancelFunc
}

func newDisk(m *Machines, id string) *disk {
	return &disk{
		base: m.ctx, world: m.world, id: id, owner: m.owner, lockLife: m.lockLife,
		locks: map[string]*lock{}, watched: map[string]watched{},
	}
}

// enter readies the copy for one more program; leave is its counterpart. While
// no program of this server is at work, other servers may change the files.
func (d *disk) enter(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users == 0 || !d.loaded {
		if err := d.load(ctx); err != nil {
			return err
		}
	}
	d.users++
	return nil
}

func (d *disk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users--
}

func (d *disk) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.users == 0
}

// load reads all files. The caller holds the lock.
func (d *disk) load(ctx context.Context) error {
	files := baseImage()
	err := d.world.State.View(ctx, func(tx rehearsal.Tx) error {
		objects, err := tx.List(rehearsal.Query{Cloud: rehearsal.MachineCloud, Kind: fileKind, Scope: d.id})
		if err != nil {
			return err
		}
		for _, object := range objects {
			var f file
			if err := json.Unmarshal(object.Body, &f); err != nil {
				return fmt.Errorf("read %s: %w", object.Name, err)
			}
			files[object.Name] = &f
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read files of machine %s: %w", d.id, err)
	}
	d.files, d.loaded = files, true
	d.dirty, d.freed = map[string]bool{}, map[string]bool{}
	d.size = 0
	for _, f := range files {
		d.size += len(f.Data)
	}
	return nil
}

// errGone says that the machine, or this server's right to run on it, is gone.
var errGone = errors.New("the machine is gone or was rebooted")

// changed reports whether a commit would write more than the locks' beat.
func (d *disk) changed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.dirty) > 0 || len(d.freed) > 0
}

// commit writes what has changed, in one transaction with a change outside of
// the machine if there is one.
func (d *disk) commit(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.base.Err() != nil {
		return errGone
	}
	if len(d.dirty) == 0 && len(d.freed) == 0 && len(d.locks) == 0 {
		return nil
	}
	return d.settle(d.world.State.Update(ctx, d.write))
}

// effect carries out a change outside of the machine as one call of the world,
// in one transaction with the files: both happen or none.
func (d *disk) effect(ctx context.Context, call string, change func(*rehearsal.Served) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.base.Err() != nil {
		return errGone
	}
	return d.settle(d.world.Serve(ctx, rehearsal.MachineCloud, call, func(served *rehearsal.Served) error {
		if err := d.write(served.Tx); err != nil {
			return err
		}
		return change(served)
	}))
}

// settle marks everything clean after a commit, and kills who has lost the
// machine. The caller holds the lock.
func (d *disk) settle(err error) error {
	if errors.Is(err, errGone) {
		for _, held := range d.locks {
			held.kill()
		}
		d.loaded = false
	}
	if err == nil {
		clear(d.dirty)
		clear(d.freed)
	}
	return err
}

// write puts files and locks. The caller holds the lock.
func (d *disk) write(tx rehearsal.Tx) error {
	machine, ok, err := rehearsal.GetMachine(tx, d.id)
	if err != nil {
		return err
	}
	if !ok || !machine.Running {
		return errGone
	}
	if err := d.beat(tx); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(d.dirty)) {
		if err := d.writeFile(tx, name); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

func (d *disk) writeFile(tx rehearsal.Tx, name string) error {
	f := d.files[name]
	if f == nil {
		return tx.Delete(rehearsal.MachineCloud, fileKind, d.objectID(name))
	}
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return tx.Put(rehearsal.Object{
		Cloud: rehearsal.MachineCloud, Kind: fileKind, ID: d.objectID(name), Name: name, Scope: d.id,
		Body: body, CreatedAt: f.Time, UpdatedAt: f.Time,
	})
}

func (d *disk) objectID(name string) string { return d.id + ":" + name }
