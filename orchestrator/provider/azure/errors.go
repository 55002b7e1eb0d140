package azure

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// conflictDelay is how long to wait when something else has to end first.
const conflictDelay = 15 * time.Second

// hopeless are codes that no retry mends, whatever status they come with.
var hopeless = []string{
	"QuotaExceeded", "OperationNotAllowed", "SkuNotAvailable", "PublicIPCountLimitReached", "ResourceQuotaExceeded",
	"StorageAccountAlreadyTaken", "StorageAccountInAnotherResourceGroup", "ServerNameAlreadyExists", "InvalidTemplate", "InvalidTemplateDeployment",
	"LocationNotAvailableForResourceType", "SubscriptionNotFound", "DisallowedProvider", "RequestDisallowedByPolicy",
	"AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest", "OverconstrainedZonalAllocationRequest",
}

// passing are codes of a wrong moment, also where the status speaks of a wrong
// request.
var passing = []string{
	inProgress, "RetryableError", "ReferencedResourceNotProvisioned", "TooManyRequests", "OperationPreempted",
	"ParentResourceNotFound", "ResourceGroupNotFound", "InvalidResourceReference", "ScopeLocked", "ServerIsBusy",
}

// explain sorts an error of Azure's by whether asking again can help. nil stays
// nil; errors that are sorted already stay as they are.
func explain(doing string, err error) error {
	if err == nil || provider.IsFatal(err) {
		return err
	}
	if refused, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		return explainSignIn(refused)
	}
	answered, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		return fmt.Errorf("%s: %w", doing, err)
	}
	said := saidBy(answered)
	if said.Code == "DeploymentFailed" {
		return explainDeployment(doing, said)
	}
	if delay, again := worthAgain(answered.StatusCode, said.meaning()); again {
		return provider.RetryAfter(fmt.Errorf("%s: %s", doing, said), max(delay, retryAfter(answered.RawResponse)))
	}
	if !isHopeless(answered.StatusCode, said.meaning()) {
		return fmt.Errorf("%s: %s", doing, said)
	}
	return provider.Fatal(orchestrator.Errorf(codeOf(answered.StatusCode), "cannot %s: %s%s", doing, said, said.advice()))
}

// explainDeployment judges a failed template by what failed in it: only a wrong
// moment is worth another deployment.
func explainDeployment(doing string, failed said) error {
	for _, code := range failed.codes() {
		if delay, again := worthAgain(0, code); again || code == "Conflict" {
			return provider.RetryAfter(fmt.Errorf("%s: %s", doing, failed), max(delay, conflictDelay))
		}
	}
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "cannot %s: %s%s", doing, failed, failed.advice()))
}

func explainSignIn(refused *azidentity.AuthenticationFailedError) error {
	if refused.RawResponse == nil || refused.RawResponse.StatusCode >= http.StatusInternalServerError || refused.RawResponse.StatusCode == http.StatusTooManyRequests {
		return fmt.Errorf("sign in to Azure: the sign-in service does not answer")
	}
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
		"Azure refuses the credentials (status %d); correct the secrets azure_tenant_id, azure_client_id and azure_client_secret", refused.RawResponse.StatusCode))
}

// worthAgain reports whether the request was right and the moment wrong, and how
// long to wait.
func worthAgain(status int, code string) (time.Duration, bool) {
	if slices.Contains(hopeless, code) {
		return 0, false
	}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status == http.StatusPreconditionFailed,
		slices.Contains(passing, code), strings.Contains(code, "InUse"), strings.Contains(code, "CannotBeDeleted"):
		return conflictDelay, true
	}
	return 0, false
}

// isHopeless reports whether the request itself is wrong.
func isHopeless(status int, code string) bool {
	return slices.Contains(hopeless, code) || status >= http.StatusBadRequest && status < http.StatusInternalServerError && status != http.StatusRequestTimeout
}

func codeOf(status int) orchestrator.Code {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return orchestrator.Forbidden
	case http.StatusNotFound:
		return orchestrator.NotFound
	case http.StatusConflict:
		return orchestrator.Conflict
	}
	return orchestrator.Invalid
}

// said is an error in ARM's shape.
type said struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []said `json:"details"`
}

// inProgress is what meaning makes of a refusal that lasts as long as another
// operation.
const inProgress = "AnotherOperationInProgress"

// meaning is the code, save where only the message tells: OperationNotAllowed
// stands for a quota as well as for a cluster that is being changed.
func (s said) meaning() string {
	if s.Code == "OperationNotAllowed" && strings.Contains(strings.ToLower(s.Message), "in progress") {
		return inProgress
	}
	return s.Code
}

// advice is the way out that goes with the innermost reason.
func (s said) advice() string {
	if len(s.Details) > 0 {
		return s.Details[0].advice()
	}
	switch code := s.Code; {
	case strings.Contains(code, "Quota"), strings.HasSuffix(code, "LimitReached"), strings.Contains(s.Message, "quota"):
		return "; remove what is no longer needed, or ask Azure for a higher quota"
	case strings.Contains(code, "Allocation"), code == "SkuNotAvailable":
		return "; try another size or location, or try later"
	case code == "AuthorizationFailed":
		return "; give the service principal of azure_client_id the role"
	}
	return ""
}

// String prints the innermost reasons, which ARM wraps in "see details".
func (s said) String() string {
	if len(s.Details) == 0 {
		return strings.TrimSuffix(s.Code+": "+s.Message, ": ")
	}
	reasons := make([]string, len(s.Details))
	for i, detail := range s.Details {
		reasons[i] = detail.String()
	}
	return s.Code + ": " + strings.Join(reasons, "; ")
}

// codes lists the innermost codes.
func (s said) codes() []string {
	if len(s.Details) == 0 {
		return []string{s.meaning()}
	}
	var out []string
	for _, detail := range s.Details {
		out = append(out, detail.codes()...)
	}
	return out
}

func saidBy(answered *azcore.ResponseError) said {
	var body struct {
		Error said `json:"error"`
	}
	if answered.RawResponse != nil {
		// The SDK keeps the body for reading again; without one the code is enough.
		if text, err := runtime.Payload(answered.RawResponse); err == nil {
			_ = json.Unmarshal(text, &body)
		}
	}
	if body.Error.Code == "" {
		body.Error.Code = answered.ErrorCode
	}
	if body.Error.Code == "" {
		body.Error.Code = http.StatusText(answered.StatusCode)
	}
	return body.Error
}

// shortID is the end of a resource id, for people.
func shortID(id string) string {
	segments := strings.Split(id, "/")
	if len(segments) < 2 {
		return id
	}
	return strings.Join(segments[len(segments)-2:], "/")
}
