package azure

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// connect adds to a body what relationships say.
func connect(call *provider.Call, k kind, body document) error {
	properties, _ := body["properties"].(document)
	switch k.name {
	case networkInterface:
		return connectInterface(call.Self, properties)
	case loadBalancer:
		return connectBalancer(call.Self, properties)
	case virtualMachine:
		return connectMachine(call, properties)
	}
	return nil
}

func connectInterface(self *provider.Instance, properties document) error {
	if group := related(self, securityGroup); len(group) > 0 && properties["networkSecurityGroup"] == nil {
		reference, err := referTo(self, group[len(group)-1])
		if err != nil {
			return err
		}
		properties["networkSecurityGroup"] = reference
	}
	configurations, err := configurationsOf(self)
	if err != nil {
		return err
	}
	properties["ipConfigurations"] = join(configurations, properties["ipConfigurations"])
	return nil
}

func connectBalancer(self *provider.Instance, properties document) error {
	configurations, err := configurationsOf(self)
	if err != nil {
		return err
	}
	for _, each := range configurations {
		inner, _ := each.(document)["properties"].(document)
		if inner["publicIPAddress"] != nil {
			delete(inner, "subnet") // a frontend has one or the other
		}
	}
	properties["frontendIPConfigurations"] = join(configurations, properties["frontendIPConfigurations"])
	return nil
}

func join(first []orchestrator.Value, more orchestrator.Value) []orchestrator.Value {
	given, _ := more.([]orchestrator.Value)
	return append(first, given...)
}

// configurationsOf builds the ip configurations of the nodes that self is
// connected to.
func configurationsOf(self *provider.Instance) ([]orchestrator.Value, error) {
	out := []orchestrator.Value{}
	for _, target := range related(self, ipConfiguration) {
		properties, _ := shape("properties", flatten(provider.Mapping(target.Properties["resource_config"]))).(document)
		// Of several subnets the last one wins.
		for key, name := range map[string]string{"subnet": subnet, "publicIPAddress": publicIP} {
			for _, other := range related(target, name) {
				reference, err := referTo(target, other)
				if err != nil {
					return nil, err
				}
				properties[key] = reference
			}
		}
		name := provider.Text(target.Get("name"))
		if name == "" {
			name = defaultConfiguration(target)
		}
		out = append(out, document{"name": name, "properties": properties})
	}
	return out, nil
}

func defaultConfiguration(target *provider.Instance) string { return target.ID }

// connectMachine gives a machine its interfaces, a managed disk and its name.
// What the blueprint sets itself wins.
func connectMachine(call *provider.Call, properties document) error {
	interfaces := []orchestrator.Value{}
	nics := related(call.Self, networkInterface)
	slices.SortStableFunc(nics, func(a, b *provider.Instance) int { return primaryRank(a) - primaryRank(b) })
	for i, nic := range nics {
		reference, err := referTo(call.Self, nic)
		if err != nil {
			return err
		}
		reference["properties"] = document{"primary": i == 0}
		interfaces = append(interfaces, reference)
	}
	network := under(properties, "networkProfile")
	if network["networkInterfaces"] == nil {
		network["networkInterfaces"] = interfaces
	}
	if set := related(call.Self, "compute.AvailabilitySet"); len(set) > 0 && properties["availabilitySet"] == nil {
		reference, err := referTo(call.Self, set[0])
		if err != nil {
			return err
		}
		properties["availabilitySet"] = reference
	}
	disk := under(under(properties, "storageProfile"), "osDisk")
	delete(disk, "vhd") // unmanaged disks are retired
	lay(disk, document{"createOption": "FromImage", "caching": "ReadWrite", "deleteOption": "Delete", "managedDisk": document{"storageAccountType": "StandardSSD_LRS"}})
	machine, _ := findKind(virtualMachine)
	lay(under(properties, "osProfile"), document{"computerName": nameOf(call, machine)})
	return nil
}

func primaryRank(nic *provider.Instance) int {
	if provider.IsTrue(nic.Properties["primary"]) {
		return 0
	}
	return 1
}

// under returns the map at key, made when it is not there.
func under(d document, key string) document {
	inner, ok := d[key].(document)
	if !ok {
		inner = document{}
		d[key] = inner
	}
	return inner
}

// lay sets the keys that are not set.
func lay(d, defaults document) {
	for key, value := range defaults {
		if isEmpty(d[key]) {
			d[key] = value
		}
	}
}

// related lists the relationship targets of a kind, in template order.
func related(self *provider.Instance, kind string) []*provider.Instance {
	var out []*provider.Instance
	for _, each := range self.Relationships {
		if each.Target != nil && isKind(each.Target, kind) {
			out = append(out, each.Target)
		}
	}
	return out
}

// referTo is how a body names another resource.
func referTo(self, target *provider.Instance) (document, error) {
	id := provider.Text(target.Runtime["resource_id"])
	if id == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "node %s refers to %s, which has no resource_id yet", self.NodeID, target.NodeID)
	}
	return document{"id": id}, nil
}

// relate carries out relationship operations: an ip configuration gets a name
// before what uses it is made.
func relate(ctx context.Context, call *provider.Call, operation string) (provider.Result, error) {
	switch operation {
	case "attach_ip_configuration":
		if call.Target == nil || provider.Text(call.Target.Runtime["name"]) != "" {
			return provider.Result{}, nil
		}
		name := provider.Text(call.Target.Properties["name"])
		if name == "" {
			name = defaultConfiguration(call.Target)
		}
		err := call.Journal.SetOn(ctx, call.Target.ID, map[string]orchestrator.Value{"name": name}, nil)
		if err != nil {
			return provider.Result{}, fmt.Errorf("name the ip configuration: %w", err)
		}
		return provider.Result{}, nil
	case "detach_ip_configuration":
		return provider.Result{}, nil // it goes with what uses it
	}
	return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "Slipway has no Azure relationship operation %q", call.Function))
}
