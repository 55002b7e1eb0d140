package azure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	armpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// tryTimeout bounds one try of a request; the operation's context may end
// sooner.
const tryTimeout = time.Minute

// account is what a blueprint says of whom to be and where.
type account struct {
	subscription, tenant, client, secret string
	resourceManager, authority           string
	environment                          string
	rehearsal                            bool
}

// clients remembers a client, and its access token, for each account.
type clients struct {
	options Options
	known   provider.Memo[*client]
}

func newClients(options Options) *clients { return &clients{options: options} }

// client speaks ARM for one account.
type client struct {
	arm          *arm.Client
	subscription string
}

// open returns the client for the call's account.
func (c *clients) open(call *provider.Call) (*client, error) {
	who, err := accountOf(call)
	if err == nil {
		err = c.admit(&who)
	}
	if err != nil {
		return nil, provider.Fatal(err)
	}
	key, err := who.key()
	if err != nil {
		return nil, err
	}
	opened, err := c.known.Get(key, func() (*client, error) { return c.connect(who) })
	if err != nil {
		return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "the Azure credentials of node %s cannot be used: %v", call.Self.NodeID, err))
	}
	return opened, nil
}

func (a account) key() ([sha256.Size]byte, error) {
	text, err := json.Marshal([]any{
		a.subscription, a.tenant, a.client, a.secret, a.resourceManager, a.authority, a.environment, a.rehearsal,
	})
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("tell accounts apart: %w", err)
	}
	return sha256.Sum256(text), nil
}

// accountOf reads client_config; azure_config is its older name, and wins when
// it has a subscription.
func accountOf(call *provider.Call) (account, error) {
	config := provider.Mapping(call.Self.Properties["client_config"])
	if older := provider.Mapping(call.Self.Properties["azure_config"]); provider.Text(older["subscription_id"]) != "" {
		config = older
	}
	who := account{
		subscription: provider.Text(config["subscription_id"]), tenant: provider.Text(config["tenant_id"]),
		client: provider.Text(config["client_id"]), secret: provider.Text(config["client_secret"]),
		environment: provider.Text(config["cloud_environment"]), rehearsal: call.Rehearsal,
		resourceManager: provider.Text(config["endpoint_resource_manager"]), authority: provider.Text(config["endpoint_active_directory"]),
	}
	if who.resourceManager == "" {
		who.resourceManager = provider.Text(config["endpoints_resource_manager"])
	}
	for _, part := range []struct{ name, value string }{
		{"subscription_id", who.subscription}, {"tenant_id", who.tenant}, {"client_id", who.client}, {"client_secret", who.secret},
	} {
		if part.value == "" {
			return who, orchestrator.Errorf(orchestrator.Invalid, "node %s has no client_config.%s; give it one, usually by get_secret", call.Self.NodeID, part.name)
		}
	}
	return who, checkName(who.subscription, "subscription_id", call.Self)
}

// admit checks where the credentials would be sent.
func (c *clients) admit(who *account) error {
	if who.rehearsal {
		if c.options.Rehearsal == nil {
			return orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal of Azure")
		}
		// A rehearsal stands for Azure itself; its placeholders are no tenant ids.
		who.resourceManager, who.authority, who.environment = "", "", ""
		who.tenant = strings.ReplaceAll(who.tenant, "_", "-")
		return nil
	}
	for _, endpoint := range []string{who.resourceManager, who.authority} {
		if err := c.allow(endpoint); err != nil {
			return err
		}
	}
	if who.resourceManager == "" {
		who.resourceManager = c.options.ResourceManager
	}
	if who.authority == "" {
		who.authority = c.options.Authority
	}
	return nil
}

func (c *clients) allow(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
		return orchestrator.Errorf(orchestrator.Invalid, "the endpoint %q is not an https URL", endpoint)
	}
	if !slices.Contains(c.options.EndpointHosts, parsed.Hostname()) && !slices.Contains(c.options.EndpointHosts, parsed.Host) {
		return orchestrator.Errorf(orchestrator.Forbidden,
			"the blueprint would send credentials to %s, which this server does not allow; an administrator can add it to SLIPWAY_ENDPOINT_HOSTS", parsed.Host)
	}
	return nil
}

func (c *clients) connect(who account) (*client, error) {
	options := policy.ClientOptions{Cloud: cloudOf(who), Telemetry: policy.TelemetryOptions{ApplicationID: "slipway"}}
	options.Retry.TryTimeout = tryTimeout
	if who.rehearsal {
		options.Transport = &http.Client{Transport: c.options.Rehearsal}
		options.Retry.RetryDelay = c.rehearsedDelay()
	}
	credential, err := azidentity.NewClientSecretCredential(who.tenant, who.client, who.secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: options,
		// Only Azure's own authorities are known to its instance discovery.
		DisableInstanceDiscovery: who.authority != "",
	})
	if err != nil {
		return nil, err
	}
	made, err := arm.NewClient("slipway", "v1.0.0", credential, &armpolicy.ClientOptions{ClientOptions: options})
	if err != nil {
		return nil, err
	}
	return &client{arm: made, subscription: who.subscription}, nil
}

// rehearsedDelay is the SDK's own first delay between retries, at the speed of
// the rehearsal. It is never 0: the SDK would then wait for its longest delay.
func (c *clients) rehearsedDelay() time.Duration {
	const first = 800 * time.Millisecond
	if c.options.Scale == nil {
		return first
	}
	return max(c.options.Scale(first), time.Nanosecond)
}

// cloudOf is the cloud that the account belongs to.
func cloudOf(who account) cloud.Configuration {
	configuration := cloud.AzurePublic
	switch strings.ToLower(who.environment) {
	case "azurechinacloud", "azurechina", "china":
		configuration = cloud.AzureChina
	case "azureusgovernment", "azuregovernment", "government":
		configuration = cloud.AzureGovernment
	}
	if who.authority != "" {
		configuration.ActiveDirectoryAuthorityHost = who.authority
	}
	if who.resourceManager != "" {
		known := configuration.Services[cloud.ResourceManager]
		configuration.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: who.resourceManager, Audience: known.Audience},
		}
	}
	return configuration
}

// closeBody closes what was read to its end already.
func closeBody(response *http.Response) { _ = response.Body.Close() }

// fenced runs a request that changes something inside the lease.
func fenced(ctx context.Context, call *provider.Call, do func(context.Context) error) error {
	ctx, cancel, err := call.Journal.Fence(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return do(ctx)
}
