package azure_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	arm "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
)

type values = map[string]orchestrator.Value

const inGroup = "/subscriptions/rehearsal-azure_subscription_id/resourceGroups/abcrg"

// bench is an empty Azure and an engine that speaks to it.
type bench struct {
	*testing.T
	world  *rehearsal.World
	engine *providertest.Engine
}

func newBench(t *testing.T, faults ...rehearsal.Fault) *bench {
	t.Helper()
	world := rehearsal.New(rehearsal.Config{Faults: faults})
	p := azure.New(azure.Options{Rehearsal: rehearsal.InProcess(arm.New(world)), Scale: world.Speed.Scale})
	return &bench{t, world, providertest.New(p)}
}

// node returns an instance of an Azure type. Relations are pairs of the
// relationship's name and the target.
func node(name, kind string, properties values, relations ...any) *provider.Instance {
	all := values{"client_config": values{
		"subscription_id": "rehearsal-azure_subscription_id", "tenant_id": "rehearsal-azure_tenant_id",
		"client_id": "rehearsal-azure_client_id", "client_secret": orchestrator.Mark("rehearsal-azure_client_secret"),
	}, "location": "westeurope"}
	for key, value := range properties {
		all[key] = value
	}
	self := &provider.Instance{
		ID: name + "_abc123", NodeID: name, Type: "cloudify.azure.nodes." + kind,
		TypeHierarchy: []string{"cloudify.nodes.Root", "cloudify.azure.nodes." + kind}, Properties: all,
	}
	for i := 0; i < len(relations); i += 2 {
		relation := "cloudify.azure.relationships." + relations[i].(string)
		hierarchy := []string{"cloudify.relationships.depends_on", "cloudify.relationships.connected_to", relation}
		if strings.Contains(relation, "contained_in") {
			hierarchy[1] = "cloudify.relationships.contained_in"
		}
		self.Relationships = append(self.Relationships, provider.Related{Type: relation, TypeHierarchy: hierarchy, Target: relations[i+1].(*provider.Instance)})
	}
	return self
}

func (b *bench) do(self *provider.Instance, operation string) error {
	return b.resumed(self, operation, b.engine.Run(context.Background(), self, providertest.Operation{
		Name: operation, Function: "cloudify_azure.resources." + operation, Inputs: values{"resource_config": values{}, "args": values{}},
	}))
}

// install runs the operations of an install on each node, as its type maps them.
func (b *bench) install(nodes ...*provider.Instance) {
	b.Helper()
	for _, self := range nodes {
		for _, operation := range operationsOf(self) {
			if err := b.do(self, operation); err != nil {
				b.Fatalf("%s of %s: %v", operation, self.ID, err)
			}
		}
	}
}

func operationsOf(self *provider.Instance) []string {
	kind := strings.TrimPrefix(self.Type, "cloudify.azure.nodes.")
	switch kind {
	case "network.IPConfiguration":
		return nil
	case "network.NetworkInterfaceCard", "compute.VirtualMachine":
		return []string{"create", "configure", "start"}
	case "network.LoadBalancer":
		return []string{"create", "configure"}
	case "network.PublicIPAddress":
		return []string{"create", "start"}
	case "compute.ManagedCluster":
		return []string{"create", "store_kubeconfig"}
	case "Deployment":
		return []string{"create", "pull"}
	}
	return []string{"create"}
}

func (b *bench) uninstall(nodes ...*provider.Instance) {
	b.Helper()
	for _, self := range slices.Backward(nodes) {
		if len(operationsOf(self)) == 0 {
			continue
		}
		if err := b.do(self, "delete"); err != nil {
			b.Fatalf("delete of %s: %v", self.ID, err)
		}
	}
}

func (b *bench) listed() []string {
	b.Helper()
	var out []string
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		found, err := tx.List(rehearsal.Query{Listed: true})
		for _, object := range found {
			out = append(out, strings.TrimPrefix(object.ID, inGroup)+" "+object.State)
		}
		return err
	}))
	return out
}

// effective counts the calls that changed the world.
func (b *bench) effective() map[string]int {
	b.Helper()
	out := map[string]int{}
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{Effective: true})
		for _, call := range calls {
			method, _, _ := strings.Cut(call.Call, " ")
			out[method+" "+strings.TrimPrefix(call.ID, inGroup)]++
		}
		return err
	}))
	return out
}

// baseNetwork is block zG: the group and what is in it.
func baseNetwork() []*provider.Instance {
	group := node("resource_group", "ResourceGroup", values{"name": "abcrg", "tags": values{"Name": "abcrg"}})
	network := node("network", "network.VirtualNetwork", values{
		"name": "abcrg-vnet", "resource_config": values{"addressSpace": values{"addressPrefixes": []orchestrator.Value{"10.0.0.0/16"}}},
	}, "contained_in_resource_group", group)
	subnet := func(n, cidr string) *provider.Instance {
		return node("subnet_"+n, "network.Subnet", values{
			"name": "abcrg-subnet-" + n, "resource_config": values{"addressPrefix": cidr},
		}, "contained_in_virtual_network", network)
	}
	firewall := node("agents_security_group", "network.NetworkSecurityGroup", values{"name": "abcrg-agents"}, "contained_in_virtual_network", network)
	rule := func(name string, priority int64, port orchestrator.Value) *provider.Instance {
		return node("allow_"+name, "network.NetworkSecurityRule", values{"name": "allow-" + name, "resource_config": values{
			"description": name, "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": port, "sourceAddressPrefix": "*",
			"destinationAddressPrefix": "*", "priority": priority, "access": "Allow", "direction": "Inbound",
		}}, "contained_in_network_security_group", firewall)
	}
	account := node("storage_account", "storage.StorageAccount", values{
		"name": "abcrgsa", "sku": values{"name": "Standard_LRS"},
		"resource_config": values{"kind": "StorageV2", "minimumTlsVersion": "TLS1_2", "supportsHttpsTrafficOnly": true},
	}, "contained_in_resource_group", group)
	return []*provider.Instance{
		group, network, subnet("1", "10.0.0.0/23"), subnet("2", "10.0.2.0/23"), firewall,
		rule("ssh", 100, "22"), rule("s3", 101, int64(9000)), account,
	}
}

var baseListed = []string{
	"/providers/Microsoft.Network/networkSecurityGroups/abcrg-agents Succeeded",
	"/providers/Microsoft.Network/networkSecurityGroups/abcrg-agents/securityRules/allow-s3 Succeeded",
	"/providers/Microsoft.Network/networkSecurityGroups/abcrg-agents/securityRules/allow-ssh Succeeded",
	"/providers/Microsoft.Network/virtualNetworks/abcrg-vnet Succeeded",
	"/providers/Microsoft.Network/virtualNetworks/abcrg-vnet/subnets/abcrg-subnet-1 Succeeded",
	"/providers/Microsoft.Network/virtualNetworks/abcrg-vnet/subnets/abcrg-subnet-2 Succeeded",
	" Succeeded",
	"/providers/Microsoft.Storage/storageAccounts/abcrgsa Succeeded",
}

func TestLifeOfTheBaseNetwork(t *testing.T) {
	b := newBench(t)
	nodes := baseNetwork()
	b.install(nodes...)
	if diff := cmp.Diff(baseListed, b.listed()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	got := map[string]orchestrator.Value{}
	for _, key := range []string{"name", "resource_group", "resource_id", "virtual_network"} {
		got[key] = nodes[2].Runtime[key]
	}
	got["address_prefix"], _ = orchestrator.Lookup(nodes[2].Runtime["resource"], "address_prefix")
	want := map[string]orchestrator.Value{
		"name": "abcrg-subnet-1", "resource_group": "abcrg", "virtual_network": "abcrg-vnet", "address_prefix": "10.0.0.0/23",
		"resource_id": inGroup + "/providers/Microsoft.Network/virtualNetworks/abcrg-vnet/subnets/abcrg-subnet-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the subnet's runtime properties (-want +got):\n%s", diff)
	}
	b.uninstall(nodes...)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
	for id, n := range b.effective() {
		if n != 1 {
			t.Errorf("%s was effective %d times", id, n)
		}
	}
}

// productionNetwork is block zP on top of zG.
func (b *bench) productionNetwork(base []*provider.Instance) []*provider.Instance {
	b.Helper()
	group, network := base[0], base[1]
	external := func(of *provider.Instance, kind string, relations ...any) *provider.Instance {
		return node("ext_"+of.NodeID, kind, values{"use_external_resource": true, "name": of.Properties["name"]}, relations...)
	}
	extGroup := external(group, "ResourceGroup")
	extNetwork := external(network, "network.VirtualNetwork", "contained_in_resource_group", extGroup)
	nodes := []*provider.Instance{extGroup, extNetwork, external(base[2], "network.Subnet", "contained_in_virtual_network", extNetwork)}
	for _, n := range []string{"1", "2"} {
		subnet := node("public_subnet_0"+n, "network.Subnet", values{
			"name": "abc-public-" + n, "resource_config": values{"address_prefix": "10.0." + map[string]string{"1": "4", "2": "5"}[n] + ".0/24"},
		}, "contained_in_virtual_network", extNetwork)
		address := node("public_ip_0"+n, "network.PublicIPAddress", values{
			"name": "abc-ip-" + n, "sku": values{"name": "Standard"}, "resource_config": values{"publicIPAllocationMethod": "Static"},
		}, "contained_in_resource_group", extGroup)
		configuration := node("public_ip_cfg_0"+n, "network.IPConfiguration", values{
			"name": "abc-cfg-" + n, "resource_config": values{"privateIPAllocationMethod": "Dynamic"},
		}, "contained_in_resource_group", extGroup, "ip_configuration_connected_to_subnet", subnet, "ip_configuration_connected_to_public_ip", address)
		balancer := node("balancer_0"+n, "network.LoadBalancer", values{"name": "abc-lb-" + n, "sku": values{"name": "Standard"}},
			"contained_in_resource_group", extGroup, "lb_connected_to_ip_configuration", configuration)
		nodes = append(nodes, subnet, address, configuration, balancer)
	}
	return nodes
}

func TestLifeOfTheProductionNetwork(t *testing.T) {
	b := newBench(t)
	base := baseNetwork()
	b.install(base...)
	nodes := b.productionNetwork(base)
	b.install(nodes[:6]...)
	providertest.Must(t, b.engine.RunRelationship(t.Context(), nodes[6], nodes[5], providertest.Operation{
		Name: "preconfigure", Function: "cloudify_azure.resources.network.load_balancer.attach_ip_configuration",
	}))
	b.install(nodes[6:]...)
	if got := nodes[5].Runtime["name"]; got != "abc-cfg-1" {
		t.Errorf("the ip configuration's name = %v", got)
	}
	frontend, _ := orchestrator.Lookup(nodes[6].Runtime["resource"], "frontend_ip_configurations", 0, "name")
	if frontend != "abc-cfg-1" {
		t.Errorf("the load balancer's frontend = %v", frontend)
	}
	if address, _ := nodes[4].Runtime["public_ip_address"].(string); !strings.HasPrefix(address, "198.1") {
		t.Errorf("public_ip_address = %q, want one of the rehearsal's", address)
	}
	if got := len(b.listed()); got != len(baseListed)+6 {
		t.Errorf("%d resources, want 6 more than %d: %v", got, len(baseListed), b.listed())
	}
	b.uninstall(nodes...)
	if diff := cmp.Diff(baseListed, b.listed()); diff != "" {
		t.Errorf("what is not the network's stays (-want +got):\n%s", diff)
	}
	b.uninstall(base...)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}

func cluster(subnet *provider.Instance) *provider.Instance {
	return node("aks_cluster", "compute.ManagedCluster", values{
		"name": "abc-aks", "resource_group": "abcrg", "store_kube_config_in_runtime": true, "location": nil,
		"resource_config": values{
			"location": "westeurope", "tags": values{"Name": "abc-aks"}, "kubernetes_version": "", "dns_prefix": "abc-aks", "enable_rbac": true,
			"agent_pool_profiles": []orchestrator.Value{values{
				"name": "ap1", "count": "1", "vmSize": "Standard_D2s_v5", "osType": "Linux", "mode": "System", "vnetSubnetID": subnet.Runtime["resource_id"],
			}},
			"network_profile":           values{"networkPlugin": "azure", "serviceCidr": "10.240.0.0/16", "dnsServiceIP": "10.240.0.10", "outboundIPs": nil},
			"service_principal_profile": values{"clientId": "x", "secret": orchestrator.Mark("tell-nobody")},
			"docker_bridge_cidr":        "172.17.0.1/16",
		},
	})
}

func TestLifeOfACluster(t *testing.T) {
	b := newBench(t)
	base := baseNetwork()
	b.install(base...)
	aks := cluster(base[2])
	b.install(aks)

	endpoint, _ := aks.Runtime["endpoint"].(string)
	server, _ := orchestrator.Lookup(orchestrator.Reveal(aks.Runtime["kubeconf"]), "clusters", 0, "cluster", "server")
	if endpoint == "" || endpoint != server {
		t.Errorf("endpoint %q, kubeconfig's server %v", endpoint, server)
	}
	if !orchestrator.IsSensitive(aks.Runtime["kubeconf"]) {
		t.Error("the kubeconfig is not marked")
	}
	if !slices.ContainsFunc(b.engine.Lines, func(line string) bool { return strings.Contains(line, "docker_bridge_cidr is no property") }) {
		t.Errorf("no warning of the dropped key: %v", b.engine.Lines)
	}
	b.noneInClear("tell-nobody")
	if err := b.inUse(base[2]); err == nil {
		t.Error("a subnet with a cluster in it was deleted")
	}
	b.uninstall(aks)
	b.uninstall(base...)
	providertest.Must(t, b.world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		left, err := tx.List(rehearsal.Query{})
		for _, object := range left {
			t.Errorf("left: %s %s %s", object.Cloud, object.Kind, object.ID)
		}
		return err
	}))
}

// inUse tries to delete what is in use.
func (b *bench) inUse(self *provider.Instance) error {
	b.engine.Retries = 1
	defer func() { b.engine.Retries = 5 }()
	return b.do(self, "delete")
}

func (b *bench) noneInClear(secret string) {
	b.Helper()
	providertest.Must(b, b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		all, err := tx.List(rehearsal.Query{})
		for _, object := range all {
			if strings.Contains(string(object.Body), secret) {
				b.Errorf("the world keeps %q in clear in %s", secret, object.ID)
			}
		}
		return err
	}))
}

func database(b *bench, password string) *provider.Instance {
	b.Helper()
	template, err := os.ReadFile("testdata/postgres.json")
	providertest.Must(b, err)
	b.engine.Files = fstest.MapFS{"resources/postgres.json": {Data: template}}
	return node("database_deployment", "Deployment", values{
		"name": "abc-postgres", "resource_group_name": "abcrg", "template_file": "resources/postgres.json", "use_if_exists": true,
		"params": values{
			"location": "westeurope", "serverName": "abc-server", "administratorLogin": "master",
			"administratorLoginPassword": orchestrator.Mark(password), "storageSizeGB": int64(64),
		},
	})
}

func TestLifeOfADeployment(t *testing.T) {
	b := newBench(t)
	base := baseNetwork()
	b.install(base...)
	db := database(b, "Tell-nobody-a9")
	b.install(db)

	want := append([]string{
		"/providers/Microsoft.DBforPostgreSQL/flexibleServers/abc-server Succeeded",
		"/providers/Microsoft.DBforPostgreSQL/flexibleServers/abc-server/firewallRules/allowed Succeeded",
	}, baseListed[:6]...)
	want = append(want, "/providers/Microsoft.Resources/deployments/abc-postgres Succeeded")
	want = append(want, baseListed[6:]...)
	if diff := cmp.Diff(want, b.listed()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	host, _ := orchestrator.Lookup(db.Runtime["outputs"], "host", "value")
	if host != "abc-server.postgres.database.azure.com" || db.Runtime["is_drifted"] != false {
		t.Errorf("outputs.host = %v, is_drifted = %v", host, db.Runtime["is_drifted"])
	}
	b.noneInClear("Tell-nobody-a9")
	b.uninstall(db)
	if diff := cmp.Diff(baseListed, b.listed()); diff != "" {
		t.Errorf("what the template made goes (-want +got):\n%s", diff)
	}
	for id, n := range b.effective() {
		if n != 1 {
			t.Errorf("%s was effective %d times", id, n)
		}
	}
}

func TestDeploymentMakesItsGroup(t *testing.T) {
	b := newBench(t)
	db := database(b, "Tell-nobody-a9")
	b.install(db)
	if got := len(b.listed()); got != 4 {
		t.Errorf("%d resources, want group, deployment, server and rule: %v", got, b.listed())
	}
	b.uninstall(db)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}

// TestOrderOfATemplate holds that what a template made goes in whatever order it
// is told of.
func TestOrderOfATemplate(t *testing.T) {
	b := newBench(t)
	b.install(baseNetwork()[0])
	network := map[string]any{"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net", "location": "westeurope",
		"tags":       "[createObject('Name', 'net')]",
		"properties": map[string]any{"addressSpace": map[string]any{"addressPrefixes": []any{"10.0.0.0/16"}}}}
	subnet := map[string]any{"type": "Microsoft.Network/virtualNetworks/subnets", "apiVersion": "2024-05-01", "name": "net/sub",
		"dependsOn":  []any{"[resourceId('Microsoft.Network/virtualNetworks', 'net')]"},
		"properties": map[string]any{"addressPrefix": "10.0.0.0/24"}}
	card := map[string]any{"type": "Microsoft.Network/networkInterfaces", "apiVersion": "2024-05-01", "name": "nic", "location": "westeurope",
		"dependsOn": []any{"[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'sub')]"},
		"properties": map[string]any{"ipConfigurations": []any{map[string]any{"name": "a", "properties": map[string]any{
			"subnet": map[string]any{"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'sub')]"},
		}}}}}
	deployment := node("net", "Deployment", values{"name": "net", "resource_group_name": "abcrg", "use_if_exists": true,
		"template": orchestrator.FromJSON(map[string]any{"resources": []any{network, subnet, card}})})
	b.install(deployment)
	made, _ := orchestrator.Lookup(deployment.Runtime["resource"], "properties", "output_resources")
	slices.Reverse(made.([]orchestrator.Value))
	b.uninstall(deployment)
	if diff := cmp.Diff([]string{" Succeeded"}, b.listed()); diff != "" {
		t.Errorf("resources left beside the group (-want +got):\n%s", diff)
	}
}

// TestGroupOfOthers holds that a deployment leaves a group alone that somebody
// else made after it had said it would.
func TestGroupOfOthers(t *testing.T) {
	b := newBench(t)
	db := database(b, "Tell-nobody-a9")
	b.engine.Crash = func(set values) bool { return set["slipway_created_group"] != nil }
	err := b.engine.Run(t.Context(), db, providertest.Operation{Name: "create", Function: "cloudify_azure.resources.create"})
	if !errors.Is(err, providertest.ErrCrashed) {
		t.Fatalf("error = %v, want the crash before the group is made", err)
	}
	b.engine.Crash = nil
	theirs := baseNetwork()[0]
	b.install(theirs)
	providertest.Must(t, b.do(db, "delete"))
	if diff := cmp.Diff([]string{" Succeeded"}, b.listed()); diff != "" {
		t.Errorf("the group (-want +got):\n%s", diff)
	}
}

// TestEchoesAreMarked holds that a secret stays marked when a template does not
// declare it secure, so that Azure repeats it.
func TestEchoesAreMarked(t *testing.T) {
	b := newBench(t)
	b.install(baseNetwork()[0])
	deployment := node("echo", "Deployment", values{"name": "echo", "resource_group_name": "abcrg", "use_if_exists": true,
		"params": values{"word": orchestrator.Mark("tell-nobody"), "other": "plain"},
		"template": orchestrator.FromJSON(map[string]any{
			"parameters": map[string]any{"word": map[string]any{"type": "string"}, "other": map[string]any{"type": "string"}},
			"resources":  []any{},
			"outputs": map[string]any{
				"greeting": map[string]any{"type": "string", "value": "[concat('hello ', parameters('word'))]"},
				"other":    map[string]any{"type": "string", "value": "[parameters('other')]"},
			},
		})})
	b.install(deployment)
	shown, err := orchestrator.EncodeValue(orchestrator.Redact(deployment.Runtime))
	providertest.Must(t, err)
	if strings.Contains(string(shown), "tell-nobody") {
		t.Errorf("runtime properties show the secret: %s", shown)
	}
	if other, _ := orchestrator.Lookup(deployment.Runtime["outputs"], "other", "value"); other != "plain" {
		t.Errorf("outputs.other = %v, want it unmarked", other)
	}
}

// TestEarlierLife holds that what an earlier life of the instance left behind is
// taken up, and goes with it.
func TestEarlierLife(t *testing.T) {
	b := newBench(t)
	group := baseNetwork()[0]
	b.install(group)
	group.Runtime = values{} // a forced uninstall
	b.install(group)
	b.uninstall(group)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
	for id, n := range b.effective() {
		if n != 1 {
			t.Errorf("%s was effective %d times", id, n)
		}
	}
}

func TestLifeOfAnObjectStore(t *testing.T) {
	b := newBench(t)
	b.install(baseNetwork()[0])
	account := node("storage_account", "storage.StorageAccount", values{"name": "abcblob", "resource_group_name": "abcrg", "sku": values{"name": "Standard_LRS"}})
	container := node("container", "storage.Container", values{
		"name": "bucket", "resource_group_name": "abcrg", "storage_account_name": "abcblob", "resource_config": values{"publicAccess": "None"},
	}, "contained_in_storage_account", account)
	b.install(account, container)
	want := []string{
		" Succeeded", "/providers/Microsoft.Storage/storageAccounts/abcblob Succeeded",
		"/providers/Microsoft.Storage/storageAccounts/abcblob/blobServices/default/containers/bucket Succeeded",
	}
	if diff := cmp.Diff(want, b.listed()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	b.uninstall(account, container)
	if diff := cmp.Diff(want[:1], b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}

func TestLifeOfAMachine(t *testing.T) {
	b := newBench(t)
	base := baseNetwork()
	group, subnet, firewall := base[0], base[2], base[4]
	address := node("public_ip", "network.PublicIPAddress", values{"name": "ip"}, "contained_in_resource_group", group)
	configuration := node("ip", "network.IPConfiguration", values{"name": "cfg", "resource_config": values{"privateIPAllocationMethod": "Dynamic"}},
		"ip_configuration_connected_to_subnet", subnet, "ip_configuration_connected_to_public_ip", address)
	card := node("nic", "network.NetworkInterfaceCard", values{"name": "nic", "primary": true}, "contained_in_resource_group", group,
		"nic_connected_to_ip_configuration", configuration, "nic_connected_to_network_security_group", firewall)
	machine := node("vm", "compute.VirtualMachine", values{"name": "vm", "use_public_ip": true, "resource_config": values{
		"hardwareProfile": values{"vmSize": "Standard_B2s"},
		"storageProfile":  values{"imageReference": values{"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}},
		"osProfile": values{"adminUsername": "ubuntu", "linuxConfiguration": values{"ssh": values{"publicKeys": []orchestrator.Value{
			values{"keydata": "ssh-ed25519 AAAA", "path": "/home/ubuntu/.ssh/authorized_keys"},
		}}}},
	}}, "contained_in_resource_group", group, "connected_to_nic", card)
	b.install(base...)
	b.install(address, configuration, card, machine)
	got := values{"ip": machine.Runtime["ip"], "public_ip": machine.Runtime["public_ip"], "private": card.Runtime["ip"]}
	want := values{"ip": address.Runtime["public_ip_address"], "public_ip": address.Runtime["public_ip_address"], "private": "10.0.0.4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	providertest.Must(t, b.world.State.View(t.Context(), func(tx rehearsal.Tx) error {
		found, ok, err := rehearsal.FindMachine(tx, machine.Runtime["ip"].(string))
		if diff := cmp.Diff([]string{"ssh-ed25519 AAAA"}, found.AuthorizedKeys); !ok || diff != "" {
			t.Errorf("the machine at the address (-want +got):\n%s", diff)
		}
		return err
	}))
	b.uninstall(address, configuration, card, machine)
	b.uninstall(base...)
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}
