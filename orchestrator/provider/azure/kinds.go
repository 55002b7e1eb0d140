package azure

import (
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// kind is one node type as data.
type kind struct {
	name    string // of the node type, after its prefix: "network.Subnet"
	arm     string // ARM type
	version string // of the API
	// parent is the kind that it lives in; empty: in a resource group. parentName
	// is what properties call the parent, with "_name" after it, and runtime
	// properties without.
	parent, parentName string
	// between stands between the parent's id and the last segment.
	between string
	tagged  bool // the API keeps tags
	locked  bool // Azure changes one child of its parent at a time
	// makes is the operation that creates it.
	makes     string
	addressed bool // has addresses, which start reads
	// top and properties are the keys that a body may have, at the top and under
	// properties; children are lists whose items are resources in themselves.
	top, properties, children []string
	// defaults are laid under what a blueprint says.
	defaults map[string]orchestrator.Value
	poll     time.Duration // real-cloud time between two looks
}

const (
	resourceGroup    = "ResourceGroup"
	virtualNetwork   = "network.VirtualNetwork"
	subnet           = "network.Subnet"
	securityGroup    = "network.NetworkSecurityGroup"
	routeTable       = "network.RouteTable"
	publicIP         = "network.PublicIPAddress"
	ipConfiguration  = "network.IPConfiguration"
	networkInterface = "network.NetworkInterfaceCard"
	loadBalancer     = "network.LoadBalancer"
	storageAccount   = "storage.StorageAccount"
	virtualMachine   = "compute.VirtualMachine"
	managedCluster   = "compute.ManagedCluster"
)

const (
	resourcesVersion = "2024-03-01"
	networkVersion   = "2024-05-01"
	storageVersion   = "2024-01-01"
	computeVersion   = "2024-07-01"
	clustersVersion  = "2025-05-01"
)

var located = []string{"location", "tags"}

// kinds is the table of node types.
var kinds = []kind{
	{name: resourceGroup, arm: "Microsoft.Resources/resourceGroups", version: resourcesVersion, tagged: true, poll: 10 * time.Second,
		top: []string{"location", "tags", "managedBy"}},
	{name: virtualNetwork, arm: "Microsoft.Network/virtualNetworks", version: networkVersion, tagged: true,
		top: []string{"location", "tags", "extendedLocation"},
		properties: []string{"addressSpace", "dhcpOptions", "subnets", "enableDdosProtection", "enableVmProtection", "ddosProtectionPlan",
			"bgpCommunities", "encryption", "flowTimeoutInMinutes", "virtualNetworkPeerings", "privateEndpointVNetPolicies"},
		children: []string{"subnets", "virtualNetworkPeerings"}},
	{name: subnet, arm: "Microsoft.Network/virtualNetworks/subnets", version: networkVersion,
		parent: virtualNetwork, parentName: "virtual_network", locked: true,
		properties: []string{"addressPrefix", "addressPrefixes", "networkSecurityGroup", "routeTable", "natGateway", "serviceEndpoints",
			"serviceEndpointPolicies", "delegations", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies", "defaultOutboundAccess"},
		children: []string{"delegations"}},
	{name: securityGroup, arm: "Microsoft.Network/networkSecurityGroups", version: networkVersion, tagged: true,
		top: located, properties: []string{"securityRules", "flushConnection"}, children: []string{"securityRules"}},
	{name: "network.NetworkSecurityRule", arm: "Microsoft.Network/networkSecurityGroups/securityRules", version: networkVersion,
		parent: securityGroup, parentName: "network_security_group", locked: true,
		properties: []string{"description", "protocol", "sourcePortRange", "sourcePortRanges", "destinationPortRange", "destinationPortRanges",
			"sourceAddressPrefix", "sourceAddressPrefixes", "destinationAddressPrefix", "destinationAddressPrefixes",
			"sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups", "priority", "access", "direction"}},
	{name: routeTable, arm: "Microsoft.Network/routeTables", version: networkVersion, tagged: true,
		top: located, properties: []string{"routes", "disableBgpRoutePropagation"}, children: []string{"routes"}},
	{name: "network.Route", arm: "Microsoft.Network/routeTables/routes", version: networkVersion,
		parent: routeTable, parentName: "route_table", locked: true,
		properties: []string{"addressPrefix", "nextHopType", "nextHopIpAddress"}},
	{name: publicIP, arm: "Microsoft.Network/publicIPAddresses", version: networkVersion, tagged: true,
		top: []string{"location", "tags", "sku", "zones", "extendedLocation"},
		properties: []string{"publicIPAllocationMethod", "publicIPAddressVersion", "dnsSettings", "idleTimeoutInMinutes", "ipTags",
			"publicIPPrefix", "deleteOption", "ddosSettings", "natGateway"},
		// Azure makes no Basic addresses any more, and Standard ones are static.
		defaults: map[string]orchestrator.Value{"sku": map[string]orchestrator.Value{"name": "Standard"}, "publicIPAllocationMethod": "Static"}},
	{name: networkInterface, arm: "Microsoft.Network/networkInterfaces", version: networkVersion, tagged: true,
		makes: "configure", addressed: true, top: []string{"location", "tags", "extendedLocation"},
		properties: []string{"ipConfigurations", "networkSecurityGroup", "dnsSettings", "enableIPForwarding", "enableAcceleratedNetworking", "nicType"},
		children:   []string{"ipConfigurations"}},
	{name: loadBalancer, arm: "Microsoft.Network/loadBalancers", version: networkVersion, tagged: true,
		makes: "configure", top: []string{"location", "tags", "sku", "extendedLocation"},
		properties: []string{"frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes", "inboundNatRules", "inboundNatPools", "outboundRules"},
		children:   []string{"frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes", "inboundNatRules", "inboundNatPools", "outboundRules"},
		defaults:   map[string]orchestrator.Value{"sku": map[string]orchestrator.Value{"name": "Standard"}}},
	{name: storageAccount, arm: "Microsoft.Storage/storageAccounts", version: storageVersion, tagged: true,
		top: []string{"location", "tags", "sku", "kind", "identity", "extendedLocation"},
		properties: []string{"accessTier", "allowBlobPublicAccess", "allowCrossTenantReplication", "allowSharedKeyAccess", "customDomain", "defaultToOAuthAuthentication",
			"encryption", "isHnsEnabled", "isLocalUserEnabled", "isNfsV3Enabled", "isSftpEnabled", "keyPolicy", "largeFileSharesState",
			"minimumTlsVersion", "networkAcls", "publicNetworkAccess", "routingPreference", "sasPolicy", "supportsHttpsTrafficOnly"},
		defaults: map[string]orchestrator.Value{"kind": "StorageV2", "sku": map[string]orchestrator.Value{"name": "Standard_LRS"}}},
	{name: "storage.Container", arm: "Microsoft.Storage/storageAccounts/blobServices/containers", version: storageVersion,
		parent: storageAccount, parentName: "storage_account", between: "/blobServices/default",
		properties: []string{"publicAccess", "metadata", "defaultEncryptionScope", "denyEncryptionScopeOverride", "immutableStorageWithVersioning"}},
	{name: "storage.FileShare", arm: "Microsoft.Storage/storageAccounts/fileServices/shares", version: storageVersion,
		parent: storageAccount, parentName: "storage_account", between: "/fileServices/default",
		properties: []string{"accessTier", "enabledProtocols", "metadata", "rootSquash", "shareQuota"}},
	{name: "compute.AvailabilitySet", arm: "Microsoft.Compute/availabilitySets", version: computeVersion, tagged: true,
		top: []string{"location", "tags", "sku"}, properties: []string{"platformFaultDomainCount", "platformUpdateDomainCount", "proximityPlacementGroup"},
		defaults: map[string]orchestrator.Value{"sku": map[string]orchestrator.Value{"name": "Aligned"}, "platformFaultDomainCount": int64(2)}},
	{name: virtualMachine, arm: "Microsoft.Compute/virtualMachines", version: computeVersion, tagged: true, addressed: true,
		top: []string{"location", "tags", "zones", "identity", "plan", "extendedLocation"},
		properties: []string{"additionalCapabilities", "applicationProfile", "availabilitySet", "billingProfile", "capacityReservation", "diagnosticsProfile",
			"evictionPolicy", "extensionsTimeBudget", "hardwareProfile", "host", "licenseType", "networkProfile", "osProfile", "platformFaultDomain",
			"priority", "proximityPlacementGroup", "scheduledEventsProfile", "securityProfile", "storageProfile", "userData"},
		poll: 10 * time.Second},
	{name: managedCluster, arm: "Microsoft.ContainerService/managedClusters", version: clustersVersion, tagged: true,
		top: []string{"location", "tags", "sku", "identity", "extendedLocation", "kind"},
		properties: []string{"aadProfile", "addonProfiles", "agentPoolProfiles", "apiServerAccessProfile", "autoScalerProfile", "autoUpgradeProfile",
			"azureMonitorProfile", "disableLocalAccounts", "diskEncryptionSetID", "dnsPrefix", "enableRBAC", "fqdnSubdomain", "httpProxyConfig",
			"identityProfile", "ingressProfile", "kubernetesVersion", "linuxProfile", "metricsProfile", "networkProfile", "nodeResourceGroup",
			"oidcIssuerProfile", "podIdentityProfile", "privateLinkResources", "publicNetworkAccess", "securityProfile",
			"servicePrincipalProfile", "storageProfile", "supportPlan", "upgradeSettings", "workloadAutoScalerProfile"},
		poll: 20 * time.Second},
}

// typePrefixes are the spellings of Azure node types.
var typePrefixes = []string{"cloudify.azure.nodes.", "cloudify.nodes.azure.", "cloudify.azure."}

// typeNames returns the node's types without their prefix, own type first.
func typeNames(self *provider.Instance) []string {
	var out []string
	for _, name := range slices.Backward(append(slices.Clone(self.TypeHierarchy), self.Type)) {
		for _, prefix := range typePrefixes {
			if short, ok := strings.CutPrefix(name, prefix); ok {
				out = append(out, short)
				break
			}
		}
	}
	return out
}

func isKind(self *provider.Instance, name string) bool {
	return slices.Contains(typeNames(self), name)
}

// kindOf finds the node's row.
func kindOf(self *provider.Instance) (kind, error) {
	for _, name := range typeNames(self) {
		if k, ok := findKind(name); ok {
			return k, nil
		}
	}
	return kind{}, orchestrator.Errorf(orchestrator.Invalid,
		"Slipway does not know the Azure type %s of node %s; use a type of %s, or an ARM template (cloudify.azure.nodes.Deployment)", self.Type, self.NodeID, PackageName)
}

func findKind(name string) (kind, bool) {
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if at < 0 {
		return kind{}, false
	}
	k := kinds[at]
	if k.makes == "" {
		k.makes = "create"
	}
	if k.poll == 0 {
		k.poll = 3 * time.Second
	}
	return k, true
}

// versionOf is the row's API version, unless the blueprint asks for another.
func versionOf(call *provider.Call, k kind) string {
	if given := provider.Text(call.Self.Properties["api_version"]); given != "" {
		return given
	}
	return k.version
}
