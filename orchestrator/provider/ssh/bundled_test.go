package ssh_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// TestBundledScripts runs every script of the catalogue on one rehearsed
// machine, each twice in a row: running again from the top must change nothing.
func TestBundledScripts(t *testing.T) {
	t.Parallel()
	p, world := rehearsed(t)
	prov := p.provider(t)

	inputs := values{
		"k8s_ip": p.host, "kubernetes_version": "v1.37.0",
		"master_username": "pg'admin", "master_password": orchestrator.Mark(`p'a"s\s $word`),
		"access_key_id": "minio", "secret_access_key": orchestrator.Mark(`s"e\cret $word`),
		"bucket_name": "data", "bucket_region": "eu-central-1", "process": nil,
	}
	runtime := values{}
	run := func(script string) {
		t.Helper()
		for _, round := range []string{"once", "again"} {
			r := newRecord()
			call := p.call(r, "e-1", "", inputs)
			call.Files, call.StepID = subFS(t, strings.Split(script, "/")[0]), script+round
			call.Inputs["script_path"] = "scripts/" + strings.Split(script, "/")[1]
			if _, err := prov.Run(t.Context(), call); err != nil {
				t.Fatalf("%s, %s: %v\n%s", script, round, err, strings.Join(r.lines, "\n"))
			}
			for _, line := range r.output("stderr") {
				t.Errorf("%s, %s: complains: %s", script, round, line)
			}
			for name, value := range r.runtime {
				runtime[name] = value
			}
		}
	}
	// An install that failed early is uninstalled, too.
	stops := []string{"minio/stop-server.sh", "aws_psql/stop-psql.sh", "minikube/stop-minikube.sh", "minikube/stop-docker.sh"}
	for _, script := range stops[:2] {
		run(script)
	}
	run("minikube/stop-docker.sh")
	for _, script := range []string{
		"minikube/install-docker.sh", "minikube/configure-docker.sh", "minikube/start-docker.sh",
		"minikube/install-minikube.sh", "minikube/start-minikube.sh",
		"aws_psql/install-psql.sh", "aws_psql/configure-psql.sh", "aws_psql/start-psql.sh",
		"minio/install-server.sh", "minio/configure-server.sh", "minio/start-server.sh",
		"minio/install-client.sh", "minio/configure-client.sh", "minio/create-bucket.sh",
	} {
		run(script)
	}

	server := "https://" + p.host + ":8443"
	named, _ := orchestrator.Lookup(orchestrator.Value(runtime), "kubeconf", "clusters", 0, "cluster", "server")
	if diff := cmp.Diff([]any{server, "pg'admin"}, []any{named, runtime["master_username"]}); diff != "" {
		t.Errorf("what the scripts published: %s", diff)
	}
	if !clusterAt(t, world, server) {
		t.Error("minikube start made no cluster")
	}
	if made := effectiveCalls(t, world, "minikube start"); made != 1 {
		t.Errorf("%d clusters were made, want 1", made)
	}
	for _, script := range stops {
		run(script)
	}
	if clusterAt(t, world, server) {
		t.Error("minikube delete left the cluster")
	}
}

func subFS(t *testing.T, blueprint string) fs.FS {
	t.Helper()
	files, err := fs.Sub(blueprints.FS, "eaas/"+blueprint)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func clusterAt(t *testing.T, world *rehearsal.World, server string) (found bool) {
	t.Helper()
	err := world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		var err error
		_, found, err = rehearsal.FindCluster(tx, server)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func effectiveCalls(t *testing.T, world *rehearsal.World, call string) (n int) {
	t.Helper()
	err := world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{Cloud: rehearsal.MachineCloud, Effective: true})
		for _, record := range calls {
			if record.Call == call {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
