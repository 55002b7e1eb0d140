package machine

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

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
