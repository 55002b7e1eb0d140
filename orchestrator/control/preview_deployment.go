package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
	"github.com/slipwayhq/slipway/store"
)

// Preview is what a deployment would be, for the launch form.
type Preview struct {
	Blueprint orchestrator.Blueprint
	// Fields are faults beside inputs, by input name.
	Fields     map[string]string
	Resolution *compose.Resolution // nil while the inputs are not valid
	Mode       compose.Mode
	// Refused is why a launch would be refused, as a sentence.
	Refused string
}

// PreviewDeployment says what a launch with these inputs would use and do. It
// writes nothing.
func (c *Control) PreviewDeployment(ctx context.Context, actor orchestrator.Actor, create CreateDeployment) (Preview, error) {
	var preview Preview
	if err := require(actor, orchestrator.User, "launching an environment"); err != nil {
		return preview, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		if preview.Blueprint, err = tx.NewestBlueprint(ctx, actor.Team, create.BlueprintID); err != nil {
			return err
		}
		inputs, err := dsl.ResolveInputs(preview.Blueprint.Plan, create.Inputs, inputOptions(ctx, tx, actor.Team))
		if err != nil {
			preview.Fields, preview.Refused = fieldsOf(err), orchestrator.ErrorMessage(err)
			return nil
		}
		if err := mayRead(actor, create.Inputs, inputs); err != nil {
			preview.Fields, preview.Refused = fieldsOf(err), orchestrator.ErrorMessage(err)
			return nil
		}
		decided, err := c.decide(ctx, tx, actor, create, preview.Blueprint, inputs)
		preview.Resolution, preview.Mode = decided.resolution, decided.mode
		if code := orchestrator.ErrorCode(err); err != nil && code != orchestrator.Internal {
			preview.Refused = orchestrator.ErrorMessage(err)
			return nil
		}
		return err
	})
	return preview, err
}

// fieldsOf returns the faults beside fields that an error carries.
func fieldsOf(err error) map[string]string {
	refused, ok := err.(*orchestrator.Error) //nolint:errorlint // ours, unwrapped
	if !ok {
		return nil
	}
	if len(refused.Fields) > 0 {
		return refused.Fields
	}
	if refused.Field != "" {
		return map[string]string{refused.Field: refused.Message}
	}
	return nil
}
