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
	mu   sync.Mutex
	kept map[string]orchestrator.Blueprint
}

// NewPlans returns a cache of blueprint versions.
func NewPlans() Plans { return &planCache{kept: map[string]orchestrator.Blueprint{}} }

// Get returns the version with its plan. What it has not yet read it reads in
// the caller's transaction: one of its own would wait for another connection
// while the caller holds one, and many callers at once would wait for each other.
func (c *planCache) Get(ctx context.Context, tx *store.Tx, uid string) (orchestrator.Blueprint, error) {
	c.mu.Lock()
	blueprint, ok := c.kept[uid]
	c.mu.Unlock()
	if ok {
		return blueprint, nil
	}
	blueprint, err := tx.Blueprint(ctx, uid)
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
