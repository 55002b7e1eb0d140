package rehearsal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
)

// NewMemory returns a State that lives in memory, for tests and for a server
// that is to forget its rehearsals.
func NewMemory() State {
	return &memory{facts: facts{
		objects: map[objectKey]Object{}, counters: map[string]int64{}, faults: map[string]int{},
	}}
}

type objectKey struct{ cloud, kind, id string }

type facts struct {
	objects  map[objectKey]Object
	calls    []CallRecord
	counters map[string]int64
	faults   map[string]int // occurrences used up
}

type memory struct {
	mu    sync.RWMutex
	facts facts
}

// Update works on a shadow of the facts: reads look through it, and only a
// change that returns nil is laid over the facts.
func (m *memory) Update(ctx context.Context, change func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := &memoryTx{base: &m.facts, put: map[objectKey]*Object{}, counters: map[string]int64{}, faults: map[string]int{}}
	if err := change(tx); err != nil {
		return err
	}
	tx.commit()
	return nil
}

func (m *memory) View(ctx context.Context, read func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return read(&memoryTx{base: &m.facts, readOnly: true})
}

// memoryTx is the shadow: put holds written objects, nil for a deleted one.
type memoryTx struct {
	base     *facts
	readOnly bool
	put      map[objectKey]*Object
	calls    []CallRecord
	counters map[string]int64
	faults   map[string]int
}

var errReadOnly = errors.New("change of the rehearsal world inside a view")

func (t *memoryTx) commit() {
	for key, object := range t.put {
		if object == nil {
			delete(t.base.objects, key)
		} else {
			t.base.objects[key] = *object
		}
	}
	t.base.calls = append(t.base.calls, t.calls...)
	maps.Copy(t.base.counters, t.counters)
	maps.Copy(t.base.faults, t.faults)
}

func (t *memoryTx) Get(cloud, kind, id string) (Object, bool, error) {
	key := objectKey{cloud, kind, id}
	if object, written := t.put[key]; written {
		if object == nil {
			return Object{}, false, nil
		}
		return clone(*object), true, nil
	}
	object, ok := t.base.objects[key]
	return clone(object), ok, nil
}

func (t *memoryTx) List(query Query) ([]Object, error) {
	var found []Object
	for key, object := range t.base.objects {
		if _, written := t.put[key]; !written && query.Match(object) {
			found = append(found, clone(object))
		}
	}
	for _, object := range t.put {
		if object != nil && query.Match(*object) {
			found = append(found, clone(*object))
		}
	}
	slices.SortFunc(found, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Cloud, b.Cloud), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func (t *memoryTx) Put(object Object) error {
	if t.readOnly {
		return errReadOnly
	}
	object = clone(object)
	t.put[objectKey{object.Cloud, object.Kind, object.ID}] = &object
	return nil
}

func (t *memoryTx) Delete(cloud, kind, id string) error {
	if t.readOnly {
		return errReadOnly
	}
	t.put[objectKey{cloud, kind, id}] = nil
	return nil
}

func (t *memoryTx) Record(call CallRecord) error {
	if t.readOnly {
		return errReadOnly
	}
	t.calls = append(t.calls, call)
	return nil
}

func (t *memoryTx) Calls(query CallQuery) ([]CallRecord, error) {
	var found []CallRecord
	for _, call := range append(slices.Clip(t.base.calls), t.calls...) {
		if query.Match(call) {
			found = append(found, call)
		}
		if query.Limit > 0 && len(found) == query.Limit {
			break
		}
	}
	return found, nil
}

func (t *memoryTx) Next(counter string) (int64, error) {
	if t.readOnly {
		return 0, errReadOnly
	}
	n, ok := t.counters[counter]
	if !ok {
		n = t.base.counters[counter]
	}
	t.counters[counter] = n + 1
	return n + 1, nil
}

func (t *memoryTx) TakeFault(key string, times int) (bool, error) {
	if t.readOnly {
		return false, errReadOnly
	}
	used, ok := t.faults[key]
	if !ok {
		used = t.base.faults[key]
	}
	if used >= times {
		return false, nil
	}
	t.faults[key] = used + 1
	return true, nil
}

func clone(object Object) Object {
	object.Body = bytes.Clone(object.Body)
	return object
}
