package azure_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	switch {
	case err == nil && text != "":
		t.Fatalf("no error, want one with %q", text)
	case err != nil && (text == "" || !strings.Contains(err.Error(), text)):
		t.Fatalf("error %v, want %q", err, text)
	}
}

// TestCreateDecision walks the table of what a create does with what is there
// already.
func TestCreateDecision(t *testing.T) {
	tests := map[string]struct {
		reason     string
		exists     bool
		properties values
		wantErr    string
		puts       int // by the node under test
		left       int // resources after its delete, the group aside
	}{
		"New":             {"absent: made, and deleted again", false, nil, "", 1, 0},
		"Taken":           {"somebody else's: refused, left alone", true, nil, "exists already", 0, 1},
		"UseIfExists":     {"somebody else's: used, left alone", true, values{"use_if_exists": true}, "", 0, 1},
		"External":        {"external: read only", true, values{"use_external_resource": true}, "", 0, 1},
		"ExternalMissing": {"external and absent: refused", false, values{"use_external_resource": true}, "does not exist", 0, 0},
		"CreateIfMissing": {"external and absent, but to be made then", false, values{"use_external_resource": true, "create_if_missing": true}, "", 1, 0},
		"MissingIsThere":  {"to be made if missing, and it is there", true, values{"use_external_resource": true, "create_if_missing": true}, "", 0, 1},
	}
	for name, test := range tests {
		for _, tagged := range []bool{true, false} {
			t.Run(name+map[bool]string{true: "Tagged", false: "Untagged"}[tagged], func(t *testing.T) {
				b := newBench(t)
				base := baseNetwork()
				b.install(base[:2]...)
				make := func() *provider.Instance {
					if tagged {
						return node("x", "network.NetworkSecurityGroup", values{"name": "x"}, "contained_in_virtual_network", base[1])
					}
					return node("x", "network.Subnet", values{"name": "x", "resource_config": values{"addressPrefix": "10.0.0.0/24"}}, "contained_in_virtual_network", base[1])
				}
				before := 0
				if test.exists {
					theirs := make()
					theirs.ID = "theirs_zzz999"
					b.install(theirs)
					before = 1
				}
				ours := make()
				for key, value := range test.properties {
					ours.Properties[key] = value
				}
				wantError(t, b.do(ours, "create"), test.wantErr)
				puts := -before - 2
				for call, n := range b.effective() {
					if strings.HasPrefix(call, "PUT") {
						puts += n
					}
				}
				providertest.Must(t, b.do(ours, "delete"))
				if got, want := [2]int{puts, len(b.listed()) - 2}, [2]int{test.puts, test.left}; got != want {
					t.Errorf("%s: [creates, left] = %v, want %v", test.reason, got, want)
				}
			})
		}
	}
}

func TestDeletedBehindOurBack(t *testing.T) {
	b := newBench(t)
	base := baseNetwork()
	b.install(base...)
	providertest.Must(t, b.do(base[0], "delete")) // the group takes all with it
	for _, self := range base[1:] {
		providertest.Must(t, b.do(self, "delete"))
	}
	if diff := cmp.Diff([]string(nil), b.listed()); diff != "" {
		t.Errorf("resources left (-want +got):\n%s", diff)
	}
}

func TestMistakesAreFatal(t *testing.T) {
	network := baseNetwork()[1]
	tests := map[string]struct {
		reason string
		self   *provider.Instance
		want   string
	}{
		"UnknownType": {"a type that no row has", node("x", "network.Castle", values{"name": "x"}), "does not know the Azure type"},
		"NoSecret":    {"credentials are missing", node("x", "ResourceGroup", values{"name": "x", "client_config": values{}}), "client_config.subscription_id"},
		"NoLocation":  {"nothing says where", node("x", "ResourceGroup", values{"name": "x", "location": nil}), "no location"},
		"BadLocation": {"Azure knows no such place", node("x", "ResourceGroup", values{"name": "x", "location": "atlantis"}), "LocationNotAvailableForResourceType"},
		"BadCIDR": {"a subnet outside of its network", node("x", "network.Subnet", values{
			"name": "x", "resource_config": values{"addressPrefix": "192.168.0.0/24"},
		}, "contained_in_virtual_network", network), "NetcfgInvalidSubnet"},
		"BadName": {"an account's name with a dash", node("x", "storage.StorageAccount", values{"name": "a-b", "resource_group_name": "abcrg"}), "AccountNameInvalid"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.install(baseNetwork()[:2]...)
			err := b.do(test.self, "create")
			wantError(t, err, test.want)
			if !provider.IsFatal(err) {
				t.Errorf("%s: the error is retried: %v", test.reason, err)
			}
		})
	}
}

func TestNamesOfOurOwn(t *testing.T) {
	b := newBench(t)
	b.install(baseNetwork()[0])
	account := node("account", "storage.StorageAccount", values{"resource_group_name": "abcrg"})
	b.install(account)
	if name, _ := account.Runtime["name"].(string); len(name) != 21 {
		t.Errorf("a storage account without a name got %q, want 21 small letters and digits", name)
	}
}

func TestEndpointsNeedLeave(t *testing.T) {
	self := node("x", "ResourceGroup", values{"name": "x"})
	self.Properties["client_config"].(values)["endpoint_resource_manager"] = "https://evil.example"
	world := rehearsal.New(rehearsal.Config{})
	b := &bench{T: t, world: world, engine: providertest.New(providertest.Dialled(azure.New(azure.Options{EndpointHosts: []string{"good.example"}})))}
	wantError(t, b.do(self, "create"), "SLIPWAY_ENDPOINT_HOSTS")
}
