package azure

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// readAddresses checks an interface or a machine and reads its addresses.
func (p *Provider) readAddresses(ctx context.Context, call *provider.Call, k kind) (provider.Result, error) {
	t, err := p.prepare(call, k, resource.Check)
	if err != nil {
		return provider.Result{}, err
	}
	result, err := p.adapt(ctx, call, t, resource.Check)
	if err != nil || result.Again != nil {
		return result, err
	}
	cards := []document{t.seen}
	if k.name == virtualMachine {
		if cards, err = t.client.cardsOf(ctx, t.seen); err != nil {
			return provider.Result{}, err
		}
	}
	found, err := t.client.addressesOf(ctx, cards)
	if err != nil {
		return provider.Result{}, err
	}
	for key, value := range found.properties(call.Self, k) {
		result.Set[key] = value
	}
	return result, nil
}

// cardsOf reads the interfaces of a machine.
func (c *client) cardsOf(ctx context.Context, machine document) ([]document, error) {
	var out []document
	list, _ := orchestrator.Lookup(machine, "properties", "networkProfile", "networkInterfaces")
	interfaces, _ := list.([]orchestrator.Value)
	for _, each := range interfaces {
		id, _ := orchestrator.Lookup(each, "id")
		card, ok, err := c.get(ctx, asText(id), networkVersion)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, card)
		}
	}
	return out, nil
}

// addresses are a machine's or an interface's, the primary one first.
type addresses struct{ private, public []orchestrator.Value }

func (c *client) addressesOf(ctx context.Context, cards []document) (addresses, error) {
	var out addresses
	for _, card := range cards {
		list, _ := orchestrator.Lookup(card, "properties", "ipConfigurations")
		configurations, _ := list.([]orchestrator.Value)
		for _, each := range configurations {
			if private, ok := orchestrator.Lookup(each, "properties", "privateIPAddress"); ok && private != nil {
				out.private = append(out.private, private)
			}
			id, ok := orchestrator.Lookup(each, "properties", "publicIPAddress", "id")
			if !ok {
				continue
			}
			public, found, err := c.get(ctx, asText(id), networkVersion)
			if err != nil {
				return out, err
			}
			if address, ok := orchestrator.Lookup(public, "properties", "ipAddress"); found && ok {
				out.public = append(out.public, address)
			}
		}
	}
	return out, nil
}

// properties name the addresses as blueprints read them: without a public
// address the private one stands in, and a machine's "ip" is the one that it is
// to be reached by.
func (a addresses) properties(self *provider.Instance, k kind) map[string]orchestrator.Value {
	var private orchestrator.Value
	if len(a.private) > 0 {
		private = a.private[0]
	}
	public := private
	if len(a.public) > 0 {
		public = a.public[0]
	}
	set := map[string]orchestrator.Value{
		"ip": private, "public_ip": public, "public_ip_address": public,
		"public_ip_addresses": append([]orchestrator.Value{}, a.public...),
	}
	if k.name == virtualMachine && provider.IsTrue(self.Properties["use_public_ip"]) {
		set["ip"] = public
	}
	return set
}
