package web

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func TestSentence(t *testing.T) {
	cases := map[string]struct{ reason, in, want string }{
		"Plain":   {"a capital and a stop", "the name is taken", "The name is taken."},
		"Name":    {"an identifier keeps its case", "aws_keypair is not set yet", "aws_keypair is not set yet."},
		"Ended":   {"one stop is enough", "It is done.", "It is done."},
		"Asked":   {"a question keeps its mark", "did you mean vpc?", "Did you mean vpc?"},
		"Empty":   {"nothing stays nothing", "  ", ""},
		"Capital": {"what begins well stays", "Azure is busy", "Azure is busy."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := sentence(tc.in); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	cases := map[string]struct{ reason, in, want string }{
		"Plain": {"a word needs nothing", "env_type=dev-small", "env_type=dev-small"},
		"Space": {"two words become one", "page=It runs", "'page=It runs'"},
		"Quote": {"a quote inside ends and begins again", "it's", `'it'\''s'`},
		"Shell": {"what a shell would carry out stays text", "$(reboot)", "'$(reboot)'"},
		"Empty": {"nothing is still an argument", "", "''"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := quote(tc.in); got != tc.want {
				t.Errorf("%s: %s, want %s", tc.reason, got, tc.want)
			}
		})
	}
}

func TestValueOf(t *testing.T) {
	cases := map[string]struct {
		reason, text, kind string
		want               orchestrator.Value
		wrong              bool
	}{
		"String":     {"a text is a text, whatever it looks like", "[1, 2]", "string", "[1, 2]", false},
		"Integer":    {"control converts what is plain", "12", "integer", "12", false},
		"ListYAML":   {"a list as YAML", "- 22\n- 9000", "list", []orchestrator.Value{int64(22), int64(9000)}, false},
		"DictJSON":   {"a dict as JSON", `{"a": {"b": true}}`, "dict", map[string]orchestrator.Value{"a": map[string]orchestrator.Value{"b": true}}, false},
		"OwnType":    {"a data type of the blueprint", "size: 2.5", "my.Type", map[string]orchestrator.Value{"size": 2.5}, false},
		"Broken":     {"neither is a fault beside the field", "[1, ", "list", nil, true},
		"Deployment": {"a name is a text", "app_1", "deployment_id", "app_1", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := valueOf(tc.text, tc.kind)
			if (err != nil) != tc.wrong {
				t.Fatalf("%s: error %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// A URL may fill a form in, but a default that is worked out is not shown as if
// somebody had typed it.
func TestFieldDefaults(t *testing.T) {
	form := launchForm{texts: map[string]string{"typed": "mine"}, faults: map[string]string{}}
	cases := map[string]struct {
		reason string
		input  orchestrator.Input
		want   string
	}{
		"Default": {"a default fills the field", orchestrator.Input{Name: "d", HasDefault: true, Default: int64(3)}, "3"},
		"Typed":   {"what was typed wins", orchestrator.Input{Name: "typed", HasDefault: true, Default: "theirs"}, "mine"},
		"Call":    {"a function is not a value", orchestrator.Input{Name: "c", HasDefault: true, Default: map[string]orchestrator.Value{"get_sys": []orchestrator.Value{"deployment", "id"}}}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := form.field(tc.input, choices{}).Value; got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// tree is an app whose network failed: one component up, one failed in mid-create,
// one never begun.
func failedTree(status orchestrator.ExecutionStatus) *control.Tree {
	now := time.Unix(1000, 0)
	instance := func(id string, state orchestrator.InstanceState) []orchestrator.NodeInstance {
		return []orchestrator.NodeInstance{{ID: id, State: state}}
	}
	latest := &orchestrator.Execution{ID: "x", Workflow: "install", Status: status, StartedAt: now, EndedAt: now.Add(38 * time.Second), Error: "no capacity\nand more"}
	child := &control.Tree{
		Deployment: orchestrator.Deployment{ID: "app-network", BlueprintID: "vpc", Parent: "d"}, Latest: latest,
		Nodes: []control.TreeNode{
			{Node: &orchestrator.Node{ID: "vpc", Type: "Vpc"}, Instances: instance("vpc_aaaaaa", orchestrator.InstanceStarted)},
			{Node: &orchestrator.Node{ID: "subnet", Type: "Subnet", Relationships: []orchestrator.Relationship{{Target: "vpc"}}}, Instances: instance("subnet_aaaaaa", orchestrator.Creating)},
		},
	}
	return &control.Tree{
		Deployment: orchestrator.Deployment{ID: "app", UID: "d", Team: "t", CreatedBy: "ada", BlueprintID: "app", BlueprintVersion: 1, CreatedAt: now}, Latest: latest,
		Nodes: []control.TreeNode{
			{Node: &orchestrator.Node{ID: "network"}, Instances: instance("network_aaaaaa", orchestrator.Starting), Child: child},
			{Node: &orchestrator.Node{ID: "database", Relationships: []orchestrator.Relationship{{Target: "network"}}}, Instances: instance("database_aaaaaa", orchestrator.Uninitialized)},
		},
	}
}

func TestSurveyOfAFailedInstall(t *testing.T) {
	s := look(failedTree(orchestrator.Failed), time.Unix(2000, 0), "subnet_aaaaaa", func(id string) string { return "?node=" + id })
	type line struct {
		Depth       int
		Node, State string
		Nodes       string
	}
	var rows []line
	for _, r := range s.rows {
		rows = append(rows, line{r.Depth, r.Node, r.State.Kind + " " + r.State.Word, r.Nodes})
	}
	want := []line{
		{1, "network", "fail Failed while creating", "1 of 2"},
		{2, "vpc", "ok Started", ""},
		{2, "subnet", "fail Failed while creating", ""},
		{1, "database", "queued Waiting", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if s.nodes != 4 || s.deployments != 2 || s.up != 1 || s.live != 3 || s.instances != 4 {
		t.Errorf("counts: nodes %d, deployments %d, up %d, live %d of %d", s.nodes, s.deployments, s.up, s.live, s.instances)
	}
	if s.pickedNode == nil || s.pickedNode.Name != "subnet" || s.pickedNode.Deployment != "app-network" {
		t.Errorf("the picked node is %+v", s.pickedNode)
	}
	if len(s.graph.Items) != 2 || s.graph.Items[0].Inner == nil || s.graph.Items[0].Kind != "fail" || s.graph.Items[0].Sub != "app-network" {
		t.Errorf("the graph is %+v", s.graph)
	}
}

func TestWhatACancelLeaves(t *testing.T) {
	s := look(failedTree(orchestrator.Cancelled), time.Unix(2000, 0), "", func(string) string { return "" })
	if got := s.rows[2].State; got != (views.Mark{Kind: "attn", Word: "Left while creating"}) {
		t.Errorf("a node left in the middle is %v", got)
	}
}

func TestPortraitActions(t *testing.T) {
	texts := func(p portrait) []string {
		var out []string
		for _, a := range p.draw().Actions {
			text := a.Text
			if a.Why != "" {
				text += " (no: " + a.Why + ")"
			}
			out = append(out, text)
		}
		return out
	}
	owner := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "ada", Role: orchestrator.User}
	other := orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "eve", Role: orchestrator.User}
	running := failedTree(orchestrator.Started)
	blank := failedTree(orchestrator.Terminated)
	blank.Nodes = blank.Nodes[1:]
	component := failedTree(orchestrator.Failed).Nodes[0].Child
	cases := map[string]struct {
		reason string
		p      portrait
		want   []string
	}{
		"Failed":    {"what is up can be taken down", portrait{actor: owner, tree: failedTree(orchestrator.Failed)}, []string{"Uninstall…"}},
		"Running":   {"what runs can be cancelled", portrait{actor: owner, tree: running}, []string{"Cancel install…"}},
		"Blank":     {"what is not built can be, or go", portrait{actor: owner, tree: blank}, []string{"Install", "Delete…"}},
		"Stranger":  {"a button that is off says why and who can", portrait{actor: other, tree: failedTree(orchestrator.Failed)}, []string{"Uninstall… (no: it belongs to ada; its owner or an operator of the team can)"}},
		"Component": {"a component ends with what it belongs to", portrait{actor: owner, tree: component}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.p.now = time.Unix(2000, 0)
			if diff := cmp.Diff(tc.want, texts(tc.p)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	cases := map[string]struct {
		reason string
		c      control.Capability
		coming bool
		want   views.Capability
	}{
		"Pending": {"while it comes up, what it waits for", control.Capability{Name: "a"}, true, views.Capability{Name: "a", Pending: "waits for minikube"}},
		"None":    {"at rest it will not", control.Capability{Name: "a"}, false, views.Capability{Name: "a", Pending: "not built"}},
		"Masked":  {"a marked value is a mask", control.Capability{Name: "a", Known: true, Sensitive: true}, false, views.Capability{Name: "a", Masked: true}},
		"Link":    {"an address can be opened", control.Capability{Name: "a", Known: true, Value: "https://x"}, false, views.Capability{Name: "a", Value: "https://x", Link: true}},
		"NoLink":  {"no other scheme becomes a link", control.Capability{Name: "a", Known: true, Value: "javascript:alert(1)"}, false, views.Capability{Name: "a", Value: "javascript:alert(1)"}},
		"Long":    {"a structure gets a box", control.Capability{Name: "a", Known: true, Value: map[string]orchestrator.Value{"k": int64(1)}}, false, views.Capability{Name: "a", Value: "{\n  \"k\": 1\n}", Long: true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, offer(tc.c, tc.coming, "minikube")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNextTry(t *testing.T) {
	now := time.Unix(1000, 0)
	cases := map[string]struct {
		reason    string
		record    orchestrator.StepRecord
		next, why string
	}{
		"Retry":   {"how often, when, and the cloud's own words", orchestrator.StepRecord{State: orchestrator.StepRetrying, Attempt: 2, NotBefore: now.Add(9 * time.Second), Reason: "retry 2 of 60 in 15 s because: 503 because: busy"}, "retry 2 of 60 in 9.0 s", "503 because: busy"},
		"Due":     {"a retry that is due has no time left", orchestrator.StepRecord{State: orchestrator.StepRetrying, Attempt: 2, NotBefore: now, Reason: "retry 2 in 15 s because: 503"}, "retry 2", "503"},
		"Polling": {"asking again is no failure", orchestrator.StepRecord{State: orchestrator.StepPolling, NotBefore: now.Add(12 * time.Second), Reason: "the cluster is being created"}, "asks again in 12 s", "the cluster is being created"},
		"Running": {"what runs is done when it is done", orchestrator.StepRecord{State: orchestrator.StepRunning}, "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if next, why := nextTry(tc.record, now); next != tc.next || why != tc.why {
				t.Errorf("%s: %q, %q; want %q, %q", tc.reason, next, why, tc.next, tc.why)
			}
		})
	}
}

func TestWaitingFor(t *testing.T) {
	tree := failedTree(orchestrator.Started)
	tree.Nodes[0].Child.Nodes[1].Waiting = &orchestrator.StepRecord{State: orchestrator.StepRetrying, Attempt: 1, Reason: "retry 1 of 60 in 15 s because: no capacity"}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		tree.Nodes = append(tree.Nodes, control.TreeNode{
			Node:      &orchestrator.Node{ID: name, Relationships: []orchestrator.Relationship{{Target: "network"}, {Target: "database"}}},
			Instances: []orchestrator.NodeInstance{{ID: name + "_aaaaaa", State: orchestrator.Uninitialized}},
		})
	}
	type line struct{ name, when, why string }
	var got []line
	for _, w := range look(tree, time.Unix(2000, 0), "", func(string) string { return "" }).waitingFor() {
		got = append(got, line{w.Name, w.When, w.Why})
	}
	want := []line{
		{"subnet creating", "retry 1 of 60", "no capacity"},
		{"database", "not started", "Starts when network is up."},
		{"a", "not started", "Starts when network and database are up."},
		{"b", "not started", "Starts when network and database are up."},
		{"c", "not started", "Starts when network and database are up."},
		{"2 more nodes", "not started", "They start after these."},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rest := look(failedTree(orchestrator.Failed), time.Unix(2000, 0), "", func(string) string { return "" }).waitingFor(); len(rest) > 0 {
		t.Errorf("nothing runs, yet it waits: %v", rest)
	}
}

func TestNeededFor(t *testing.T) {
	of := func(path ...orchestrator.Value) orchestrator.Value {
		return map[string]orchestrator.Value{"get_attribute": path}
	}
	for want, v := range map[string]orchestrator.Value{
		"minikube": of("minikube", "capabilities", "endpoint"),
		"vm":       map[string]orchestrator.Value{"concat": []orchestrator.Value{"http://", of("vm", "ip"), of("port", "n")}},
		"":         map[string]orchestrator.Value{"get_input": "bucket"},
	} {
		if got := neededFor(v); got != want {
			t.Errorf("%v is read from %q, want %q", v, got, want)
		}
	}
}

func TestFirstFree(t *testing.T) {
	for last, most := range map[int]int{0: 1, 1: 2, 5: 6, 10_000: 32} {
		asked := 0
		n, err := firstFree(func(n int) (bool, error) { asked++; return n <= last, nil })
		if err != nil || n != last+1 || asked > most {
			t.Errorf("behind %d comes %d after %d questions (%v), want %d after at most %d", last, n, asked, err, last+1, most)
		}
	}
	// With gaps, some name is found that nothing has.
	if n, err := firstFree(func(n int) (bool, error) { return n == 1 || n == 2 || n == 7, nil }); err != nil || n != 3 {
		t.Errorf("among gaps it finds %d (%v)", n, err)
	}
	if _, err := firstFree(func(int) (bool, error) { return false, errors.New("gone") }); err == nil {
		t.Error("the database is gone, and a name is free")
	}
}

func TestChoose(t *testing.T) {
	two := []views.Option{{Value: "a", Text: "A"}, {Value: "b", Text: "B"}}
	cases := map[string]struct {
		reason, value string
		must          bool
		want          []views.Option
	}{
		"Chosen":  {"what was chosen", "b", true, []views.Option{{Value: "a", Text: "A"}, {Value: "b", Text: "B", Selected: true}}},
		"First":   {"something must be", "", true, []views.Option{{Value: "a", Text: "A", Selected: true}, {Value: "b", Text: "B"}}},
		"None":    {"nothing need be", "", false, []views.Option{{Text: "not set", Selected: true}, {Value: "a", Text: "A"}, {Value: "b", Text: "B"}}},
		"Unknown": {"another must not take its place", "z", true, []views.Option{{Value: "z", Text: "z", Selected: true}, {Value: "a", Text: "A"}, {Value: "b", Text: "B"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, choose(two, tc.value, tc.must)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
