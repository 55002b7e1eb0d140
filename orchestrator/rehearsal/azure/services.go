package azure

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func checkAccount(a *act, _ document) error {
	if text(a.body, "sku", "name") == "" || text(a.body, "kind") == "" {
		return badRequest("InvalidRequestPropertyValue", "A storage account needs sku.name and kind.")
	}
	return nil
}

func fillAccount(a *act, s *stored) error {
	endpoints := document{}
	for _, service := range []string{"blob", "file", "queue", "table"} {
		endpoints[service] = "https://" + a.target.name + "." + service + ".core.windows.net/"
	}
	properties := part(s.Resource, "properties")
	properties["primaryEndpoints"], properties["primaryLocation"], properties["statusOfPrimary"] = endpoints, s.Resource["location"], "available"
	return nil
}

// checkCluster checks what an AKS cluster needs before it starts to be made.
func checkCluster(_ *act, properties document) error {
	if text(properties, "dnsPrefix") == "" && text(properties, "fqdnSubdomain") == "" {
		return badRequest("InvalidParameter", "Required parameter dnsPrefix is missing (null).")
	}
	pools := list(properties, "agentPoolProfiles")
	if len(pools) == 0 {
		return badRequest("InvalidParameter", "Required parameter agentPoolProfile is missing (null).")
	}
	system := false
	for _, pool := range pools {
		if n, ok := number(pool, "count"); !ok || n < 1 || text(pool, "vmSize") == "" || text(pool, "name") == "" {
			return badRequest("InvalidParameter", "Agent pool %q needs name, vmSize and a count of at least 1.", text(pool, "name"))
		}
		system = system || strings.EqualFold(text(pool, "mode"), "System")
	}
	if !system {
		return badRequest("AtLeastOneSystemAgentPool", "A managed cluster must have at least one agent pool of mode System.")
	}
	if linux, ok := field(properties, "linuxProfile").(document); ok {
		keys := list(linux, "ssh", "publicKeys")
		if text(linux, "adminUsername") == "" || len(keys) == 0 || text(keys[0], "keyData") == "" {
			return badRequest("InvalidParameter", "linuxProfile needs adminUsername and a public key.")
		}
	}
	return checkClusterNetwork(properties)
}

func checkClusterNetwork(properties document) error {
	services := text(properties, "networkProfile", "serviceCidr")
	if services == "" {
		return nil
	}
	block, err := netip.ParsePrefix(services)
	if err != nil {
		return badRequest("InvalidServiceCidr", "The service CIDR %s is not a CIDR block.", services)
	}
	given := text(properties, "networkProfile", "dnsServiceIP")
	dns, err := netip.ParseAddr(given)
	if err != nil || !block.Contains(dns) || dns == block.Addr().Next() {
		return badRequest("DnsServiceIpOutOfServiceCidr", "The dnsServiceIP %s is not in the service CIDR %s, or is its first address.", given, services)
	}
	return nil
}

// fillCluster makes the Kubernetes API of a managed cluster.
func fillCluster(a *act, s *stored) error {
	properties := part(s.Resource, "properties")
	if properties["fqdn"] != nil {
		return nil
	}
	prefix := text(properties, "dnsPrefix")
	if prefix == "" {
		prefix = text(properties, "fqdnSubdomain")
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(a.target.id)) // a hash takes everything
	location := text(s.Resource, "location")
	host := strings.ToLower(prefix + "-" + hex.EncodeToString(sum.Sum(nil)) + ".hcp." + location + ".azmk8s.io")
	properties["fqdn"], properties["powerState"] = host, document{"code": "Running"}
	properties["nodeResourceGroup"] = "MC_" + lastSegment(a.target.group) + "_" + a.target.name + "_" + location
	if text(properties, "kubernetesVersion") == "" {
		properties["kubernetesVersion"] = "1.33"
	}
	properties["currentKubernetesVersion"] = properties["kubernetesVersion"]
	cluster := rehearsal.NewCluster("https://"+host+":443", a.target.name, a.target.id, a.world.Now(), s.ReadyAt)
	cluster.Deployment = text(s.Resource, "tags", deploymentTag)
	return rehearsal.PutCluster(a.Tx, cluster)
}

func endCluster(a *act, s stored) error {
	return rehearsal.DeleteCluster(a.Tx, clusterServer(s))
}

func clusterServer(s stored) string {
	return "https://" + text(s.Resource, "properties", "fqdn") + ":443"
}

// listCredentials answers with the administrator's kubeconfig.
func (a *act) listCredentials() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	if s.state() != succeeded {
		return answer{}, rehearsal.Refuse(http.StatusConflict, "OperationNotAllowed", "The cluster %s is %s.", a.target.name, s.state())
	}
	cluster, ok, err := rehearsal.FindCluster(a.Tx, clusterServer(s))
	if err != nil || !ok {
		return answer{}, rehearsal.Refuse(http.StatusNotFound, "NotFound", "the cluster %s has no API", a.target.name)
	}
	kubeconfig, err := cluster.Kubeconfig()
	if err != nil {
		return answer{}, err
	}
	content, err := json.Marshal(kubeconfig) // JSON is YAML
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: document{"kubeconfigs": []any{
		document{"name": "clusterAdmin", "value": base64.StdEncoding.EncodeToString(content)},
	}}}, nil
}

// The rules of a PostgreSQL flexible server.
var (
	databaseVersions = []string{"11", "12", "13", "14", "15", "16", "17"}
	databaseSizes    = []float64{32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767}
	reservedLogins   = []string{"azure_superuser", "azure_pg_admin", "admin", "administrator", "root", "guest", "public"}
	characterClasses = []*regexp.Regexp{regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`[0-9]`), regexp.MustCompile(`[^a-zA-Z0-9]`)}
)

func checkDatabase(a *act, properties document) error {
	size, _ := number(properties, "storage", "storageSizeGB")
	login := text(properties, "administratorLogin")
	switch {
	case text(a.body, "sku", "name") == "" || text(a.body, "sku", "tier") == "":
		return badRequest("InvalidParameterValue", "A flexible server needs sku.name and sku.tier.")
	case !slices.Contains(databaseVersions, text(properties, "version")):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter version: %q.", text(properties, "version"))
	case !slices.Contains(databaseSizes, size):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter storageSizeGB: %v.", size)
	case login == "" || slices.Contains(reservedLogins, login) || strings.HasPrefix(login, "pg_"):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter administratorLogin: %q.", login)
	case !strongPassword(a.secrets["administratorloginpassword"]):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter administratorLoginPassword. It needs 8 to 128 characters of three of the four classes.")
	}
	return nil
}

func strongPassword(password string) bool {
	classes := 0
	for _, class := range characterClasses {
		if class.MatchString(password) {
			classes++
		}
	}
	return classes >= 3 && len(password) >= 8 && len(password) <= 128
}

func fillDatabase(a *act, s *stored) error {
	properties := part(s.Resource, "properties")
	properties["fullyQualifiedDomainName"], properties["state"] = a.target.name+".postgres.database.azure.com", "Ready"
	return nil
}

// checkMachine: a machine has an image or a disk, a size, an administrator, and
// interfaces that no other machine has.
func checkMachine(a *act, properties document) error {
	cards := list(properties, "networkProfile", "networkInterfaces")
	switch {
	case len(cards) == 0:
		return badRequest("NetworkProfileValidationError", "The virtual machine %s must have at least one network interface.", a.target.name)
	case text(properties, "hardwareProfile", "vmSize") == "":
		return badRequest("InvalidParameter", "Required parameter 'vmSize' is missing (null).")
	case text(properties, "storageProfile", "osDisk", "vhd", "uri") != "":
		return badRequest("OperationNotAllowed", "Virtual machines with unmanaged disks are retired.")
	case field(properties, "storageProfile", "imageReference") == nil:
		return badRequest("InvalidParameter", "Required parameter 'imageReference' is missing (null).")
	case text(properties, "osProfile", "adminUsername") == "":
		return badRequest("InvalidParameter", "Required parameter 'osProfile.adminUsername' is missing (null).")
	case len(list(properties, "osProfile", "linuxConfiguration", "ssh", "publicKeys")) == 0 && a.secrets["adminpassword"] == "":
		return badRequest("InvalidParameter", "Authentication using either SSH or a user name and password must be enabled in the Linux profile.")
	}
	for _, card := range cards {
		users, err := a.users(mustParse(text(card, "id")).id)
		if err != nil {
			return err
		}
		for _, user := range users {
			if user != a.target.id {
				return badRequest("NicInUse", "Network Interface %s is used by existing resource %s.", text(card, "id"), user)
			}
		}
	}
	return nil
}

// fillMachine makes the machine that answers SSH.
func fillMachine(a *act, s *stored) error {
	properties := part(s.Resource, "properties")
	if properties["vmId"] == nil {
		properties["vmId"] = uuid.NewString()
	}
	machine := rehearsal.Machine{
		ID: a.target.id, Host: text(properties, "osProfile", "computerName"), Running: true, BootedAt: s.ReadyAt,
		Deployment: text(s.Resource, "tags", deploymentTag), Instance: text(s.Resource, "tags", instanceTag),
	}
	if data, err := base64.StdEncoding.DecodeString(a.secrets["customdata"]); err == nil {
		machine.UserData = string(data)
	}
	for _, key := range list(properties, "osProfile", "linuxConfiguration", "ssh", "publicKeys") {
		machine.AuthorizedKeys = append(machine.AuthorizedKeys, text(key, "keyData"))
	}
	for _, card := range list(properties, "networkProfile", "networkInterfaces") {
		if err := a.addAddresses(&machine, text(card, "id")); err != nil {
			return err
		}
	}
	return rehearsal.PutMachine(a.Tx, machine)
}

func (a *act) addAddresses(machine *rehearsal.Machine, card string) error {
	found, _, err := a.load(mustParse(card))
	if err != nil {
		return err
	}
	for _, each := range list(found.Resource, "properties", "ipConfigurations") {
		if machine.PrivateIP == "" {
			machine.PrivateIP = text(each, "properties", "privateIPAddress")
		}
		id := text(each, "properties", "publicIPAddress", "id")
		if id == "" {
			continue
		}
		public, _, err := a.load(mustParse(id))
		if err != nil {
			return err
		}
		machine.PublicIPs = append(machine.PublicIPs, text(public.Resource, "properties", "ipAddress"))
	}
	return nil
}

func endMachine(a *act, s stored) error {
	return rehearsal.DeleteMachine(a.Tx, text(s.Resource, "id"))
}
