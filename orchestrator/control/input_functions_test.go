package control_test

import (
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// echoing offers its inputs as capabilities.
const echoing = `tosca_definitions_version: cloudify_dsl_1_4
inputs:
  any: {default: 1}
  text: {type: string, default: x}
  map: {type: dict, default: {}}
  own: {default: {get_secret: aws_keypair}}
capabilities:
  any: {value: {get_input: any}}
  text: {value: {get_input: text}}
  map: {value: {get_input: map}}
`

// An input may be an expression, and the owner of a deployment may see what it
// offers: together that must not show secrets to somebody who may not read them.
func TestInputsReadNothingForUsers(t *testing.T) {
	c := setup(t, compose.Auto)
	if _, _, err := c.UploadBlueprint(t.Context(), as(orchestrator.Operator), control.UploadBlueprint{ID: "echo", Archive: pack(t, map[string]string{"blueprint.yaml": echoing})}); err != nil {
		t.Fatal(err)
	}
	secret := map[string]orchestrator.Value{"get_secret": "private_key_content"}
	for name, tc := range map[string]struct {
		reason string
		role   orchestrator.Role
		inputs map[string]orchestrator.Value
		code   orchestrator.Code
	}{
		"OK":            {"values are values", orchestrator.User, map[string]orchestrator.Value{"any": "get_secret", "text": "{ get_secret: x }"}, ""},
		"OKHarmless":    {"a function that reads nothing", orchestrator.User, map[string]orchestrator.Value{"any": map[string]orchestrator.Value{"concat": []orchestrator.Value{"a", "b"}}}, ""},
		"OKDefault":     {"what the author reads is the author's decision", orchestrator.User, nil, ""},
		"OKOperator":    {"an operator may read secrets", orchestrator.Operator, map[string]orchestrator.Value{"any": secret}, ""},
		"ErrSecret":     {"a secret", orchestrator.User, map[string]orchestrator.Value{"any": secret}, orchestrator.Forbidden},
		"ErrTyped":      {"a secret for a text", orchestrator.User, map[string]orchestrator.Value{"text": secret}, orchestrator.Forbidden},
		"ErrNested":     {"a secret inside another function", orchestrator.User, map[string]orchestrator.Value{"any": map[string]orchestrator.Value{"concat": []orchestrator.Value{"a", secret}}}, orchestrator.Forbidden},
		"ErrInList":     {"a secret inside a list", orchestrator.User, map[string]orchestrator.Value{"any": []orchestrator.Value{secret}}, orchestrator.Forbidden},
		"ErrInMap":      {"a secret inside a map", orchestrator.User, map[string]orchestrator.Value{"map": map[string]orchestrator.Value{"a": int64(1), "b": secret}}, orchestrator.Forbidden},
		"ErrCapability": {"what another deployment offers", orchestrator.User, map[string]orchestrator.Value{"any": map[string]orchestrator.Value{"get_capability": []orchestrator.Value{"app_dev", "db_master_password"}}}, orchestrator.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			create := control.CreateDeployment{ID: name, BlueprintID: "echo", Inputs: tc.inputs}
			_, err := c.CreateDeployment(t.Context(), as(tc.role), create)
			if orchestrator.ErrorCode(err) != tc.code {
				t.Errorf("%s: %v, want code %q", tc.reason, err, tc.code)
			}
			preview, err := c.PreviewDeployment(t.Context(), as(tc.role), create)
			if err != nil || (preview.Refused != "") != (tc.code != "") {
				t.Errorf("%s: the preview says %q, %v", tc.reason, preview.Refused, err)
			}
		})
	}
}
