package azure

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"

	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// storeKubeconfig checks a cluster and fetches its administrator's kubeconfig,
// marked from the moment it is read.
func (p *Provider) storeKubeconfig(ctx context.Context, call *provider.Call, k kind) (provider.Result, error) {
	t, err := p.prepare(call, k, resource.Check)
	if err != nil {
		return provider.Result{}, err
	}
	result, err := p.adapt(ctx, call, t, resource.Check)
	if err != nil || result.Again != nil || !wantsKubeconfig(call) {
		return result, err
	}
	response, err := t.client.do(ctx, http.MethodPost, t.at.id+"/listClusterAdminCredential", t.version, nil)
	if err != nil {
		return provider.Result{}, explain("fetch the kubeconfig of "+t.at.name, err)
	}
	defer closeBody(response)
	found, err := readDocument(response)
	if err != nil {
		return provider.Result{}, err
	}
	kubeconfig, err := firstKubeconfig(found)
	if err != nil {
		return provider.Result{}, err
	}
	result.Set["kubeconf"] = orchestrator.Mark(kubeconfig)
	return result, nil
}

func wantsKubeconfig(call *provider.Call) bool {
	if given, ok := call.Inputs["store_kube_config_in_runtime"]; ok && given != nil {
		return provider.IsTrue(given)
	}
	given, ok := call.Self.Properties["store_kube_config_in_runtime"]
	return !ok || provider.IsTrue(given)
}

// firstKubeconfig opens the first of the credentials. Its errors quote nothing.
func firstKubeconfig(found document) (orchestrator.Value, error) {
	encoded, _ := orchestrator.Lookup(found, "kubeconfigs", 0, "value")
	text, err := base64.StdEncoding.DecodeString(asText(encoded))
	if err != nil || len(text) == 0 {
		return nil, fmt.Errorf("azure returned no kubeconfig for the cluster")
	}
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return nil, fmt.Errorf("the kubeconfig that Azure returned is not YAML")
	}
	return orchestrator.FromJSON(parsed), nil
}
