package aws

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// code returns the error code that AWS answered, or "".
func code(err error) string {
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		return answer.ErrorCode()
	}
	return ""
}

// except drops an error whose code says that the work was done before: by an
// earlier try, by the SDK's own repeat, or because there is nothing left to do.
// A look at the resource tells whether that is so.
func except(err error, codes ...string) error {
	if slices.Contains(codes, code(err)) {
		return nil
	}
	return err
}

// doubtful marks the error of a create that may have had its effect all the
// same: everything but a plain refusal and a request that never left.
func doubtful(err error) error {
	if err == nil || provider.IsFatal(err) || neverSent(err) || refused(err) {
		return err
	}
	return resource.Doubtful(err)
}

func neverSent(err error) bool {
	if _, fence := errors.AsType[*errFence](err); fence {
		return true
	}
	if _, invalid := errors.AsType[smithy.InvalidParamsError](err); invalid {
		return true
	}
	connection, ok := errors.AsType[*net.OpError](err)
	return ok && connection.Op == "dial"
}

// refused reports whether AWS surely did nothing: a client error, throttling or
// no room, which EC2 answers with status 503 and 500.
func refused(err error) bool {
	if throttled(code(err)) || outOfRoom(code(err)) {
		return true
	}
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && code(err) != "" && answer.HTTPStatusCode() < http.StatusInternalServerError
}

// passing are codes of refusals that time may lift, apart from *.NotFound, which
// a thing created a moment ago may answer.
var passing = map[string]bool{
	"DependencyViolation":           true,
	"IncorrectState":                true,
	"IncorrectInstanceState":        true,
	"InvalidInstanceID":             true, // associating an address with an instance that is pending
	"InvalidIPAddress.InUse":        true,
	"InvalidNetworkInterface.InUse": true,
	"InvalidGroup.InUse":            true,
	"OperationNotPermitted":         true, // detaching eth0 of an instance that ends
	"ResourceCountExceeded":         true,
	"RequestExpired":                true,
}

// lasting are codes of *.NotFound that waiting will not mend.
var lasting = map[string]bool{
	"InvalidAMIID.NotFound":    true,
	"InvalidKeyPair.NotFound":  true,
	"InvalidSnapshot.NotFound": true,
}

// classify turns what the SDK returned into what the engine and a person need:
// hopeless refusals end at once, the rest is retried by policy.
func classify(err error) error {
	if err == nil || provider.IsFatal(err) {
		return err
	}
	answer, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		if _, invalid := errors.AsType[smithy.InvalidParamsError](err); invalid {
			return provider.Fatal(err)
		}
		return err
	}
	if !hopeless(answer, err) {
		return err
	}
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "AWS refuses it (%s): %s%s",
		answer.ErrorCode(), answer.ErrorMessage(), advice(answer.ErrorCode())).Wrap(err))
}

func hopeless(answer smithy.APIError, err error) bool {
	word := answer.ErrorCode()
	switch {
	case outOfRoom(word) || lasting[word]:
		return true
	case passing[word] || strings.HasSuffix(word, ".NotFound"):
		return false
	case word == "InvalidParameterValue" && strings.Contains(answer.ErrorMessage(), "currently in use"):
		return false // how EC2 says that a network interface is still attached
	default:
		return refused(err) && !throttled(word)
	}
}

func throttled(word string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[word]
	return ok
}

// outOfRoom reports whether the cloud or the account has no room; capacity codes
// come with status 500 and would else be retried for a quarter of an hour.
func outOfRoom(word string) bool {
	return strings.HasPrefix(word, "Insufficient") ||
		strings.HasSuffix(word, "LimitExceeded") && word != "RequestLimitExceeded" && word != "BandwidthLimitExceeded"
}

// advice is the way out that goes with a code.
func advice(word string) string {
	switch {
	case strings.HasPrefix(word, "Insufficient"):
		return "; try another zone or instance type, or try later"
	case strings.HasSuffix(word, "LimitExceeded"):
		return "; remove what is no longer needed, or ask AWS for a higher quota"
	case word == "UnauthorizedOperation" || word == "OptInRequired":
		return "; give the access key of client_config the permission"
	case word == "AuthFailure" || word == "InvalidClientTokenId" || word == "SignatureDoesNotMatch":
		return "; correct the secrets aws_access_key_id and aws_secret_access_key"
	default:
		return ""
	}
}
