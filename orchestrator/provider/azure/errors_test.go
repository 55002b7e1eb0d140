package azure

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// answered is the SDK's error for a response.
func answered(status int, body string) error {
	request, err := http.NewRequest(http.MethodPut, "https://management.azure.com/x", nil)
	if err != nil {
		return err
	}
	return runtime.NewResponseError(&http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request,
	})
}

func TestIsNotFound(t *testing.T) {
	for code, want := range map[string]bool{"ResourceNotFound": true, "ResourceGroupNotFound": true, "SubscriptionNotFound": false, "InvalidResourceType": false} {
		if got := isNotFound(answered(404, `{"error":{"code":"`+code+`"}}`)); got != want {
			t.Errorf("404 %s means that the resource is not there: %t, want %t", code, got, want)
		}
	}
}

func TestExplain(t *testing.T) {
	type verdict struct {
		Fatal bool
		After time.Duration
		Says  string
	}
	tests := map[string]struct {
		reason string
		err    error
		want   verdict
	}{
		"Validation": {
			"a wrong request stays wrong", answered(400, `{"error":{"code":"InvalidParameter","message":"no"}}`),
			verdict{Fatal: true, Says: "cannot create x: InvalidParameter: no"},
		},
		"Forbidden": {
			"so does a missing permission", answered(403, `{"error":{"code":"AuthorizationFailed","message":"no"}}`),
			verdict{Fatal: true, Says: "cannot create x: AuthorizationFailed: no; give the service principal of azure_client_id the role"},
		},
		"Busy": {
			"the moment is wrong, whatever the status says", answered(400, `{"error":{"code":"AnotherOperationInProgress","message":"wait"}}`),
			verdict{After: conflictDelay, Says: "create x: AnotherOperationInProgress: wait"},
		},
		"InUse": {
			"what uses it may go", answered(400, `{"error":{"code":"InUseSubnetCannotBeDeleted","message":"used"}}`),
			verdict{After: conflictDelay, Says: "create x: InUseSubnetCannotBeDeleted: used"},
		},
		"Throttled": {
			"too many requests pass", answered(429, `{"error":{"code":"TooManyRequests","message":"slow"}}`),
			verdict{After: conflictDelay, Says: "create x: TooManyRequests: slow"},
		},
		"Quota": {
			"a quota does not grow by waiting, though it is a conflict", answered(409, `{"error":{"code":"QuotaExceeded","message":"full"}}`),
			verdict{Fatal: true, Says: "cannot create x: QuotaExceeded: full; remove what is no longer needed, or ask Azure for a higher quota"},
		},
		"Cores": {
			"the same code stands for a quota", answered(409, `{"error":{"code":"OperationNotAllowed","message":"exceeding approved Total Regional Cores quota"}}`),
			verdict{Fatal: true, Says: "cannot create x: OperationNotAllowed: exceeding approved Total Regional Cores quota; remove what is no longer needed, or ask Azure for a higher quota"},
		},
		"BusyCluster": {
			"and for a wrong moment", answered(409, `{"error":{"code":"OperationNotAllowed","message":"Another operation (Updating) is in progress"}}`),
			verdict{After: conflictDelay, Says: "create x: OperationNotAllowed: Another operation (Updating) is in progress"},
		},
		"NoRoom": {
			"an operation that found no machine", answered(200, `{"status":"Failed","error":{"code":"AllocationFailed","message":"full"}}`),
			verdict{Fatal: true, Says: "cannot create x: AllocationFailed: full; try another size or location, or try later"},
		},
		"OtherSubscription": {
			"not found is not gone when the subscription is meant", answered(404, `{"error":{"code":"SubscriptionNotFound","message":"none"}}`),
			verdict{Fatal: true, Says: "cannot create x: SubscriptionNotFound: none"},
		},
		"ServerError": {
			"Azure's own trouble is retried as usual", answered(500, `{"error":{"code":"InternalServerError","message":"oops"}}`),
			verdict{Says: "create x: InternalServerError: oops"},
		},
		"NoBody": {
			"a proxy's answer has no code", answered(502, "<html>"),
			verdict{Says: "create x: Bad Gateway"},
		},
		"FailedTemplate": {
			"a template that failed for good, by its innermost reason",
			answered(200, `{"status":"Failed","error":{"code":"DeploymentFailed","message":"see","details":[{"code":"SkuNotAvailable","message":"none here"}]}}`),
			verdict{Fatal: true, Says: "cannot create x: DeploymentFailed: SkuNotAvailable: none here; try another size or location, or try later"},
		},
		"PreemptedTemplate": {
			"a template that failed by a wrong moment",
			answered(200, `{"status":"Failed","error":{"code":"DeploymentFailed","details":[{"code":"AnotherOperationInProgress","message":"wait"}]}}`),
			verdict{After: conflictDelay, Says: "create x: DeploymentFailed: AnotherOperationInProgress: wait"},
		},
		"Network": {
			"no answer at all", errors.New("connection reset"),
			verdict{Says: "create x: connection reset"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := explain("create x", test.err)
			got := verdict{Fatal: provider.IsFatal(err), Says: err.Error()}
			got.After, _ = provider.RetryDelay(err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
