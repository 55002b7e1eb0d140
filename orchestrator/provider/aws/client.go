package aws

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// maxAttempts is how often the SDK sends a request that failed in passing.
// Accounts with many environments are throttled often, so it is generous.
const maxAttempts = 10

// client is a connection to one region with one account's credentials.
type client struct {
	ec2API
	region string
	// tagged is the option for creates without a token: the SDK repeats them
	// only after what surely was not executed.
	tagged func(*ec2.Options)
}

// connect returns the client that the node's client_config describes.
func (p *Provider) connect(ctx context.Context, call *provider.Call) (*client, error) {
	settings, err := readClientConfig(call, p.options.EndpointHosts)
	if err != nil {
		return nil, provider.Fatal(err)
	}
	opened, err := p.clients.Get(settings.key(), func() (*client, error) { return p.open(ctx, settings) })
	if err != nil {
		return nil, provider.Fatal(err)
	}
	return opened, nil
}

func (p *Provider) open(ctx context.Context, settings clientConfig) (*client, error) {
	scale := func(d time.Duration) time.Duration { return d }
	sdk := aws.Config{Region: settings.region}
	if settings.rehearsal {
		scale = p.options.Scale
	} else {
		// Real calls honour the SDK's own variables, AWS_ENDPOINT_URL among
		// them, but no profile of the server's user.
		var err error
		sdk, err = config.LoadDefaultConfig(ctx, config.WithRegion(settings.region),
			config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}))
		if err != nil {
			return nil, fmt.Errorf("read AWS settings of the server: %w", err)
		}
		if settings.endpoint != "" {
			sdk.BaseEndpoint = aws.String(settings.endpoint)
		}
	}
	sdk.Credentials = credentials.NewStaticCredentialsProvider(settings.keyID, settings.secretKey, settings.sessionToken)
	service := ec2.NewFromConfig(sdk, func(o *ec2.Options) {
		o.Retryer = newRetryer(retry.DefaultRetryables, scale)
		o.APIOptions = append(o.APIOptions, addFence)
		if settings.rehearsal {
			o.APIOptions = append(o.APIOptions, p.options.Rehearsal)
		}
	})
	carefully := newRetryer(surelyNotExecuted(), scale)
	return &client{ec2API: service, region: settings.region, tagged: func(o *ec2.Options) { o.Retryer = carefully }}, nil
}

// newRetryer is the SDK's standard retryer over the given class of errors; its
// back-off runs at the speed of the far end. It has no quota of retries over all
// requests: the engine bounds how many run at once.
func newRetryer(retryables []retry.IsErrorRetryable, scale func(time.Duration) time.Duration) aws.Retryer {
	backoff := retry.NewExponentialJitterBackoff(retry.DefaultMaxBackoff)
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(noRoom)}, retryables...)
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
			delay, err := backoff.BackoffDelay(attempt, err)
			return scale(delay), err
		})
	})
}

// noRoom keeps the SDK from repeating what EC2 has no room for: it says so with
// status 500, as if it were in passing.
func noRoom(err error) aws.Ternary {
	if outOfRoom(code(err)) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// surelyNotExecuted are the errors after which a create can be sent again
// without asking first: throttling, and credentials that were refused.
func surelyNotExecuted() []retry.IsErrorRetryable {
	return []retry.IsErrorRetryable{
		retry.NoRetryCanceledError{},
		retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
		retry.RetryableErrorCode{Codes: map[string]struct{}{"ExpiredToken": {}, "ExpiredTokenException": {}, "RequestExpired": {}}},
	}
}

// clientConfig is client_config, opened. It is never stored or printed.
type clientConfig struct {
	region, endpoint               string
	keyID, secretKey, sessionToken string
	rehearsal                      bool
}

// key tells accounts, regions and far ends apart without holding a credential.
func (c clientConfig) key() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%#v", c))
}

func readClientConfig(call *provider.Call, hosts []string) (clientConfig, error) {
	raw := provider.Mapping(call.Self.Properties["client_config"])
	settings := clientConfig{
		region:       provider.Text(raw["region_name"]),
		endpoint:     provider.Text(raw["endpoint_url"]),
		keyID:        provider.Text(raw["aws_access_key_id"]),
		secretKey:    provider.Text(raw["aws_secret_access_key"]),
		sessionToken: provider.Text(raw["aws_session_token"]),
		rehearsal:    call.Rehearsal,
	}
	// The server's own identity is never used by accident.
	if settings.keyID == "" || settings.secretKey == "" {
		return settings, orchestrator.Errorf(orchestrator.Invalid,
			"client_config of %s has no aws_access_key_id or no aws_secret_access_key; give both, usually with get_secret", call.Self.NodeID)
	}
	if settings.region == "" {
		return settings, orchestrator.Errorf(orchestrator.Invalid, "client_config of %s has no region_name, such as us-east-1", call.Self.NodeID)
	}
	if call.Rehearsal {
		settings.endpoint = ""
	}
	return settings, checkEndpoint(settings.endpoint, hosts)
}

// checkEndpoint refuses endpoints that no administrator has allowed: whoever
// chooses the endpoint is sent the credentials.
func checkEndpoint(endpoint string, hosts []string) error {
	if endpoint == "" {
		return nil
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" || address.User != nil || (address.Scheme != "https" && address.Scheme != "http") {
		return orchestrator.Errorf(orchestrator.Invalid, "client_config.endpoint_url is not an http(s) URL")
	}
	if !slices.Contains(hosts, address.Host) && !slices.Contains(hosts, address.Hostname()) {
		return orchestrator.Errorf(orchestrator.Forbidden,
			"client_config.endpoint_url names the host %s, which this server does not allow; an administrator can add it to SLIPWAY_ENDPOINT_HOSTS", address.Host)
	}
	return nil
}
