package kubernetes

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/klog/v2"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// requestTimeout bounds one request; the operation's context may end sooner.
const requestTimeout = 30 * time.Second

// clients remembers a client, and what discovery told it, for each cluster and
// credential.
type clients struct {
	rehearsal http.RoundTripper // nil: none
	known     provider.Memo[*client]
}

func newClients(rehearsal http.RoundTripper) *clients { return &clients{rehearsal: rehearsal} }

// open returns the client for the cluster that the call's node names.
func (c *clients) open(call *provider.Call) (*client, error) {
	source, err := configurationOf(call)
	if err != nil {
		return nil, provider.Fatal(err)
	}
	if call.Rehearsal && c.rehearsal == nil {
		return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal of Kubernetes"))
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%t\x00%s", call.Rehearsal, source.fingerprint()))
	opened, err := c.known.Get(key, func() (*client, error) { return c.connect(source, call.Rehearsal) })
	if err != nil {
		return nil, provider.Fatal(err)
	}
	return opened, nil
}

func (c *clients) connect(source source, rehearsal bool) (*client, error) {
	config, err := source.rest()
	if err != nil {
		return nil, err
	}
	if rehearsal {
		if config, err = rehearsed(config, c.rehearsal); err != nil {
			return nil, err
		}
	}
	made, err := newClient(config)
	if err != nil {
		return nil, fmt.Errorf("make Kubernetes client: %w", err)
	}
	return made, nil
}

// client speaks to one cluster.
type client struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

func newClient(config *rest.Config) (*client, error) {
	config.UserAgent = "slipway"
	config.Timeout = requestTimeout
	config.QPS, config.Burst = 50, 100
	config.WarningHandler = rest.NoWarnings{}
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	dynamicClient, err := dynamic.NewForConfigAndClient(config, transport)
	if err != nil {
		return nil, err
	}
	discoveryClient, err := discovery.NewDiscoveryClientForConfigAndClient(config, transport)
	if err != nil {
		return nil, err
	}
	cached := memory.NewMemCacheClientWithContext(discoveryClient)
	return &client{dynamic: dynamicClient, mapper: restmapper.NewDeferredDiscoveryRESTMapperWithContext(cached)}, nil
}

// place returns where objects of the manifest's kind live. The manifest decides
// the API; a namespace is left out for kinds that have none.
func (c *client) place(ctx context.Context, m manifest) (dynamic.ResourceInterface, error) {
	u := m.object()
	// Discovery writes its errors to a log of its own, besides returning them.
	ctx = klog.NewContext(ctx, klog.New(nil))
	kind := schema.FromAPIVersionAndKind(u.GetAPIVersion(), u.GetKind())
	mapping, err := c.mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, explain("find the API of "+u.GetAPIVersion()+"/"+u.GetKind(), err)
	}
	resources := c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return resources, nil
	}
	return resources.Namespace(u.GetNamespace()), nil
}
