package kubernetes_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	cluster "github.com/slipwayhq/slipway/orchestrator/rehearsal/kubernetes"
)

type values = map[string]orchestrator.Value

const server = "https://one.hcp.westeurope.azmk8s.io:443"

// bench is a world with one cluster, and an engine that speaks to it.
type bench struct {
	*testing.T
	world      *rehearsal.World
	engine     *providertest.Engine
	kubeconfig values
	cluster    rehearsal.Cluster
	runtimes   []values // of the nodes of the workload
}

func newBench(t *testing.T, faults ...rehearsal.Fault) *bench {
	t.Helper()
	world := rehearsal.New(rehearsal.Config{Faults: faults})
	one := rehearsal.NewCluster(server, "one", "owner", time.Now(), time.Now())
	providertest.Must(t, world.State.Update(t.Context(), func(tx rehearsal.Tx) error { return rehearsal.PutCluster(tx, one) }))
	kubeconfig, err := one.Kubeconfig()
	providertest.Must(t, err)
	p := kubernetes.New(kubernetes.Options{Rehearsal: rehearsal.InProcess(cluster.New(world)), Scale: world.Speed.Scale})
	return &bench{T: t, world: world, engine: providertest.New(p), kubeconfig: kubeconfig, cluster: one}
}

// node returns an instance of a Kubernetes type with a manifest.
func (b *bench) node(name, kind string, definition values, more values) *provider.Instance {
	properties := values{
		"definition": definition, "use_if_exists": true,
		"client_config": values{"configuration": values{"file_content": orchestrator.Mark(b.kubeconfig)}},
	}
	for key, value := range more {
		properties[key] = value
	}
	return &provider.Instance{
		ID: name + "_abc123", NodeID: name, Type: "cloudify.kubernetes.resources." + kind,
		TypeHierarchy: []string{"cloudify.nodes.Root", "cloudify.kubernetes.resources." + kind}, Properties: properties,
	}
}

func (b *bench) do(self *provider.Instance, operation string) error {
	return b.engine.Run(context.Background(), self, providertest.Operation{
		Name: operation, Function: "cloudify_kubernetes.tasks.resource_" + operation,
	})
}

func (b *bench) listed() []string {
	b.Helper()
	var out []string
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		found, err := tx.List(rehearsal.Query{Cloud: rehearsal.KubernetesCloud, Listed: true})
		for _, object := range found {
			out = append(out, strings.TrimPrefix(object.ID, server))
		}
		return err
	}))
	return out
}

func (b *bench) effective() []string {
	b.Helper()
	var out []string
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{Effective: true})
		for _, call := range calls {
			out = append(out, call.Call)
		}
		return err
	}))
	return out
}

func manifest(apiVersion, kind, name string, more values) values {
	out := values{"apiVersion": apiVersion, "kind": kind, "metadata": values{"name": name}}
	for key, value := range more {
		out[key] = value
	}
	return out
}

// website is the workload's nodes in the order of an install.
func (b *bench) website() []*provider.Instance {
	inside := values{"options": values{"namespace": "website"}}
	ready := values{"options": values{"namespace": "website"}, "validate_resource_status": true}
	pods := values{"app": "website"}
	return []*provider.Instance{
		b.node("namespace", "Namespace", manifest("v1", "Namespace", "website", nil), nil),
		b.node("page", "ConfigMap", manifest("v1", "ConfigMap", "page", values{"data": values{"index.html": "<h1>hello</h1>", "dbHost": "db.example"}}), inside),
		b.node("credentials", "Secret", manifest("v1", "Secret", "credentials", values{"stringData": values{"password": orchestrator.Mark("tell-nobody")}}), inside),
		b.node("site", "Deployment", manifest("apps/v1", "Deployment", "website", values{"spec": values{
			"replicas": int64(2), "selector": values{"matchLabels": pods},
			"template": values{
				"metadata": values{"labels": pods},
				"spec":     values{"containers": []orchestrator.Value{values{"name": "web", "image": "nginx:1.29"}}},
			},
		}}), ready),
		b.node("service", "Service", manifest("v1", "Service", "website", values{"spec": values{
			"selector": pods, "ports": []orchestrator.Value{values{"port": int64(80)}},
		}}), inside),
	}
}

func TestLifeOfAWorkload(t *testing.T) {
	b := newBench(t)
	nodes := b.website()
	for _, node := range nodes {
		providertest.Must(t, b.do(node, "create"))
		providertest.Must(t, b.do(node, "read"))
	}
	want := []string{
		"/apps/v1/Deployment/website/website", "//v1/ConfigMap/website/page", "//v1/Namespace//website",
		"//v1/Secret/website/credentials", "//v1/Service/website/website",
	}
	if diff := cmp.Diff(want, b.listed()); diff != "" {
		t.Errorf("objects in the cluster (-want +got):\n%s", diff)
	}
	view := nodes[4].Runtime["kubernetes"]
	if ip, _ := orchestrator.Lookup(view, "spec", "cluster_ip"); ip != "10.96.0.1" {
		t.Errorf("service's spec.cluster_ip = %v, want the address that the cluster gave", ip)
	}
	host, _ := orchestrator.Lookup(nodes[1].Runtime["kubernetes"], "data", "dbHost")
	if host != "db.example" {
		t.Errorf("data.dbHost = %v: names below data are the user's own", host)
	}
	for _, node := range slices.Backward(nodes) {
		providertest.Must(t, b.do(node, "delete"))
		if diff := cmp.Diff([]string{}, providertest.Keys(node), cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("%s keeps runtime properties (-want +got):\n%s", node.ID, diff)
		}
	}
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("objects left (-want +got):\n%s", diff)
	}
}

func TestSecretsStayMarked(t *testing.T) {
	b := newBench(t)
	nodes := b.website()
	for _, node := range nodes[:3] {
		providertest.Must(t, b.do(node, "create"))
	}
	secret := nodes[2]
	shown, err := orchestrator.EncodeValue(orchestrator.Redact(secret.Runtime))
	providertest.Must(t, err)
	for _, form := range []string{"tell-nobody", "dGVsbC1ub2JvZHk="} {
		if strings.Contains(string(shown), form) {
			t.Errorf("runtime properties show %q in clear", form)
		}
		providertest.Must(t, b.world.State.View(t.Context(), func(tx rehearsal.Tx) error {
			all, err := tx.List(rehearsal.Query{})
			for _, object := range all {
				if strings.Contains(string(object.Body), form) {
					t.Errorf("the world keeps %q in clear in %s", form, object.ID)
				}
			}
			return err
		}))
	}
	password, _ := orchestrator.Lookup(orchestrator.Reveal(secret.Runtime["kubernetes"]), "data", "password")
	if password != "dGVsbC1ub2JvZHk=" {
		t.Errorf("the live secret's password reads %v", password)
	}
}

func TestCreateIsEffectiveOnce(t *testing.T) {
	call := "PATCH v1/Namespace"
	tests := map[string]struct {
		reason string
		fault  rehearsal.Fault
		crash  bool
	}{
		"LostAnswer":   {"the answer is lost after the effect", rehearsal.Fault{Call: call, Kind: rehearsal.FaultLost, Times: 2}, false},
		"ServerError":  {"the server fails before any effect", rehearsal.Fault{Call: call, Kind: rehearsal.FaultError, Times: 1}, false},
		"Throttled":    {"the server asks for patience", rehearsal.Fault{Call: call, Kind: rehearsal.FaultThrottle, Times: 1}, false},
		"LostIntent":   {"the server dies between the record and the request", rehearsal.Fault{}, true},
		"NothingWrong": {"the plain way", rehearsal.Fault{Call: "none", Kind: rehearsal.FaultLost}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, test.fault)
			b.engine.Crash = func(values) bool { return test.crash }
			node := b.website()[0]
			if err := b.do(node, "create"); err != nil && !test.crash {
				t.Fatal(err)
			}
			b.engine.Crash = nil
			providertest.Must(t, b.engine.Run(t.Context(), node, providertest.Operation{
				Name: "create", Function: "cloudify_kubernetes.tasks.resource_create", Resumed: true,
			}))
			if diff := cmp.Diff([]string{call}, b.effective()); diff != "" {
				t.Errorf("%s: effective calls (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestObjectsOfOthers(t *testing.T) {
	tests := map[string]struct {
		reason     string
		properties values
		wantErr    string
	}{
		"Adopted":  {"use_if_exists takes what is there", values{"use_if_exists": true}, ""},
		"External": {"an external object is only read", values{"use_external_resource": true, "use_if_exists": false}, ""},
		"Refused":  {"otherwise somebody else's stays theirs", values{"use_if_exists": false}, "exists already"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			theirs := b.website()[0]
			providertest.Must(t, b.do(theirs, "create"))
			before := b.effective()

			ours := b.website()[0]
			ours.ID = "other_zzz999"
			for key, value := range test.properties {
				ours.Properties[key] = value
			}
			wantError(t, b.do(ours, "create"), test.wantErr)
			providertest.Must(t, b.do(ours, "delete"))
			if diff := cmp.Diff(before, b.effective()); diff != "" {
				t.Errorf("%s: nothing of theirs changes (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

// TestEarlierLife holds that what an earlier life of the instance left behind is
// taken up, and goes with it.
func TestEarlierLife(t *testing.T) {
	b := newBench(t)
	providertest.Must(t, b.do(b.website()[0], "create")) // and then a forced uninstall
	again := b.website()[0]
	providertest.Must(t, b.do(again, "create"))
	providertest.Must(t, b.do(again, "delete"))
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("objects left (-want +got):\n%s", diff)
	}
}

func TestExternalThatIsMissing(t *testing.T) {
	b := newBench(t)
	node := b.website()[0]
	node.Properties["use_external_resource"] = true
	wantError(t, b.do(node, "create"), "does not exist")
	node.Properties["create_if_missing"] = true
	providertest.Must(t, b.do(node, "create"))
	providertest.Must(t, b.do(node, "delete"))
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("what create_if_missing made goes again (-want +got):\n%s", diff)
	}
}

func TestMistakesAreFatal(t *testing.T) {
	tests := map[string]struct {
		reason string
		node   func(*bench) *provider.Instance
		want   string
	}{
		"UnknownKind": {"discovery knows no such kind", func(b *bench) *provider.Instance {
			return b.node("x", "BlueprintDefinedResource", manifest("example.org/v1", "Castle", "x", nil), nil)
		}, "no such kind"},
		"OtherKind": {"a typed node holds its own kind", func(b *bench) *provider.Instance {
			return b.node("x", "ConfigMap", manifest("v1", "Secret", "x", nil), nil)
		}, "its manifest is a Secret"},
		"NoName": {"a manifest without a name", func(b *bench) *provider.Instance {
			return b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "", nil), nil)
		}, "metadata.name"},
		"Invalid": {"the API server's own check", func(b *bench) *provider.Instance {
			return b.node("x", "Service", manifest("v1", "Service", "x", values{"spec": values{}}), nil)
		}, "spec.ports: Required value"},
		"NotText": {"a number where the API wants text", func(b *bench) *provider.Instance {
			return b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", values{"data": values{"port": int64(80)}}), nil)
		}, ".data.port: expected string"},
		"NoCluster": {"no way to a cluster is given", func(b *bench) *provider.Instance {
			return b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", nil), values{"client_config": nil})
		}, "how to reach its cluster"},
		"Exec": {"a kubeconfig may not run programs here", func(b *bench) *provider.Instance {
			config := orchestrator.CloneValue(b.kubeconfig).(values)
			config["users"] = []orchestrator.Value{values{"name": "clusterAdmin_one", "user": values{"exec": values{
				"apiVersion": "client.authentication.k8s.io/v1", "command": "true", "interactiveMode": "Never",
			}}}}
			return b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", nil), values{"client_config": values{"configuration": values{"file_content": config}}})
		}, "a program to sign in"},
		"Stranger": {"another cluster's certificate", func(b *bench) *provider.Instance {
			config, err := rehearsal.NewCluster(server, "one", "owner", time.Now(), time.Now()).Kubeconfig()
			providertest.Must(b, err)
			return b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", nil), values{"client_config": values{"configuration": values{"file_content": config}}})
		}, "refuses the credentials"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			err := b.do(test.node(b), "create")
			wantError(t, err, test.want)
			if !provider.IsFatal(err) {
				t.Errorf("%s: the error is retried: %v", test.reason, err)
			}
		})
	}
}

func TestTokenAndOptions(t *testing.T) {
	b := newBench(t)
	token, err := b.cluster.Token()
	providertest.Must(t, err)
	node := b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", nil), values{"client_config": values{"configuration": values{
		"api_options": values{"host": server, "api_key": orchestrator.Mark(token)},
	}}})
	providertest.Must(t, b.do(node, "create"))
	if diff := cmp.Diff([]string{"//v1/ConfigMap/default/x"}, b.listed()); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestFileDefinedResource(t *testing.T) {
	b := newBench(t)
	b.engine.Files = fstest.MapFS{"k8s/all.yaml": {Data: []byte(
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ ns }}'}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa, namespace: '{{ ns }}'}\n")}}
	node := b.node("files", "FileDefinedResource", nil, values{
		"definition": nil, "file": values{"resource_path": "k8s/all.yaml", "template_variables": values{"ns": "team-a"}},
	})
	run := func(operation string) {
		providertest.Must(t, b.engine.Run(t.Context(), node, providertest.Operation{
			Name: operation, Function: "cloudify_kubernetes.tasks.file_resource_" + operation,
		}))
	}
	run("create")
	run("read")
	if diff := cmp.Diff([]string{"//v1/Namespace//team-a", "//v1/ServiceAccount/team-a/sa"}, b.listed()); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	name, _ := orchestrator.Lookup(node.Runtime["kubernetes"], "k8s/all.yaml#1", "metadata", "name")
	if name != "sa" {
		t.Errorf("the second document's name = %v, want sa", name)
	}
	b.engine.Files = fstest.MapFS{}
	run("delete")
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("deleted by what was recorded, without the file (-want +got):\n%s", diff)
	}
}

func TestDeleteWaitsForTheNamespace(t *testing.T) {
	b := newBench(t)
	b.world.Speed = 1e-3 // nothing that takes time gets done
	node := b.website()[0]
	providertest.Must(t, b.do(node, "create"))
	b.engine.Tries = 3
	wantError(t, b.do(node, "delete"), "still asking again")
	if diff := cmp.Diff([]string{"PATCH v1/Namespace", "DELETE v1/Namespace"}, b.effective()); diff != "" {
		t.Errorf("one delete is sent (-want +got):\n%s", diff)
	}
	b.world.Speed = 0
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	switch {
	case err == nil && text != "":
		t.Fatalf("no error, want one with %q", text)
	case err != nil && (text == "" || !strings.Contains(err.Error(), text)):
		t.Fatalf("error %v, want %q", err, text)
	}
}
