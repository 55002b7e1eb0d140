package kubernetes_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
)

// TestAPIServer holds the provider to its contract at a real API server.
func TestAPIServer(t *testing.T) {
	config := startAPIServer(t)
	client, err := dynamic.NewForConfig(config)
	providertest.Must(t, err)
	b := &bench{
		T: t, kubeconfig: kubeconfigOf(config),
		engine: providertest.New(providertest.Dialled(kubernetes.New(kubernetes.Options{}))),
	}
	b.engine.Wait = func(time.Duration) { playControllers(t, client) }

	t.Run("Workload", func(t *testing.T) {
		b := *b
		b.T = t
		nodes := append(b.website(),
			b.node("account", "ServiceAccount", manifest("v1", "ServiceAccount", "user", nil), nil),
			b.node("binding", "ClusterRoleBinding", manifest("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "user", values{
				"roleRef":  values{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
				"subjects": []orchestrator.Value{values{"kind": "ServiceAccount", "name": "user", "namespace": "default"}},
			}), nil))
		for _, node := range nodes {
			providertest.Must(t, b.do(node, "create"))
			providertest.Must(t, b.do(node, "create")) // asked again
			providertest.Must(t, b.do(node, "read"))
		}
		if ready, _ := orchestrator.Lookup(nodes[3].Runtime["kubernetes"], "status", "ready_replicas"); ready != int64(2) {
			t.Errorf("the deployment's status.ready_replicas = %v, want 2", ready)
		}
		for _, node := range slices.Backward(nodes) {
			providertest.Must(t, b.do(node, "delete"))
			providertest.Must(t, b.do(node, "delete"))
		}
		left, err := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).List(t.Context(), metav1.ListOptions{LabelSelector: "slipway.dev/instance"})
		providertest.Must(t, err)
		if len(left.Items) > 0 {
			t.Errorf("namespaces left: %d", len(left.Items))
		}
	})
	t.Run("OtherManager", func(t *testing.T) {
		b := *b
		b.T = t
		ours := b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", values{"data": values{"key": "ours"}}), nil)
		providertest.Must(t, b.do(ours, "create"))
		theirs := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x", "namespace": "default"}, "data": map[string]any{"key": "theirs"},
		}}
		maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default")
		_, err := maps.Apply(t.Context(), "x", theirs, metav1.ApplyOptions{FieldManager: "somebody", Force: true})
		providertest.Must(t, err)
		providertest.Must(t, b.do(ours, "update")) // ours by its labels: put right
		live, err := maps.Get(t.Context(), "x", metav1.GetOptions{})
		providertest.Must(t, err)
		if value, _, _ := unstructured.NestedString(live.Object, "data", "key"); value != "ours" {
			t.Errorf("data.key = %q after an update", value)
		}
		providertest.Must(t, b.do(ours, "delete"))
	})
	t.Run("Refusals", func(t *testing.T) {
		b := *b
		b.T = t
		for name, test := range map[string]struct {
			node *provider.Instance
			says string
		}{
			"Kind":  {b.node("x", "BlueprintDefinedResource", manifest("example.org/v1", "Castle", "x", nil), nil), "no such kind"},
			"Ports": {b.node("x", "Service", manifest("v1", "Service", "x", values{"spec": values{}}), nil), "spec.ports: Required value"},
			"Text":  {b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", values{"data": values{"port": int64(80)}}), nil), ".data.port: expected string"},
			"Field": {b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", values{"dta": values{}}), nil), ".dta: field not declared in schema"},
			"Token": {b.node("x", "ConfigMap", manifest("v1", "ConfigMap", "x", nil), values{"client_config": values{"configuration": values{
				"api_options": values{"host": config.Host, "api_key": "wrong", "ssl_ca_cert": string(config.CAData)},
			}}}), "refuses the credentials"},
		} {
			err := b.do(test.node, "create")
			wantError(t, err, test.says)
			if !provider.IsFatal(err) {
				t.Errorf("%s: the error is retried: %v", name, err)
			}
		}
	})
}

// playControllers does what the controllers of a whole cluster would: pods are
// up, namespaces that are being deleted go.
func playControllers(t *testing.T, client dynamic.Interface) {
	t.Helper()
	deployments := client.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"})
	all, err := deployments.List(t.Context(), metav1.ListOptions{})
	providertest.Must(t, err)
	for _, each := range all.Items {
		status := fmt.Sprintf(`{"status":{"observedGeneration":%d,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2}}`, each.GetGeneration())
		_, err := deployments.Namespace(each.GetNamespace()).Patch(t.Context(), each.GetName(), types.MergePatchType, []byte(status), metav1.PatchOptions{}, "status")
		providertest.Must(t, err)
	}
	namespaces := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	all, err = namespaces.List(t.Context(), metav1.ListOptions{})
	providertest.Must(t, err)
	for _, each := range all.Items {
		if each.GetDeletionTimestamp() == nil {
			continue
		}
		unstructured.RemoveNestedField(each.Object, "spec", "finalizers")
		_, err := namespaces.Update(t.Context(), &each, metav1.UpdateOptions{}, "finalize")
		providertest.Must(t, err)
	}
}

const adminToken = "admin-token"

func kubeconfigOf(config *rest.Config) values {
	return values{
		"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": []orchestrator.Value{values{"name": "c", "cluster": values{
			"server": config.Host, "certificate-authority-data": base64.StdEncoding.EncodeToString(config.CAData),
		}}},
		"contexts": []orchestrator.Value{values{"name": "c", "context": values{"cluster": "c", "user": "u"}}},
		"users":    []orchestrator.Value{values{"name": "u", "user": values{"token": adminToken}}},
	}
}

// startAPIServer starts etcd and a kube-apiserver on free ports of the loopback.
func startAPIServer(t *testing.T) *rest.Config {
	t.Helper()
	for _, program := range []string{"etcd", "kube-apiserver"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s on this machine", program)
		}
	}
	dir := t.TempDir()
	client, peer, secure := freePort(t), freePort(t), freePort(t)
	etcd := "http://127.0.0.1:" + client
	start(t, "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", "http://127.0.0.1:"+peer, "--initial-advertise-peer-urls", "http://127.0.0.1:"+peer,
		"--initial-cluster", "default=http://127.0.0.1:"+peer)

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	providertest.Must(t, err)
	keyFile, tokens, certificates := filepath.Join(dir, "sa.key"), filepath.Join(dir, "tokens.csv"), filepath.Join(dir, "certs")
	providertest.Must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600))
	providertest.Must(t, os.WriteFile(tokens, []byte(adminToken+",admin,admin,system:masters\n"), 0o600))
	url := "https://127.0.0.1:" + secure
	start(t, "kube-apiserver", "--etcd-servers="+etcd, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+secure,
		"--cert-dir="+certificates, "--service-cluster-ip-range=10.0.0.0/24", "--service-account-issuer="+url,
		"--service-account-key-file="+keyFile, "--service-account-signing-key-file="+keyFile, "--token-auth-file="+tokens,
		"--authorization-mode=Node,RBAC", "--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount")
	awaitReady(t, url)
	authority, err := os.ReadFile(filepath.Join(certificates, "apiserver.crt"))
	providertest.Must(t, err)
	return &rest.Config{Host: url, BearerToken: adminToken, TLSClientConfig: rest.TLSClientConfig{CAData: authority}}
}

// start runs a program until the test ends.
func start(t *testing.T, program string, arguments ...string) {
	t.Helper()
	command := exec.Command(program, arguments...)
	providertest.Must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended by itself
		_ = command.Wait()
	})
}

func awaitReady(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // its certificate is read once it is ready
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz", nil)
	providertest.Must(t, err)
	request.Header.Set("Authorization", "Bearer "+adminToken)
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); <-ticker.C {
		response, err := client.Do(request)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the API server does not become ready")
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	providertest.Must(t, err)
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	providertest.Must(t, err)
	return port
}
