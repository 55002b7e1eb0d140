package main

import (
	"strings"
	"testing"
)

// A name that an admin allowed may still resolve to an address inside.
func TestRefusePrivate(t *testing.T) {
	for name, tc := range map[string]struct {
		reason, address string
		public          bool
	}{
		"OK":            {"a public address", "93.184.215.14:443", true},
		"OKSix":         {"a public address of the other kind", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443", true},
		"Loopback":      {"this machine", "127.0.0.1:443", false},
		"LoopbackSix":   {"this machine", "[::1]:443", false},
		"Mapped":        {"this machine, written as IPv6", "[::ffff:127.0.0.1]:443", false},
		"Private":       {"a neighbour", "10.1.2.3:443", false},
		"UniqueLocal":   {"a neighbour", "[fd00::1]:443", false},
		"Metadata":      {"the cloud's keeper of credentials", "169.254.169.254:80", false},
		"MetadataSix":   {"the cloud's keeper of credentials", "[fd00:ec2::254]:80", false},
		"LinkLocal":     {"a neighbour by interface", "[fe80::1%eth0]:443", false},
		"Carrier":       {"a cloud's own network", "100.100.100.200:80", false},
		"Unspecified":   {"this machine, on most systems", "0.0.0.0:443", false},
		"ThisNetwork":   {"this machine, on some", "0.1.2.3:443", false},
		"Rehearsal":     {"never on the network", "198.18.0.9:443", false},
		"Broadcast":     {"everybody", "255.255.255.255:443", false},
		"Multicast":     {"many", "224.0.0.1:443", false},
		"TranslatedTo4": {"an IPv4 address inside, behind NAT64", "[64:ff9b::a00:1]:443", false},
		"SixToFour":     {"an IPv4 address inside, behind 6to4", "[2002:a00:1::]:443", false},
		"NoAddress":     {"a name is not resolved yet", "example.com:443", false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := refusePrivate("tcp", tc.address, nil); (err == nil) != tc.public {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}

// The dialler of imports is the one that refuses, whatever the URL says.
func TestFetchImportRefusesInside(t *testing.T) {
	_, err := fetchImport(t.Context(), "https://127.0.0.1:9/types.yaml")
	if err == nil || !strings.Contains(err.Error(), "not a public address") {
		t.Errorf("fetching from this machine: %v", err)
	}
}
