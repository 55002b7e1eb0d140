package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// world is what a server has: deployments by whether they rehearse, secrets by
// whether they are placeholders.
type world struct{ deployments, secrets map[string]bool }

func (world) Blueprint(string) (*orchestrator.Plan, bool, error) { return nil, false, nil }

func (w world) Secret(key string) (orchestrator.Secret, bool, error) {
	placeholder, ok := w.secrets[key]
	return orchestrator.Secret{Key: key, Placeholder: placeholder}, ok, nil
}

func (w world) Deployment(id string) (orchestrator.Deployment, bool, error) {
	rehearsal, ok := w.deployments[id]
	return orchestrator.Deployment{ID: id, Rehearsal: rehearsal}, ok, nil
}

// reading is a blueprint that reads secrets and capabilities of deployments.
func reading(secrets []string, deployments ...string) *orchestrator.Plan {
	node := orchestrator.Node{ID: "vm", Properties: map[string]orchestrator.Value{}}
	for _, key := range secrets {
		node.Properties["secret_"+key] = map[string]orchestrator.Value{"get_secret": key}
	}
	for _, id := range deployments {
		node.Properties["from_"+id] = map[string]orchestrator.Value{"get_capability": []orchestrator.Value{id, "endpoint"}}
	}
	return &orchestrator.Plan{Nodes: []orchestrator.Node{node}}
}

const key, id = "aws_secret_access_key", "azure_client_id"

var server = world{
	deployments: map[string]bool{"real": false, "rehearsed": true},
	secrets:     map[string]bool{"set": false, key: false, id: true, "flagged": true},
}

// TestModeFor goes through the rules of which deployments rehearse.
func TestModeFor(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		policy Policy
		asked  bool
		plan   *orchestrator.Plan
		want   bool   // whether it rehearses
		why    string // part of the reason for people
		refuse string // part of the refusal, empty for none
	}{
		"Real":               {"all that it reads is set", Auto, false, reading([]string{key, "set"}), false, "credentials are set", ""},
		"Placeholder":        {"a credential is a placeholder", Auto, false, reading([]string{key, id}), true, id + " is not set yet", ""},
		"Missing":            {"a credential is missing", Auto, false, reading([]string{"azure_tenant_id"}), true, "azure_tenant_id is not set yet", ""},
		"Flagged":            {"so does any secret flagged placeholder", Auto, false, reading([]string{"flagged"}), true, "flagged is not set yet", ""},
		"ErrMissingOther":    {"any other missing secret is an error", Auto, false, reading([]string{id, "db_password"}), true, "", "[db_password]"},
		"ErrMissingReal":     {"also for real", Auto, false, reading([]string{"db_password"}), false, "", "[db_password]"},
		"ReadsRehearsed":     {"what reads a rehearsal rehearses", Auto, false, reading([]string{key}, "rehearsed"), true, "rehearsed, which is a rehearsal", ""},
		"ReadsReal":          {"what reads the real thing is real", Auto, false, reading([]string{key}, "real"), false, "", ""},
		"ReadsUnknown":       {"what is not there yet counts as nothing", Auto, false, reading([]string{key}, "later"), false, "", ""},
		"ErrReadsBoth":       {"never both at once", Auto, false, reading(nil, "real", "rehearsed"), false, "", "rehearsed, which is a rehearsal, and of real"},
		"ErrRehearsesOnReal": {"a rehearsal reads nothing real", Auto, false, reading([]string{id}, "real"), false, "", "real, which is real"},
		"Asked":              {"a rehearsal where the real thing is possible", Auto, true, reading([]string{key}), true, "asked for", ""},
		"ErrAskedOnReal":     {"which still reads nothing real", Auto, true, reading([]string{key}, "real"), false, "", "real, which is real"},
		"Only":               {"a server that only rehearses", Only, false, reading([]string{key}), true, "only rehearses", ""},
		"ErrOnlyOnReal":      {"and meets what was real before", Only, false, reading([]string{key}, "real"), false, "", "real, which is real"},
		"Off":                {"a server that never rehearses", Off, false, reading([]string{key}), false, "for real", ""},
		"ErrOff":             {"refused before it starts, naming the secret", Off, false, reading([]string{id}), false, "", "secret " + id + " is still the placeholder of the first start and SLIPWAY_REHEARSAL is off"},
		"ErrOffMissing":      {"a missing credential too", Off, false, reading([]string{"azure_tenant_id"}), false, "", "[azure_tenant_id]"},
		"ErrOffOnRehearsed":  {"and reading a rehearsal", Off, false, reading([]string{key}, "rehearsed"), false, "", "rehearsed, which is a rehearsal"},
		"ErrOffAsked":        {"who asks for a rehearsal must not get the real thing", Off, true, reading([]string{key}), false, "", "never rehearses"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Resolve(server, Subject{Plan: tc.plan})
			if err != nil {
				t.Fatal(err)
			}
			mode, err := ModeFor(tc.policy, tc.asked, found, server)
			wantRefusal(t, tc.reason, tc.refuse, err)
			if err == nil && (mode.Rehearsal != tc.want || !strings.Contains(mode.Reason, tc.why)) {
				t.Errorf("%s: got %+v", tc.reason, mode)
			}
		})
	}
}

// TestCheckInherited holds components, created later, to their parent's mode.
func TestCheckInherited(t *testing.T) {
	for name, tc := range map[string]struct {
		reason    string
		rehearsal bool
		plan      *orchestrator.Plan
		refuse    string
	}{
		"Real":                 {"nothing is in the way", false, reading([]string{key}, "real"), ""},
		"ErrRealPlaceholder":   {"a real component needs a placeholder after all", false, reading([]string{id}), "secret " + id + " is still the placeholder of the first start and the environment that this is a component of is real; set it"},
		"ErrRealMissing":       {"or a credential that is missing", false, reading([]string{"azure_tenant_id"}), "[azure_tenant_id]"},
		"ErrRealOnRehearsed":   {"it reads no rehearsal", false, reading(nil, "rehearsed"), "rehearsed, which is a rehearsal"},
		"Rehearsal":            {"a rehearsed one does with placeholders", true, reading([]string{id, "flagged", "azure_tenant_id"}, "rehearsed"), ""},
		"ErrRehearsalMissing":  {"not without other secrets", true, reading([]string{"db_password"}), "[db_password]"},
		"ErrRehearsalOnReal":   {"and reads nothing real", true, reading(nil, "real"), "real, which is real"},
		"RehearsalOfAllIsSet":  {"it does not become real because all is set by now", true, reading([]string{key}), ""},
		"ErrRehearsalReadsAny": {"not even among rehearsals", true, reading(nil, "rehearsed", "real"), "real, which is real"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Resolve(server, Subject{Plan: tc.plan})
			if err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, tc.reason, tc.refuse, CheckInherited(Mode{Rehearsal: tc.rehearsal}, found, server))
		})
	}
}

func wantRefusal(t *testing.T, reason, part string, err error) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("%s: refused: %v", reason, err)
	case part != "" && (orchestrator.ErrorCode(err) != orchestrator.Invalid || !strings.Contains(orchestrator.ErrorMessage(err), part)):
		t.Errorf("%s: got %v, want a refusal with %q", reason, err, part)
	}
}

// What is connected to, and not created, decides the mode like a capability.
func TestResolveReadsExistingDeployments(t *testing.T) {
	node := func(name, kind string, deployment map[string]orchestrator.Value) orchestrator.Node {
		return orchestrator.Node{
			ID: name, Type: kind, TypeHierarchy: []string{"cloudify.nodes.Root", kind},
			Properties: map[string]orchestrator.Value{"resource_config": map[string]orchestrator.Value{
				"blueprint": map[string]orchestrator.Value{"id": "nowhere"}, "deployment": deployment,
			}},
		}
	}
	type deployment = map[string]orchestrator.Value
	plan := &orchestrator.Plan{Nodes: []orchestrator.Node{
		node("shared", "cloudify.nodes.SharedResource", deployment{"id": "rehearsed"}),
		node("external", "cloudify.nodes.Component", deployment{"id": "real", "external_resource": true}),
		node("later", "cloudify.nodes.SharedResource", deployment{"id": "later"}),
	}}
	found, err := Resolve(server, Subject{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"real", "rehearsed"}, found.Reads); diff != "" {
		t.Errorf("deployments read (-want +got):\n%s", diff)
	}
	if len(found.Problems) > 0 {
		t.Errorf("what exists needs no blueprint: %q", found.Problems)
	}
}
