package azure

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

func list(items ...orchestrator.Value) []orchestrator.Value { return items }

func TestMapConfig(t *testing.T) {
	tests := map[string]struct {
		reason  string
		kind    string
		config  document
		want    document
		dropped []string
	}{
		"BothSpellings": {
			reason: "the first level may be written in either case",
			kind:   managedCluster, config: document{"dns_prefix": "a", "enableRBAC": true, "tags": document{"my_tag": "x"}},
			want: document{"tags": document{"my_tag": "x"}, "properties": document{"dnsPrefix": "a", "enableRBAC": true}},
		},
		"SnakeInside": {
			reason: "so may deeper levels, and old blueprints write counts as text",
			kind:   managedCluster, config: document{"agent_pool_profiles": list(document{"vm_size": "s", "count": "3", "node_labels": document{"a_b": "c"}})},
			want: document{"properties": document{"agentPoolProfiles": list(document{"vmSize": "s", "count": int64(3), "nodeLabels": document{"a_b": "c"}})}},
		},
		"Unknown": {
			reason: "Azure would refuse what it does not know",
			kind:   managedCluster, config: document{"outboundIPs": "x", "docker_bridge_cidr": "y"},
			want:    document{"properties": document{}},
			dropped: []string{"docker_bridge_cidr", "outboundIPs"},
		},
		"Children": {
			reason: "settings of inline rules go under properties, unless they are there",
			kind:   securityGroup, config: document{"securityRules": list(
				document{"name": "a", "priority": "100", "destinationPortRange": int64(22)}, document{"name": "b", "properties": document{"priority": int64(101)}},
			)},
			want: document{"properties": document{"securityRules": list(
				document{"name": "a", "properties": document{"priority": int64(100), "destinationPortRange": "22"}},
				document{"name": "b", "properties": document{"priority": int64(101)}},
			)}},
		},
		"OldStorageSKU": {
			reason: "accountType is what the storage API once called the SKU",
			kind:   storageAccount, config: document{"accountType": "Standard_LRS"},
			want: document{"sku": document{"name": "Standard_LRS"}, "properties": document{}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k, ok := findKind(test.kind)
			if !ok {
				t.Fatalf("no kind %s", test.kind)
			}
			got, dropped := mapConfig(k, flatten(test.config))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: body (-want +got):\n%s", test.reason, diff)
			}
			if diff := cmp.Diff(test.dropped, dropped); diff != "" {
				t.Errorf("%s: dropped (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestBodyOf(t *testing.T) {
	self := &provider.Instance{ID: "ip_abc123", NodeID: "ip", Type: "cloudify.azure.nodes.network.PublicIPAddress", Properties: document{
		"name": "ip", "location": "westeurope", "tags": document{"Name": "mine", "size": int64(3)}, "sku": document{"name": "Standard"},
		"resource_config": document{"properties": document{"publicIPAllocationMethod": "Static", "dnsSettings": document{"domainNameLabel": ""}}},
	}}
	call := &provider.Call{
		Installation: "i", Deployment: provider.Deployment{ID: "d"}, Self: self,
		Inputs: document{"resource_config": document{"idle_timeout_in_minutes": "10"}},
	}
	k, _ := findKind(publicIP)
	got, _, err := bodyOf(call, k)
	if err != nil {
		t.Fatal(err)
	}
	want := document{
		"location": "westeurope", "sku": document{"name": "Standard"},
		"tags": document{
			"Name": "mine", "size": "3",
			"slipway:installation": "i", "slipway:deployment": "d", "slipway:instance": "ip_abc123",
		},
		"properties": document{"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": int64(10)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inputs win, empties go, tags are text and say whose it is (-want +got):\n%s", diff)
	}
}

func TestLocate(t *testing.T) {
	group := &provider.Instance{ID: "g", Type: "cloudify.nodes.azure.ResourceGroup", Properties: document{"name": "group"}}
	in := func(target *provider.Instance, relation string) []provider.Related {
		return []provider.Related{{Type: "cloudify.azure.relationships." + relation, Target: target}}
	}
	network := &provider.Instance{
		ID: "n", Type: "cloudify.azure.nodes.network.VirtualNetwork", Properties: document{}, Runtime: document{"name": "net"},
		Relationships: in(group, "contained_in_resource_group"),
	}
	const root = "/subscriptions/s/resourceGroups/"
	tests := map[string]struct {
		reason string
		kind   string
		self   *provider.Instance
		want   place
		fails  bool
	}{
		"Group": {
			reason: "a group is its own group", kind: resourceGroup, self: group,
			want: place{id: root + "group", name: "group", group: "group"},
		},
		"Climbs": {
			reason: "a subnet's group is its network's", kind: subnet,
			self: &provider.Instance{Properties: document{"name": "sub"}, Relationships: in(network, "contained_in_virtual_network")},
			want: place{
				id:   root + "group/providers/Microsoft.Network/virtualNetworks/net/subnets/sub",
				name: "sub", group: "group", parent: "net", lock: root + "group/providers/Microsoft.Network/virtualNetworks/net",
			},
		},
		"Properties": {
			reason: "names given win over relationships", kind: subnet,
			self: &provider.Instance{
				Properties:    document{"name": "sub", "resource_group_name": "other", "virtual_network_name": "far"},
				Relationships: in(network, "contained_in_virtual_network"),
			},
			want: place{
				id:   root + "other/providers/Microsoft.Network/virtualNetworks/far/subnets/sub",
				name: "sub", group: "other", parent: "far", lock: root + "other/providers/Microsoft.Network/virtualNetworks/far",
			},
		},
		"Between": {
			reason: "a container hangs under its account's blob service", kind: "storage.Container",
			self: &provider.Instance{Properties: document{"name": "box", "resource_group_name": "g", "storage_account_name": "acc"}},
			want: place{
				id:   root + "g/providers/Microsoft.Storage/storageAccounts/acc/blobServices/default/containers/box",
				name: "box", group: "g", parent: "acc",
			},
		},
		"NoGroup": {reason: "nothing says the group", kind: networkInterface, self: &provider.Instance{Properties: document{"name": "x"}}, fails: true},
		"Escape": {
			reason: "a name may not leave its place in the id", kind: networkInterface, fails: true,
			self: &provider.Instance{Properties: document{"name": "../x", "resource_group_name": "g"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			k, _ := findKind(test.kind)
			got, err := locate(&provider.Call{Self: test.self}, k, "s")
			if (err != nil) != test.fails {
				t.Fatalf("%s: error %v, want one: %t", test.reason, err, test.fails)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(place{})); diff != "" && !test.fails {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestTagResources(t *testing.T) {
	template := document{"resources": list(
		document{"type": "a", "location": "x", "tags": document{"k": "v"}},
		document{"type": "a/child"},
		document{"type": "b", "location": "x", "tags": "[parameters('tags')]"},
	)}
	got := tagResources(template, map[string]string{"slipway:instance": "it's i"})
	want := document{"resources": list(
		document{"type": "a", "location": "x", "tags": document{"k": "v", "slipway:instance": "it's i"}},
		document{"type": "a/child"},
		document{"type": "b", "location": "x", "tags": "[union(parameters('tags'), createObject('slipway:instance', 'it''s i'))]"},
	)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what has a location is tagged (-want +got):\n%s", diff)
	}
}
