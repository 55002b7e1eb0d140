package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// errorObject is the contract's error. A traceback would be printed to users,
// so there is none, ever.
type errorObject struct {
	Message   string  `json:"message"`
	Code      string  `json:"error_code"`
	Traceback *string `json:"server_traceback"`
	// Findings are ours: what is wrong in a blueprint, and where.
	Findings diag.Diagnostics `json:"findings,omitempty"`
	// Fields are ours: what is wrong with each input of a request.
	Fields map[string]string `json:"fields,omitempty"`
}

// byCode gives each code its status and the contract's word where there is no
// finer one.
var byCode = map[orchestrator.Code]struct {
	status int
	word   string
}{
	orchestrator.Invalid:      {http.StatusBadRequest, "bad_parameters_error"},
	orchestrator.NotFound:     {http.StatusNotFound, "not_found_error"},
	orchestrator.Conflict:     {http.StatusConflict, "conflict_error"},
	orchestrator.Forbidden:    {http.StatusForbidden, "forbidden_error"},
	orchestrator.Unauthorized: {http.StatusUnauthorized, "unauthorized_error"},
	orchestrator.Unavailable:  {http.StatusServiceUnavailable, "unavailable_error"},
	orchestrator.TooLarge:     {http.StatusRequestEntityTooLarge, "bad_parameters_error"},
	orchestrator.TooMany:      {http.StatusTooManyRequests, "too_many_requests_error"},
	orchestrator.Internal:     {http.StatusInternalServerError, "internal_server_error"},
}

// byReason are the words whose status the contract fixes otherwise.
var byReason = map[string]int{
	"blueprint_in_use":               http.StatusMethodNotAllowed,
	"plugin_in_use":                  http.StatusMethodNotAllowed,
	"method_not_allowed_error":       http.StatusMethodNotAllowed,
	"unsupported_content_type_error": http.StatusUnsupportedMediaType,
	"dependent_exists_error":         http.StatusBadRequest,
	"imported_blueprint_not_found":   http.StatusNotFound,
}

// explain turns an error into what a client gets. Of an internal error it says
// nothing of the inside.
func explain(err error) (int, errorObject) {
	var unrouted *echo.HTTPError
	if errors.As(err, &unrouted) {
		err = fromRouter(unrouted)
	}
	answer := byCode[orchestrator.ErrorCode(err)]
	object := errorObject{Message: orchestrator.ErrorMessage(err), Code: answer.word}
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok {
		object.Fields = refused.Fields
		if refused.Reason != "" {
			object.Code = refused.Reason
		}
	}
	if failure, ok := errors.AsType[*diag.Failure](err); ok {
		object.Findings = failure.Diagnostics
	}
	if status, ok := byReason[object.Code]; ok {
		answer.status = status
	}
	return answer.status, object
}

// retryAfter is when to ask again; zero where asking again would not help.
func retryAfter(status int, err error) time.Duration {
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok && refused.RetryAfter > 0 {
		return refused.RetryAfter
	}
	if status == http.StatusServiceUnavailable {
		return 10 * time.Second
	}
	return 0
}

// fromRouter words what the router answers itself.
func fromRouter(err *echo.HTTPError) error {
	switch err.Code {
	case http.StatusNotFound:
		return orchestrator.Errorf(orchestrator.NotFound, "not found: the API of this version has no such resource")
	case http.StatusMethodNotAllowed:
		return orchestrator.Errorf(orchestrator.Invalid, "the method is not allowed for this resource").Because("method_not_allowed_error")
	default:
		return err
	}
}

// fail is the router's error handler: the one place where errors are written.
// There is no WWW-Authenticate header on purpose: a browser that asked its user
// for a password would from then on send it with whatever page it is on.
func (a *API) fail(err error, c echo.Context) {
	if c.Response().Committed {
		a.log.Debug("api answer broken off", "path", c.Request().URL.Path, "error", err)
		return
	}
	status, object := explain(err)
	if wait := retryAfter(status, err); wait > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if status >= http.StatusInternalServerError {
		a.log.Error("api request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "error", err)
	}
	if err := c.JSON(status, object); err != nil {
		a.log.Debug("write api error", "error", err)
	}
}
