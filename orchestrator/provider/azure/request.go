package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Requests are plain JSON over the SDK's ARM pipeline. The generic model of the
// resources module would lose what it has no field for, such as zones.

// answer is a resource as ARM describes it. It has a name of its own because
// resume tokens carry it.
type answer map[string]any

// do sends one request; the response's body is still to be read.
func (c *client) do(ctx context.Context, method, path, version string, body any) (*http.Response, error) {
	return c.ask(ctx, method, path, url.Values{"api-version": {version}}, body)
}

func (c *client) ask(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	request, err := runtime.NewRequest(ctx, method, runtime.JoinPaths(c.arm.Endpoint(), path))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Raw().URL.RawQuery = query.Encode()
	request.Raw().Header.Set("Accept", "application/json")
	if body != nil {
		if err := runtime.MarshalAsJSON(request, body); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	response, err := c.arm.Pipeline().Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		defer closeBody(response)
		return nil, runtime.NewResponseError(response)
	}
	return response, nil
}

// get reads a resource; false when there is none.
func (c *client) get(ctx context.Context, id, version string) (document, bool, error) {
	response, err := c.do(ctx, http.MethodGet, id, version, nil)
	if isNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, explain("read "+shortID(id), err)
	}
	defer closeBody(response)
	found, err := readDocument(response)
	return found, err == nil, err
}

// list reads all pages of a list; false when what it hangs under is not there. Of
// the address of the next page only the query counts: the rest is known, and the
// access token goes nowhere else.
func (c *client) list(ctx context.Context, path, version string) ([]orchestrator.Value, bool, error) {
	var all []orchestrator.Value
	query := url.Values{"api-version": {version}}
	for {
		response, err := c.ask(ctx, http.MethodGet, path, query, nil)
		if isNotFound(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, explain("list "+shortID(path), err)
		}
		page, err := readDocument(response)
		closeBody(response)
		if err != nil {
			return nil, false, err
		}
		items, _ := page["value"].([]orchestrator.Value)
		all = append(all, items...)
		next, _ := page["nextLink"].(string)
		if next == "" {
			return all, true, nil
		}
		address, err := url.Parse(next)
		if err != nil {
			return nil, false, fmt.Errorf("list %s: the next page has no address", shortID(path))
		}
		query = address.Query()
	}
}

func readDocument(response *http.Response) (document, error) {
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	var raw map[string]any
	if err := decoder.Decode(&raw); err != nil {
		return nil, fmt.Errorf("read Azure's answer: %w", err)
	}
	found, _ := orchestrator.FromJSON(raw).(document)
	return found, nil
}

// begin sends a request that may start an operation, and returns the token by
// which the operation is asked about; "" when it is done already.
func (c *client) begin(ctx context.Context, method, id, version string, body any) (token string, err error) {
	response, err := c.do(ctx, method, id, version, body)
	if err != nil {
		return "", err
	}
	defer closeBody(response)
	poller, err := runtime.NewPoller[answer](response, c.arm.Pipeline(), nil)
	if err != nil {
		return "", err
	}
	if poller.Done() {
		_, err := poller.Result(ctx)
		return "", err
	}
	return poller.ResumeToken()
}

// progress is how far an operation is.
type progress struct {
	done     bool
	patience time.Duration // what the server asked to wait
}

// poll asks once about the operation of a token. The error of an operation that
// failed is the operation's own.
func (c *client) poll(ctx context.Context, token string) (progress, error) {
	poller, err := runtime.NewPollerFromResumeToken[answer](token, c.arm.Pipeline(), nil)
	if err != nil {
		return progress{}, fmt.Errorf("resume the operation: %w", err)
	}
	response, err := poller.Poll(ctx)
	if isNotFound(err) {
		// The operation's record is gone, or so is what it was about: the
		// resource itself tells.
		return progress{done: true}, nil
	}
	if err != nil {
		return progress{}, err
	}
	defer closeBody(response)
	if !poller.Done() {
		return progress{patience: retryAfter(response)}, nil
	}
	if _, err := poller.Result(ctx); err != nil && !isNotFound(err) {
		return progress{}, &operationFailed{err}
	}
	return progress{done: true}, nil
}

// operationFailed says that an operation ended badly, not that asking did.
type operationFailed struct{ err error }

func (e *operationFailed) Error() string { return e.err.Error() }
func (e *operationFailed) Unwrap() error { return e.err }

func retryAfter(response *http.Response) time.Duration {
	if response == nil {
		return 0
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// misdirected are codes of answers that say "not found" of something else than
// what was asked for.
var misdirected = []string{"SubscriptionNotFound", "InvalidResourceType", "InvalidResourceNamespace", "NoRegisteredProviderFound"}

// isNotFound reports whether what was asked for is not there.
func isNotFound(err error) bool {
	answered, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && answered.StatusCode == http.StatusNotFound && !slices.Contains(misdirected, answered.ErrorCode)
}
