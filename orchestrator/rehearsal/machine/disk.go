package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
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
	// A lock beats every lockBeat (real time); one that has not moved for
	// lockLife belongs to a server that is gone.
	lockBeat = time.Second
	lockLife = 4 * time.Second
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
	mu          sync.Mutex
	loaded      bool
	users       int // programs at work; the copy is read anew when the first begins
	files       map[string]*file
	dirty       map[string]bool
	size        int
	locks       map[string]*lock  // held by programs of this server
	freed       map[string]bool   // given up since the last commit
	foreign     map[string]beaten // locks of other servers, when the copy was read
	stopBeating context.CancelFunc
}

// lock is held by one program of this server.
type lock struct {
	released chan struct{}
	kill     context.CancelFunc
}

// heldLock is a lock in the State.
type heldLock struct {
	Owner string `json:"owner"`
	Beat  int64  `json:"beat"`
}

type beaten struct {
	held  heldLock
	since time.Time
}

func newDisk(base context.Context, world *rehearsal.World, id, owner string) *disk {
	return &disk{base: base, world: world, id: id, owner: owner, locks: map[string]*lock{}}
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

// load reads all files and foreign locks. The caller holds the lock.
func (d *disk) load(ctx context.Context) error {
	files := baseImage()
	foreign := map[string]beaten{}
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
		locks, err := tx.List(rehearsal.Query{Cloud: rehearsal.MachineCloud, Kind: lockKind, Scope: d.id})
		for _, object := range locks {
			var held heldLock
			if err := json.Unmarshal(object.Body, &held); err != nil {
				return fmt.Errorf("read lock %s: %w", object.Name, err)
			}
			if held.Owner != d.owner {
				foreign[object.Name] = beaten{held, time.Now()}
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read files of machine %s: %w", d.id, err)
	}
	d.files, d.foreign, d.loaded = files, foreign, true
	d.dirty, d.freed = map[string]bool{}, map[string]bool{}
	d.size = 0
	for _, f := range files {
		d.size += len(f.Data)
	}
	return nil
}

// errGone says that the machine, or this server's right to run on it, is gone.
var errGone = errors.New("the machine is gone or was rebooted")

// commit writes what has changed, in one transaction with a change outside of
// the machine if there is one.
func (d *disk) commit(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
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
	for name := range d.locks {
		if err := d.beat(tx, name); err != nil {
			return err
		}
	}
	for name := range d.freed {
		if err := tx.Delete(rehearsal.MachineCloud, lockKind, d.objectID(name)); err != nil {
			return err
		}
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

// beat proves that a lock is still this server's, and moves it.
func (d *disk) beat(tx rehearsal.Tx, name string) error {
	object, ok, err := tx.Get(rehearsal.MachineCloud, lockKind, d.objectID(name))
	if err != nil {
		return err
	}
	held := heldLock{Owner: d.owner}
	if ok {
		if err := json.Unmarshal(object.Body, &held); err != nil {
			return fmt.Errorf("read lock %s: %w", name, err)
		}
	}
	if held.Owner != d.owner {
		return errGone
	}
	held.Beat++
	body, err := json.Marshal(held)
	if err != nil {
		return err
	}
	return tx.Put(rehearsal.Object{Cloud: rehearsal.MachineCloud, Kind: lockKind, ID: d.objectID(name), Name: name, Scope: d.id, Body: body})
}

// baseImage is what a fresh Ubuntu has, as far as scripts look at it.
func baseImage() map[string]*file {
	files := map[string]*file{}
	for _, dir := range []string{
		"/", "/bin", "/dev", "/etc", "/etc/apt", "/etc/apt/sources.list.d", "/etc/apt/keyrings", "/etc/default", "/etc/systemd", "/etc/systemd/system", "/etc/sudoers.d",
		"/home", "/home/ubuntu", "/lib", "/lib/systemd", "/lib/systemd/system", "/opt", "/proc", "/root", "/run", "/run/lock", "/run/systemd",
		"/run/systemd/units", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/share", "/usr/share/keyrings", "/var", "/var/lib", "/var/log", "/var/tmp",
	} {
		files[dir] = &file{Dir: true, Mode: 0o755, Owner: "root"}
	}
	files["/home/ubuntu"].Owner = "ubuntu"
	for name, text := range map[string]string{
		"/etc/passwd":     "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n",
		"/etc/group":      "root:x:0:\nsudo:x:27:ubuntu\nubuntu:x:1000:\n",
		"/etc/os-release": "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n",
	} {
		files[name] = &file{Mode: 0o644, Owner: "root", Data: []byte(text)}
	}
	return files
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// stat returns a copy of the file's facts (its data is shared and not changed in place).
func (d *disk) stat(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[path.Clean(name)]
	if f == nil {
		return file{}, pathError("stat", name, fs.ErrNotExist)
	}
	return *f, nil
}

// read returns a file's content.
func (d *disk) read(name string) ([]byte, error) {
	f, err := d.stat(name)
	if err != nil {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	if f.Dir {
		return nil, pathError("read", name, errors.New("is a directory"))
	}
	return f.Data, nil
}

// list returns the names directly below a directory, in order.
func (d *disk) list(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir = path.Clean(dir)
	if f := d.files[dir]; f == nil || !f.Dir {
		return nil, pathError("open", dir, fs.ErrNotExist)
	}
	var names []string
	for name := range d.files {
		if name != "/" && path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// put makes or replaces a file; its directory must be there.
func (d *disk) put(name string, data []byte, mode fs.FileMode, owner string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	if err := d.checkParent(name); err != nil {
		return err
	}
	old := d.files[name]
	if old != nil {
		if old.Dir {
			return pathError("open", name, errors.New("is a directory"))
		}
		mode, owner = old.Mode, old.Owner
	}
	return d.set(name, &file{Mode: mode, Owner: owner, Data: data})
}

func (d *disk) checkParent(name string) error {
	if parent := d.files[path.Dir(name)]; parent == nil || !parent.Dir {
		return pathError("open", name, fs.ErrNotExist)
	}
	return nil
}

// set replaces an entry; nil removes it. The caller holds the lock.
func (d *disk) set(name string, f *file) error {
	size := d.size
	if old := d.files[name]; old != nil {
		size -= len(old.Data)
	}
	if f != nil {
		size += len(f.Data)
		if len(f.Data) > fileLimit || size > diskLimit {
			return pathError("write", name, errors.New("no space left on device"))
		}
		f.Time = d.world.Now()
		d.files[name] = f
	} else {
		delete(d.files, name)
	}
	d.size = size
	d.dirty[name] = true
	return nil
}

// append adds to a file that is there.
func (d *disk) append(name string, more []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	old := d.files[name]
	if old == nil {
		return pathError("write", name, fs.ErrNotExist)
	}
	changed := *old
	changed.Data = append(old.Data[:len(old.Data):len(old.Data)], more...)
	return d.set(name, &changed)
}

// change edits the facts of an entry.
func (d *disk) change(name string, edit func(*file)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	old := d.files[name]
	if old == nil {
		return pathError("change", name, fs.ErrNotExist)
	}
	changed := *old
	edit(&changed)
	return d.set(name, &changed)
}

// mkdir makes a directory, with parents where all is set.
func (d *disk) mkdir(name string, mode fs.FileMode, owner string, all bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	if old := d.files[name]; old != nil {
		if old.Dir && all {
			return nil
		}
		return pathError("mkdir", name, fs.ErrExist)
	}
	var missing []string
	for at := name; d.files[at] == nil; at = path.Dir(at) {
		missing = append(missing, at)
	}
	if len(missing) > 1 && !all {
		return pathError("mkdir", name, fs.ErrNotExist)
	}
	for _, at := range missing {
		if err := d.set(at, &file{Dir: true, Mode: mode, Owner: owner}); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an entry and, for a directory with all set, what is below.
func (d *disk) remove(name string, all bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	name = path.Clean(name)
	f := d.files[name]
	if f == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	if f.Dir && !all {
		return pathError("remove", name, errors.New("is a directory"))
	}
	for other := range d.files {
		if other == name || f.Dir && strings.HasPrefix(other, strings.TrimSuffix(name, "/")+"/") {
			if err := d.set(other, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// rename moves an entry and what is below it.
func (d *disk) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	from, to = path.Clean(from), path.Clean(to)
	if d.files[from] == nil {
		return pathError("rename", from, fs.ErrNotExist)
	}
	if target := d.files[to]; target != nil && target.Dir {
		to = path.Join(to, path.Base(from))
	}
	if err := d.checkParent(to); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		if name != from && !strings.HasPrefix(name, from+"/") {
			continue
		}
		moved := *d.files[name]
		if err := d.set(name, nil); err != nil {
			return err
		}
		if err := d.set(to+strings.TrimPrefix(name, from), &moved); err != nil {
			return err
		}
	}
	return nil
}
