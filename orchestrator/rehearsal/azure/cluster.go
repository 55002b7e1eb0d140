package azure

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"net/netip"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// checkCluster checks what an AKS cluster needs before it starts to be made.
func checkCluster(_ *act, properties document) error {
	if text(properties, "dnsPrefix") == "" && text(properties, "fqdnSubdomain") == "" {
		return badRequest("InvalidParameter", "Required parameter dnsPrefix is missing (null).")
	}
	pools := list(properties, "agentPoolProfiles")
	if len(pools) == 0 {
		return badRequest("InvalidParameter", "Required parameter agentPoolProfile is missing (null).")
	}
	system := false
	for _, pool := range pools {
		if n, ok := number(pool, "count"); !ok || n < 1 || text(pool, "vmSize") == "" || text(pool, "name") == "" {
			return badRequest("InvalidParameter", "Agent pool %q needs name, vmSize and a count of at least 1.", text(pool, "name"))
		}
		system = system || strings.EqualFold(text(pool, "mode"), "System")
	}
	if !system {
		return badRequest("AtLeastOneSystemAgentPool", "A managed cluster must have at least one agent pool of mode System.")
	}
	if linux, ok := field(properties, "linuxProfile").(document); ok {
		keys := list(linux, "ssh", "publicKeys")
		if text(linux, "adminUsername") == "" || len(keys) == 0 || text(keys[0], "keyData") == "" {
			return badRequest("InvalidParameter", "linuxProfile needs adminUsername and a public key.")
		}
	}
	return checkClusterNetwork(properties)
}

func checkClusterNetwork(properties document) error {
	services := text(properties, "networkProfile", "serviceCidr")
	if services == "" {
		return nil
	}
	block, err := netip.ParsePrefix(services)
	if err != nil {
		return badRequest("InvalidServiceCidr", "The service CIDR %s is not a CIDR block.", services)
	}
	given := text(properties, "networkProfile", "dnsServiceIP")
	dns, err := netip.ParseAddr(given)
	if err != nil || !block.Contains(dns) || dns == block.Addr().Next() {
		return badRequest("DnsServiceIpOutOfServiceCidr", "The dnsServiceIP %s is not in the service CIDR %s, or is its first address.", given, services)
	}
	return nil
}

// fillCluster makes the Kubernetes API of a managed cluster.
func fillCluster(a *act, s *stored) error {
	properties := rehearsal.Part(s.Resource, "properties")
	if properties["fqdn"] != nil {
		return nil
	}
	prefix := text(properties, "dnsPrefix")
	if prefix == "" {
		prefix = text(properties, "fqdnSubdomain")
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(a.target.id)) // a hash takes everything
	location := text(s.Resource, "location")
	host := strings.ToLower(prefix + "-" + hex.EncodeToString(sum.Sum(nil)) + ".hcp." + location + ".azmk8s.io")
	properties["fqdn"], properties["powerState"] = host, document{"code": "Running"}
	properties["nodeResourceGroup"] = "MC_" + lastSegment(a.target.group) + "_" + a.target.name + "_" + location
	if text(properties, "kubernetesVersion") == "" {
		properties["kubernetesVersion"] = "1.33"
	}
	properties["currentKubernetesVersion"] = properties["kubernetesVersion"]
	cluster := rehearsal.NewCluster("https://"+host+":443", a.target.name, a.target.id, a.world.Now(), s.ReadyAt)
	cluster.Deployment = text(s.Resource, "tags", rehearsal.TagDeployment)
	return rehearsal.PutCluster(a.Tx, cluster)
}

func endCluster(a *act, s stored) error {
	return rehearsal.DeleteCluster(a.Tx, clusterServer(s))
}

func clusterServer(s stored) string {
	return "https://" + text(s.Resource, "properties", "fqdn") + ":443"
}

// listCredentials answers with the administrator's kubeconfig.
func (a *act) listCredentials() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	if s.state() != succeeded {
		return answer{}, rehearsal.Refuse(http.StatusConflict, "OperationNotAllowed", "The cluster %s is %s.", a.target.name, s.state())
	}
	cluster, ok, err := rehearsal.FindCluster(a.Tx, clusterServer(s))
	if err != nil || !ok {
		return answer{}, rehearsal.Refuse(http.StatusNotFound, "NotFound", "the cluster %s has no API", a.target.name)
	}
	kubeconfig, err := cluster.Kubeconfig()
	if err != nil {
		return answer{}, err
	}
	content, err := json.Marshal(kubeconfig) // JSON is YAML
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: document{"kubeconfigs": []any{
		document{"name": "clusterAdmin", "value": base64.StdEncoding.EncodeToString(content)},
	}}}, nil
}
