package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestSnake(t *testing.T) {
	tests := map[string]struct{ name, want, reason string }{
		"Plain":         {"location", "location", "nothing to do"},
		"Camel":         {"provisioningState", "provisioning_state", "a capital begins a word"},
		"AcronymInside": {"enableIPForwarding", "enable_ip_forwarding", "an acronym is one word"},
		"AcronymFirst":  {"publicIPAllocationMethod", "public_ip_allocation_method", "an acronym after a word"},
		"AcronymLast":   {"vnetSubnetID", "vnet_subnet_id", "an acronym at the end"},
		"Plural":        {"outboundIPs", "outbound_ips", "the s belongs to the acronym"},
		"PluralWord":    {"publicIPAddresses", "public_ip_addresses", "this s belongs to the word"},
		"Digit":         {"ipv6Address", "ipv6_address", "a digit ends a word as a letter does"},
		"Snake":         {"resource_group", "resource_group", "already as wanted"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Snake(test.name)); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestSnakeKeys(t *testing.T) {
	got := SnakeKeys(map[string]orchestrator.Value{
		"addressSpace": map[string]orchestrator.Value{"addressPrefixes": []orchestrator.Value{"a"}},
		"tags":         map[string]orchestrator.Value{"costCentre": "x"},
		"subnets":      []orchestrator.Value{map[string]orchestrator.Value{"isDefault": true}},
	}, "tags")
	want := map[string]orchestrator.Value{
		"address_space": map[string]orchestrator.Value{"address_prefixes": []orchestrator.Value{"a"}},
		"tags":          map[string]orchestrator.Value{"costCentre": "x"},
		"subnets":       []orchestrator.Value{map[string]orchestrator.Value{"is_default": true}},
	}
	if diff := cmp.Diff(orchestrator.Value(want), got); diff != "" {
		t.Errorf("keys at every depth, tags as written (-want +got):\n%s", diff)
	}
}
