package kubernetes

import (
	"net/http"
	"reflect"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// applied holds what each field manager last applied.
type applied map[string]document

// merge applies config for manager to the live object. What the manager applied
// before and no longer does goes, unless another manager applied it too. A field
// that another manager holds with another value is a conflict, unless forced:
// then it changes hands.
func merge(live document, owned applied, manager string, config document, force bool) (document, applied, error) {
	owned = cloneApplied(owned)
	if err := settleConflicts(owned, manager, config, force); err != nil {
		return nil, nil, err
	}
	out := rehearsal.CloneDocument(live)
	wanted := leaves(config)
	for path := range leaves(owned[manager]) {
		if _, still := wanted[path]; !still && !othersHold(owned, manager, path) {
			removePath(out, path)
		}
	}
	owned[manager] = rehearsal.CloneDocument(config)
	return overlay(out, config), owned, nil
}

func settleConflicts(owned applied, manager string, config document, force bool) error {
	wanted := leaves(config)
	for _, other := range orchestrator.SortedKeys(owned) {
		if other == manager {
			continue
		}
		for _, path := range conflicts(leaves(owned[other]), wanted) {
			if !force {
				return rehearsal.Refuse(http.StatusConflict, "Conflict", applyFailed, other, readable(path))
			}
			removePath(owned[other], path)
		}
	}
	return nil
}

func conflicts(theirs, ours map[string]any) []string {
	var out []string
	for path, value := range ours {
		if held, ok := theirs[path]; ok && !reflect.DeepEqual(held, value) {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func othersHold(owned applied, manager, path string) bool {
	for other, config := range owned {
		if _, holds := leaves(config)[path]; holds && other != manager {
			return true
		}
	}
	return false
}

func cloneApplied(owned applied) applied {
	out := applied{}
	for manager, config := range owned {
		out[manager] = rehearsal.CloneDocument(config)
	}
	return out
}
