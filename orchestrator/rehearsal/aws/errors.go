package aws

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// shape turns what the world said into what the SDK's own deserializer would
// have returned.
func shape(operation string, err error) error {
	if refusal, ok := errors.AsType[*rehearsal.Refusal](err); ok {
		return answer(refusal.Status, refusal.Code, refusal.Message)
	}
	if faulted, ok := errors.AsType[*rehearsal.FaultedError](err); ok {
		return faultAnswer(operation, faulted.Kind)
	}
	return answer(http.StatusInternalServerError, "InternalError", err.Error())
}

func faultAnswer(operation, kind string) error {
	switch kind {
	case rehearsal.FaultThrottle:
		return answer(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	case rehearsal.FaultCapacity:
		return answer(http.StatusInternalServerError, capacityCode(operation), "We currently do not have sufficient capacity for this request.")
	case rehearsal.FaultLost:
		return brokenConnection()
	default:
		return answer(http.StatusInternalServerError, "InternalError", "An internal error has occurred.")
	}
}

func capacityCode(operation string) string {
	switch operation {
	case "RunInstances", "StartInstances":
		return "InsufficientInstanceCapacity"
	case "AllocateAddress":
		return "InsufficientAddressCapacity"
	default:
		return "InsufficientCapacity"
	}
}

// answer is an error response with its HTTP status, which the SDK's retryer
// looks at.
func answer(status int, code, message string) error {
	fault := smithy.FaultClient
	if status >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &awshttp.ResponseError{
		RequestID: requestID,
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}},
			Err:      &smithy.GenericAPIError{Code: code, Message: message, Fault: fault},
		},
	}
}

// brokenConnection is what net/http says when the peer goes away before the
// answer.
func brokenConnection() error {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://ec2.rehearsal/", Err: reset}}
}
