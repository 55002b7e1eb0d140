package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

// storedGraph is a Graph whose steps keep the marks of sensitive values.
type storedGraph struct {
	orchestrator.Graph
	Steps []storedStep `json:"steps"`
}

type storedStep struct {
	orchestrator.Step
	Kwargs json.RawMessage `json:"kwargs,omitempty"`
}

func graphPlace(id string) string { return "execution_graphs.graph/" + id }

func (t *Tx) insertGraph(ctx context.Context, executionID string, g orchestrator.Graph) error {
	stored := storedGraph{Graph: g, Steps: make([]storedStep, 0, len(g.Steps))}
	for _, step := range g.Steps {
		s := storedStep{Step: step}
		if step.Kwargs != nil {
			kwargs, err := encodeValues(step.Kwargs)
			if err != nil {
				return fmt.Errorf("write step %s: %w", step.ID, err)
			}
			s.Kwargs = kwargs
		}
		stored.Steps = append(stored.Steps, s)
	}
	plain, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("write steps: %w", err)
	}
	sealed, err := t.seal(plain, graphPlace(executionID))
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "insert steps", "INSERT INTO execution_graphs (execution_id, graph) VALUES ($1, $2)", executionID, sealed)
	return err
}

// ExecutionGraph returns the steps of an execution as its workflow laid them out.
func (t *Tx) ExecutionGraph(ctx context.Context, id string) (orchestrator.Graph, error) {
	sealed, err := queryOne(ctx, t, notFound("Execution", id), "read steps", func(row scanner) (sealed []byte, err error) {
		err = row.Scan(&sealed)
		return sealed, err
	}, "SELECT graph FROM execution_graphs WHERE execution_id = $1", id)
	if err != nil {
		return orchestrator.Graph{}, err
	}
	plain, err := t.open(sealed, graphPlace(id))
	if err != nil {
		return orchestrator.Graph{}, err
	}
	return decodeGraph(plain)
}

func decodeGraph(plain []byte) (orchestrator.Graph, error) {
	var stored storedGraph
	if err := json.Unmarshal(plain, &stored); err != nil {
		return orchestrator.Graph{}, fmt.Errorf("read steps: %w", err)
	}
	if stored.Format > orchestrator.GraphFormat {
		return orchestrator.Graph{}, fmt.Errorf("read steps: format %d is newer than this slipway's %d", stored.Format, orchestrator.GraphFormat)
	}
	g := stored.Graph
	g.Steps = nil
	for _, s := range stored.Steps {
		if s.Kwargs != nil {
			kwargs, err := orchestrator.DecodeValue(s.Kwargs)
			if err != nil {
				return orchestrator.Graph{}, fmt.Errorf("read step %s: %w", s.ID, err)
			}
			values, ok := kwargs.(map[string]orchestrator.Value)
			if !ok {
				return orchestrator.Graph{}, errors.New("read step " + s.ID + ": its kwargs are not a map")
			}
			s.Step.Kwargs = values
		}
		g.Steps = append(g.Steps, s.Step)
	}
	return g, nil
}
