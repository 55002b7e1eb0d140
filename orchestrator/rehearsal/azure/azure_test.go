package azure

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

const root = "/subscriptions/s/resourceGroups/g"

// bench speaks plain HTTP to an Azure with a group and a network.
type bench struct {
	*testing.T
	world  *rehearsal.World
	client http.RoundTripper
}

func newBench(t *testing.T, config rehearsal.Config) *bench {
	t.Helper()
	world := rehearsal.New(config)
	b := &bench{t, world, rehearsal.InProcess(New(world))}
	b.want(http.StatusCreated, http.MethodPut, root, `{"location":"West Europe"}`)
	return b
}

type reply struct {
	status int
	header http.Header
	body   document
}

func (b *bench) ask(method, path, body string) reply {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, "https://management.azure.com"+path+"?api-version=2024-05-01", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+tokenPrefix+"x")
	response, err := b.client.RoundTrip(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	out := reply{status: response.StatusCode, header: response.Header}
	if len(content) > 0 {
		if err := json.Unmarshal(content, &out.body); err != nil {
			b.Fatalf("%s %s answered %q", method, path, content)
		}
	}
	return out
}

func (b *bench) want(status int, method, path, body string) document {
	b.Helper()
	got := b.ask(method, path, body)
	if got.status != status {
		b.Fatalf("%s %s answered %d %v, want %d", method, path, got.status, got.body, status)
	}
	return got.body
}

func id(rest string) string { return root + "/providers/" + rest }

const (
	network  = "Microsoft.Network/virtualNetworks/net"
	subnetA  = network + "/subnets/a"
	firewall = "Microsoft.Network/networkSecurityGroups/nsg"
)

func TestRefusals(t *testing.T) {
	standard := `"location":"westeurope","sku":{"name":"Standard"}`
	rule := func(fields string) string {
		return `{"properties":{"access":"Allow","direction":"Inbound","protocol":"Tcp","sourcePortRange":"*","destinationPortRange":"22",` + fields + `}}`
	}
	tests := map[string]struct {
		reason       string
		method, path string
		body         string
		want         string
	}{
		"NoGroup":         {"everything is in a group that exists", "PUT", "/subscriptions/s/resourceGroups/other/providers/" + network, `{"location":"westeurope"}`, "ResourceGroupNotFound"},
		"NoParent":        {"children need their parent", "PUT", id("Microsoft.Network/virtualNetworks/other/subnets/x"), `{}`, "ParentResourceNotFound"},
		"UnknownType":     {"a type that is not rehearsed is refused by name", "PUT", id("Microsoft.Castle/towers/x"), `{}`, "InvalidResourceType"},
		"NoLocation":      {"tracked resources have a location", "PUT", id("Microsoft.Network/virtualNetworks/x"), `{}`, "LocationRequired"},
		"BadLocation":     {"of which there are only some", "PUT", id("Microsoft.Network/virtualNetworks/x"), `{"location":"atlantis"}`, "LocationNotAvailableForResourceType"},
		"Moved":           {"a resource does not move", "PUT", id(network), `{"location":"eastus","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`, "InvalidResourceLocation"},
		"NoAddressSpace":  {"a network has blocks", "PUT", id("Microsoft.Network/virtualNetworks/x"), `{"location":"westeurope"}`, "InvalidAddressPrefixFormat"},
		"Outside":         {"a subnet lies in its network", "PUT", id(network + "/subnets/x"), `{"properties":{"addressPrefix":"10.1.0.0/24"}}`, "NetcfgInvalidSubnet"},
		"Overlap":         {"and overlaps no other", "PUT", id(network + "/subnets/x"), `{"properties":{"addressPrefix":"10.0.0.128/25"}}`, "NetcfgSubnetRangesOverlap"},
		"SubnetInUse":     {"a subnet with an interface stays", "DELETE", id(subnetA), ``, "InUseSubnetCannotBeDeleted"},
		"NetworkInUse":    {"and so does its network", "DELETE", id(network), ``, "InUseSubnetCannotBeDeleted"},
		"FirewallInUse":   {"a group with an interface stays", "DELETE", id(firewall), ``, "InUseNetworkSecurityGroupCannotBeDeleted"},
		"Priority":        {"priorities have a range", "PUT", id(firewall + "/securityRules/x"), rule(`"priority":99`), "SecurityRuleInvalidPriority"},
		"SamePriority":    {"and are unique", "PUT", id(firewall + "/securityRules/x"), rule(`"priority":100`), "SecurityRuleConflict"},
		"BasicAddress":    {"Basic addresses are history", "PUT", id("Microsoft.Network/publicIPAddresses/x"), `{"location":"westeurope","sku":{"name":"Basic"}}`, "IPv4BasicSkuPublicIpCountLimitReached"},
		"DynamicAddress":  {"Standard ones are static", "PUT", id("Microsoft.Network/publicIPAddresses/x"), `{` + standard + `,"properties":{"publicIPAllocationMethod":"Dynamic"}}`, "StandardSkuPublicIPAddressesMustBeStatic"},
		"Reference":       {"what is referred to exists", "PUT", id("Microsoft.Network/networkInterfaces/x"), `{"location":"westeurope","properties":{"ipConfigurations":[{"name":"a","properties":{"subnet":{"id":"` + id(network+"/subnets/none") + `"}}}]}}`, "InvalidResourceReference"},
		"AccountName":     {"accounts have plain names", "PUT", id("Microsoft.Storage/storageAccounts/A-b"), `{` + standard + `,"kind":"StorageV2"}`, "AccountNameInvalid"},
		"AccountTaken":    {"that nobody in the world has", "PUT", "/subscriptions/s/resourceGroups/g2/providers/Microsoft.Storage/storageAccounts/taken", `{` + standard + `,"kind":"StorageV2"}`, "StorageAccountAlreadyTaken"},
		"ClusterPools":    {"a cluster has machines", "PUT", id("Microsoft.ContainerService/managedClusters/x"), `{"location":"westeurope","properties":{"dnsPrefix":"x"}}`, "InvalidParameter"},
		"DatabasePass":    {"a database has a strong password", "PUT", id("Microsoft.DBforPostgreSQL/flexibleServers/xyz"), `{` + `"location":"westeurope","sku":{"name":"a","tier":"b"},"properties":{"version":"16","administratorLogin":"me","administratorLoginPassword":"weak","storage":{"storageSizeGB":64}}}`, "InvalidParameterValue"},
		"TemplateMode":    {"only incremental deployments", "PUT", id("Microsoft.Resources/deployments/x"), `{"properties":{"mode":"Complete","template":{"resources":[]}}}`, "InvalidTemplate"},
		"TemplateMissing": {"parameters have values", "PUT", id("Microsoft.Resources/deployments/x"), `{"properties":{"mode":"Incremental","template":{"parameters":{"p":{"type":"string"}},"resources":[]}}}`, "InvalidTemplate"},
		"TemplateCircle":  {"dependencies end", "PUT", id("Microsoft.Resources/deployments/x"), `{"properties":{"mode":"Incremental","template":{"resources":[{"type":"Microsoft.Storage/storageAccounts","apiVersion":"1","name":"abc","dependsOn":["[resourceId('Microsoft.Storage/storageAccounts','abc')]"]}]}}}`, "InvalidTemplate"},
	}
	b := newBench(t, rehearsal.Config{})
	b.want(http.StatusCreated, "PUT", "/subscriptions/s/resourceGroups/g2", `{"location":"westeurope"}`)
	b.want(http.StatusCreated, "PUT", id(network), `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`)
	b.want(http.StatusCreated, "PUT", id(subnetA), `{"properties":{"addressPrefix":"10.0.0.0/24"}}`)
	b.want(http.StatusCreated, "PUT", id(firewall), `{"location":"westeurope"}`)
	b.want(http.StatusCreated, "PUT", id(firewall+"/securityRules/ssh"), rule(`"priority":100`))
	b.want(http.StatusCreated, "PUT", id("Microsoft.Storage/storageAccounts/taken"), `{`+standard+`,"kind":"StorageV2"}`)
	b.want(http.StatusCreated, "PUT", id("Microsoft.Network/networkInterfaces/nic"), `{"location":"westeurope","properties":{"networkSecurityGroup":{"id":"`+id(firewall)+
		`"},"ipConfigurations":[{"name":"a","properties":{"subnet":{"id":"`+id(subnetA)+`"}}}]}}`)
	before := b.kept()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := b.ask(test.method, test.path, test.body)
			if code := text(got.body, "error", "code"); got.status < 400 || code != test.want {
				t.Errorf("%s: answered %d %v, want %s", test.reason, got.status, got.body, test.want)
			}
		})
	}
	if diff := cmp.Diff(before, b.kept()); diff != "" {
		t.Errorf("refusals change nothing (-before +after):\n%s", diff)
	}
}

func (b *bench) kept() []string {
	b.Helper()
	var out []string
	err := b.world.State.View(b.Context(), func(tx rehearsal.Tx) error {
		all, err := tx.List(rehearsal.Query{})
		for _, object := range all {
			out = append(out, object.Kind+" "+object.ID)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func TestChangesTakeTheirTime(t *testing.T) {
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBench(t, rehearsal.Config{Speed: 1, Now: func() time.Time { return clock }})
	body := `{"location":"westeurope","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}`
	put := b.ask("PUT", id(network), body)
	if put.status != http.StatusCreated || text(put.body, "properties", "provisioningState") != creating || put.header.Get("Azure-AsyncOperation") == "" {
		t.Fatalf("a PUT answered %d %v %v", put.status, put.header, put.body)
	}
	if again := b.ask("PUT", id(network), body); again.status != http.StatusOK {
		t.Errorf("the same PUT again answered %d %v", again.status, again.body)
	}
	b.want(http.StatusTooManyRequests, "PUT", id(network), strings.Replace(body, "/16", "/17", 1))
	operation := strings.TrimPrefix(put.header.Get("Azure-AsyncOperation"), "https://management.azure.com")
	operation, _, _ = strings.Cut(operation, "?")
	states := []string{text(b.ask("GET", operation, "").body, "status")}
	clock = clock.Add(time.Minute)
	states = append(states, text(b.ask("GET", operation, "").body, "status"))
	deleted := b.ask("DELETE", id(network), "")
	states = append(states, text(b.ask("GET", id(network), "").body, "properties", "provisioningState"))
	clock = clock.Add(time.Minute)
	states = append(states, text(b.ask("GET", id(network), "").body, "error", "code"))
	want := []string{"InProgress", "Succeeded", deleting, "ResourceNotFound"}
	if diff := cmp.Diff(want, states); diff != "" || deleted.status != http.StatusAccepted {
		t.Errorf("delete answered %d; states (-want +got):\n%s", deleted.status, diff)
	}
	b.want(http.StatusNoContent, "DELETE", id(network), "")
}

func TestAnonymousIsRefused(t *testing.T) {
	b := newBench(t, rehearsal.Config{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://management.azure.com"+root+"?api-version=2024-05-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.client.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("answered %d, want 401", response.StatusCode)
	}
}
