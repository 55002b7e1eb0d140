package azure

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func badRequest(code, format string, args ...any) error {
	return rehearsal.Refuse(http.StatusBadRequest, code, format, args...)
}

func checkNetwork(_ *act, properties document) error {
	blocks := texts(properties, "addressSpace", "addressPrefixes")
	if _, ok := prefixes(blocks); !ok {
		return badRequest("InvalidAddressPrefixFormat", "The address space %v of the virtual network is not a list of CIDR blocks.", blocks)
	}
	return nil
}

// subnetPrefixes reads a subnet's blocks, in its one-block or its list form.
func subnetPrefixes(properties document) ([]netip.Prefix, bool) {
	if one := text(properties, "addressPrefix"); one != "" {
		return prefixes([]string{one})
	}
	return prefixes(texts(properties, "addressPrefixes"))
}

// checkSubnet: the subnet's blocks lie in the network and overlap no other's.
func checkSubnet(a *act, properties document) error {
	blocks, ok := subnetPrefixes(properties)
	if !ok {
		return badRequest("InvalidAddressPrefixFormat", "The address prefix of subnet %s is not a CIDR block.", a.target.name)
	}
	network, _, err := a.load(mustParse(a.target.parent))
	if err != nil {
		return err
	}
	space, _ := prefixes(texts(network.Resource, "properties", "addressSpace", "addressPrefixes"))
	for _, block := range blocks {
		if !anyHolds(space, block) {
			return badRequest("NetcfgInvalidSubnet", "Subnet '%s' is not valid in virtual network '%s'.", a.target.name, lastSegment(a.target.parent))
		}
		if block.Addr().Is4() && block.Bits() > 29 {
			return badRequest("NetcfgInvalidSubnet", "Subnet '%s' is smaller than /29.", a.target.name)
		}
	}
	objects, siblings, err := a.children(a.target.parent, subnetType)
	if err != nil {
		return err
	}
	for i, sibling := range siblings {
		theirs, _ := subnetPrefixes(rehearsal.Part(sibling.Resource, "properties"))
		if objects[i].ID != a.target.id && overlap(blocks, theirs) {
			return badRequest("NetcfgSubnetRangesOverlap", "Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet '%s' in virtual network '%s'.",
				a.target.name, objects[i].Name, lastSegment(a.target.parent))
		}
	}
	return nil
}

func anyHolds(space []netip.Prefix, block netip.Prefix) bool {
	for _, each := range space {
		if within(block, each) {
			return true
		}
	}
	return false
}

func overlap(ours, theirs []netip.Prefix) bool {
	for _, a := range ours {
		for _, b := range theirs {
			if a.Overlaps(b) {
				return true
			}
		}
	}
	return false
}

func checkFirewall(_ *act, properties document) error {
	for _, rule := range list(properties, "securityRules") {
		if err := checkRuleProperties(text(rule, "name"), rehearsal.Part(rule, "properties")); err != nil {
			return err
		}
	}
	return nil
}

// checkRule: priorities are unique for a direction.
func checkRule(a *act, properties document) error {
	if err := checkRuleProperties(a.target.name, properties); err != nil {
		return err
	}
	objects, siblings, err := a.children(a.target.parent, ruleType)
	if err != nil {
		return err
	}
	priority, _ := number(properties, "priority")
	for i, sibling := range siblings {
		theirs, _ := number(sibling.Resource, "properties", "priority")
		same := strings.EqualFold(text(sibling.Resource, "properties", "direction"), text(properties, "direction"))
		if objects[i].ID != a.target.id && same && theirs == priority {
			return badRequest("SecurityRuleConflict", "Security rule %s conflicts with rule %s. Rules cannot have the same Priority and Direction.", a.target.name, objects[i].Name)
		}
	}
	return nil
}

func checkRuleProperties(name string, properties document) error {
	priority, ok := number(properties, "priority")
	if !ok || priority < 100 || priority > 4096 {
		return badRequest("SecurityRuleInvalidPriority", "Security rule %s has invalid Priority. Value provided: %v Allowed range 100-4096.", name, properties["priority"])
	}
	for key, allowed := range map[string][]string{
		"access": {"Allow", "Deny"}, "direction": {"Inbound", "Outbound"}, "protocol": {"*", "Tcp", "Udp", "Icmp", "Esp", "Ah"},
	} {
		if !oneOf(text(properties, key), allowed) {
			return badRequest("SecurityRuleParameterContainsUnsupportedValue", "Security rule parameter %s of %s has the value %q; supported are %v.", key, name, text(properties, key), allowed)
		}
	}
	for _, side := range []string{"source", "destination"} {
		if text(properties, side+"PortRange") == "" && len(texts(properties, side+"PortRanges")) == 0 {
			return badRequest("SecurityRuleParameterNotSpecified", "Security rule %s must specify %sPortRange.", name, side)
		}
	}
	return nil
}

func oneOf(value string, allowed []string) bool {
	for _, each := range allowed {
		if strings.EqualFold(value, each) {
			return true
		}
	}
	return false
}

// checkAddress: Basic addresses are not made any more, Standard ones are static.
func checkAddress(a *act, properties document) error {
	if !strings.EqualFold(text(a.body, "sku", "name"), "Standard") {
		return badRequest("IPv4BasicSkuPublicIpCountLimitReached", "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.")
	}
	if !strings.EqualFold(text(properties, "publicIPAllocationMethod"), "Static") {
		return badRequest("StandardSkuPublicIPAddressesMustBeStatic", "Standard sku publicIp %s must have AllocationMethod set to Static.", a.target.id)
	}
	return nil
}

func fillAddress(a *act, s *stored) error {
	properties := rehearsal.Part(s.Resource, "properties")
	if properties["ipAddress"] != nil {
		return nil
	}
	address, err := rehearsal.NewAddress(a.Tx)
	if err != nil {
		return err
	}
	properties["ipAddress"] = address
	return nil
}

func endAddress(a *act, s stored) error {
	return rehearsal.ReleaseAddress(a.Tx, text(s.Resource, "properties", "ipAddress"))
}

// checkCard: an interface has configurations, each in a subnet, and no address
// that something else has.
func checkCard(a *act, properties document) error {
	configurations := list(properties, "ipConfigurations")
	if len(configurations) == 0 {
		return badRequest("NetworkInterfaceMustHaveAtLeastOneIpConfiguration", "Network interface %s must have one or more IP configurations.", a.target.name)
	}
	for _, each := range configurations {
		if text(each, "properties", "subnet", "id") == "" {
			return badRequest("SubnetNotProvided", "IP configuration %s of %s has no subnet.", text(each, "name"), a.target.name)
		}
	}
	return a.checkFrontends(configurations)
}

func checkBalancer(a *act, properties document) error {
	configurations := list(properties, "frontendIPConfigurations")
	for _, each := range configurations {
		subnet, address := text(each, "properties", "subnet", "id"), text(each, "properties", "publicIPAddress", "id")
		if (subnet == "") == (address == "") {
			return badRequest("LoadBalancerFrontendIPConfigMustHaveSubnetOrPublicIP", "Frontend %s of %s must reference either a subnet or a public IP address.", text(each, "name"), a.target.name)
		}
	}
	return a.checkFrontends(configurations)
}

// checkFrontends refuses public addresses that another resource uses.
func (a *act) checkFrontends(configurations []document) error {
	for _, each := range configurations {
		id := text(each, "properties", "publicIPAddress", "id")
		if id == "" {
			continue
		}
		users, err := a.users(mustParse(id).id)
		if err != nil {
			return err
		}
		for _, user := range users {
			if user != a.target.id {
				return badRequest("PublicIPAddressInUse", "Resource %s is referencing public IP address %s that is already allocated to resource %s.", a.target.id, id, user)
			}
		}
	}
	return nil
}

// fillCard gives each configuration an id and an address of its subnet.
func fillCard(a *act, s *stored) error {
	for _, each := range list(s.Resource, "properties", "ipConfigurations") {
		each["id"] = a.target.id + "/ipConfigurations/" + text(each, "name")
		properties := rehearsal.Part(each, "properties")
		if properties["privateIPAddress"] != nil {
			continue
		}
		address, err := a.subnetAddress(text(properties, "subnet", "id"))
		if err != nil {
			return err
		}
		properties["privateIPAddress"] = address
	}
	return nil
}

// subnetAddress hands out the next address of a subnet; Azure keeps the first
// four for itself.
func (a *act) subnetAddress(id string) (string, error) {
	subnet, _, err := a.load(mustParse(id))
	if err != nil {
		return "", err
	}
	blocks, ok := subnetPrefixes(rehearsal.Part(subnet.Resource, "properties"))
	if !ok {
		return "", fmt.Errorf("subnet %s has no address block", id)
	}
	n, err := a.Next("azure address " + id)
	if err != nil {
		return "", err
	}
	address := blocks[0].Addr()
	for range n + 3 {
		address = address.Next()
	}
	if !blocks[0].Contains(address) {
		return "", badRequest("SubnetIsFull", "Subnet %s does not have enough capacity for 1 IP addresses.", id)
	}
	return address.String(), nil
}
