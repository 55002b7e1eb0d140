package azure

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// row is one resource type of the rehearsed Azure.
type row struct {
	name   string // ARM type
	parent string // ARM type that it lives in; empty: a resource group
	// create and remove are how long the changes take, in real-cloud time.
	create, remove time.Duration
	tracked        bool // has a location and tags
	// oneAtATime: the parent takes one change of its children at a time.
	oneAtATime bool
	// unique is the code of the refusal of a name that another resource of the
	// world has; empty: names are free.
	unique string
	names  *regexp.Regexp // nil: any
	inUse  string         // code of the refusal to delete what others refer to
	// check refuses what Azure would; fill adds what Azure adds; ended undoes
	// outside of ARM what fill did. Each may be nil.
	check func(*act, document) error
	fill  func(*act, *stored) error
	ended func(*act, stored) error
}

const (
	groupType      = "Microsoft.Resources/resourceGroups"
	deploymentType = "Microsoft.Resources/deployments"
	networkType    = "Microsoft.Network/virtualNetworks"
	subnetType     = "Microsoft.Network/virtualNetworks/subnets"
	firewallType   = "Microsoft.Network/networkSecurityGroups"
	ruleType       = "Microsoft.Network/networkSecurityGroups/securityRules"
	addressType    = "Microsoft.Network/publicIPAddresses"
	cardType       = "Microsoft.Network/networkInterfaces"
	balancerType   = "Microsoft.Network/loadBalancers"
	accountType    = "Microsoft.Storage/storageAccounts"
	machineType    = "Microsoft.Compute/virtualMachines"
	clusterType    = "Microsoft.ContainerService/managedClusters"
	databaseType   = "Microsoft.DBforPostgreSQL/flexibleServers"
)

var (
	groupNames     = regexp.MustCompile(`^[-\w._()]{1,89}[-\w_()]$|^[-\w_()]$`)
	resourceNames  = regexp.MustCompile(`^[A-Za-z0-9]([-\w.]{0,78}\w)?$`)
	accountNames   = regexp.MustCompile(`^[a-z0-9]{3,24}$`)
	containerNames = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){2,62}$`)
	clusterNames   = regexp.MustCompile(`^[A-Za-z0-9]([-_A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	databaseNames  = regexp.MustCompile(`^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$`)
)

// rows is the table. It is a function because its checks lead back to it.
func rows() []row {
	return []row{
		{name: groupType, remove: 30 * time.Second, tracked: true, names: groupNames},
		{name: deploymentType, remove: 5 * time.Second, names: resourceNames},
		{name: networkType, create: 5 * time.Second, remove: 10 * time.Second, tracked: true, names: resourceNames,
			inUse: "InUseVirtualNetworkCannotBeDeleted", check: checkNetwork},
		{name: subnetType, parent: networkType, create: 4 * time.Second, remove: 10 * time.Second, oneAtATime: true, names: resourceNames,
			inUse: "InUseSubnetCannotBeDeleted", check: checkSubnet},
		{name: firewallType, create: 4 * time.Second, remove: 8 * time.Second, tracked: true, names: resourceNames,
			inUse: "InUseNetworkSecurityGroupCannotBeDeleted", check: checkFirewall},
		{name: ruleType, parent: firewallType, create: 3 * time.Second, remove: 4 * time.Second, oneAtATime: true, names: resourceNames, check: checkRule},
		{name: "Microsoft.Network/routeTables", create: 4 * time.Second, remove: 8 * time.Second, tracked: true, names: resourceNames,
			inUse: "InUseRouteTableCannotBeDeleted"},
		{name: "Microsoft.Network/routeTables/routes", parent: "Microsoft.Network/routeTables", create: 3 * time.Second, remove: 4 * time.Second,
			oneAtATime: true, names: resourceNames},
		{name: addressType, create: 4 * time.Second, remove: 10 * time.Second, tracked: true, names: resourceNames,
			inUse: "PublicIPAddressCannotBeDeleted", check: checkAddress, fill: fillAddress, ended: endAddress},
		{name: cardType, create: 3 * time.Second, remove: 8 * time.Second, tracked: true, names: resourceNames,
			inUse: "NicInUse", check: checkCard, fill: fillCard},
		{name: balancerType, create: 6 * time.Second, remove: 10 * time.Second, tracked: true, names: resourceNames, check: checkBalancer},
		{name: accountType, create: 20 * time.Second, tracked: true, names: accountNames, unique: "StorageAccountAlreadyTaken",
			check: checkAccount, fill: fillAccount},
		{name: "Microsoft.Storage/storageAccounts/blobServices/containers", parent: accountType, names: containerNames},
		{name: "Microsoft.Storage/storageAccounts/fileServices/shares", parent: accountType, names: containerNames},
		{name: "Microsoft.Compute/availabilitySets", tracked: true, names: resourceNames, inUse: "OperationNotAllowed"},
		{name: machineType, create: 50 * time.Second, remove: 40 * time.Second, tracked: true, names: resourceNames,
			check: checkMachine, fill: fillMachine, ended: endMachine},
		{name: clusterType, create: 5 * time.Minute, remove: 4 * time.Minute, tracked: true, names: clusterNames,
			check: checkCluster, fill: fillCluster, ended: endCluster},
		{name: databaseType, create: 5 * time.Minute, remove: time.Minute, tracked: true, names: databaseNames, unique: "ServerNameAlreadyExists",
			check: checkDatabase, fill: fillDatabase},
		{name: databaseType + "/firewallRules", parent: databaseType, create: 10 * time.Second, remove: 10 * time.Second, names: resourceNames},
		{name: databaseType + "/databases", parent: databaseType, create: 10 * time.Second, remove: 10 * time.Second, names: resourceNames},
	}
}

// rowOf finds a type's row, whatever the case; the zero row when there is none.
func rowOf(armType string) row {
	all := rows()
	at := slices.IndexFunc(all, func(r row) bool { return strings.EqualFold(r.name, armType) })
	if at < 0 {
		return row{}
	}
	return all[at]
}

// locations are the regions that the rehearsal has.
var locations = []string{
	"australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2",
	"francecentral", "germanywestcentral", "italynorth", "japaneast", "koreacentral", "northcentralus", "northeurope", "norwayeast",
	"polandcentral", "southafricanorth", "southcentralus", "southeastasia", "spaincentral", "swedencentral", "switzerlandnorth",
	"uaenorth", "uksouth", "ukwest", "westcentralus", "westeurope", "westus", "westus2", "westus3",
}

// plainLocation spells a region as ARM does: "West Europe" is westeurope.
func plainLocation(given string) string {
	return strings.ToLower(strings.ReplaceAll(given, " ", ""))
}
