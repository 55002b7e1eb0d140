package engine

import (
	"context"
	"sync"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// plansKept bounds the cache: a plan of the bundled catalogue is some 100 KB.
const plansKept = 256

// planCache keeps blueprint versions by their UID.
type planCache struct {
	store *store.Store
	mu    sync.Mutex
	kept  map[string]orchestrator.Blueprint
}

func newPlanCache(s *store.Store) *planCache {
	return &planCache{store: s, kept: map[string]orchestrator.Blueprint{}}
}

// NewPlans returns a cache of blueprint versions over the store.
func NewPlans(s *store.Store) Plans { return newPlanCache(s) }

// Get returns the version with its plan. It reads in a transaction of its own,
// so that it may be called inside another.
func (c *planCache) Get(ctx context.Context, uid string) (orchestrator.Blueprint, error) {
	c.mu.Lock()
	blueprint, ok := c.kept[uid]
	c.mu.Unlock()
	if ok {
		return blueprint, nil
	}
	err := c.store.View(ctx, func(tx *store.Tx) (err error) {
		blueprint, err = tx.Blueprint(ctx, uid)
		return err
	})
	if err != nil {
		return orchestrator.Blueprint{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= plansKept {
		clear(c.kept)
	}
	c.kept[uid] = blueprint
	return blueprint, nil
}
