package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
)

// maxJSON bounds a JSON body, in bytes.
const maxJSON = 8 << 20

// call is one request that may be answered: who asks is known and allowed here.
type call struct {
	echo.Context
	api   *API
	Actor orchestrator.Actor
	query url.Values
}

// name is a part of the path that names something.
func (c *call) name(parameter string) string {
	raw := c.Param(parameter)
	if c.Request().URL.RawPath == "" {
		return raw // decoded already
	}
	if name, err := url.PathUnescape(raw); err == nil {
		return name
	}
	return raw
}

func invalid(format string, args ...any) *orchestrator.Error {
	return orchestrator.Errorf(orchestrator.Invalid, format, args...).Because("bad_parameters_error")
}

func (c *call) checkQuery(known []string) error {
	for _, key := range orchestrator.SortedKeys(c.query) {
		if !slices.Contains(known, key) {
			return invalid("unknown query parameter %q", key).On(key)
		}
	}
	return nil
}

// one returns the value of a query key that may be given once.
func (c *call) one(key string) (string, error) {
	values := c.query[key]
	if len(values) > 1 {
		return "", invalid("%s may be given once", key).On(key)
	}
	if len(values) == 0 {
		return "", nil
	}
	return values[0], nil
}

// fits reports whether a filter with these values lets one through; a filter
// without values lets everything through.
func fits(wanted []string, have string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, have)
}

// truth returns the boolean of a query key, in Python's spelling or ours.
func (c *call) truth(key string) (bool, error) {
	text, err := c.one(key)
	if err != nil || text == "" {
		return false, err
	}
	value, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return false, invalid("%s must be true or false, not %q", key, text).On(key)
	}
	return value, nil
}

// body reads a JSON object into v. Keys that v does not know are refused.
func (c *call) body(v any) error { return c.decode(v, true) }

// bodyWithMore reads a JSON object whose other keys mean nothing to us.
func (c *call) bodyWithMore(v any) error { return c.decode(v, false) }

func (c *call) decode(v any, strict bool) error {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return orchestrator.Errorf(orchestrator.Invalid, "Content type must be application/json").Because("unsupported_content_type_error")
	}
	decoder := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxJSON))
	decoder.UseNumber()
	if strict {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(v); err != nil {
		return bodyError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return invalid("the body holds more than one JSON document")
	}
	return nil
}

// bodyError says what is wrong with a body, without repeating any of it: it may
// hold a secret.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok {
		return refused
	}
	switch {
	case errors.As(err, &tooLarge):
		return orchestrator.Errorf(orchestrator.TooLarge, "the body has more than %d MB", tooLarge.Limit>>20)
	case errors.As(err, &syntax):
		return invalid("the body is not valid JSON (at byte %d)", syntax.Offset)
	case errors.As(err, &mistyped):
		return wrongType(mistyped)
	case errors.Is(err, io.EOF):
		return invalid("the body is empty; a JSON object is needed")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return invalid("unknown %s in the body", strings.TrimPrefix(err.Error(), "json: unknown "))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("the body ends too early")
	default:
		return invalid("the body cannot be read").Wrap(err)
	}
}

// wrongType says in JSON's words what kind of value was wanted where.
func wrongType(mistyped *json.UnmarshalTypeError) error {
	given, _, _ := strings.Cut(mistyped.Value, " ") // "number 1.5" repeats the value
	wanted := "an object"
	switch mistyped.Type.Kind() {
	case reflect.String:
		wanted = "a text"
	case reflect.Bool:
		wanted = "true or false"
	case reflect.Int, reflect.Int64:
		wanted = "a whole number"
	case reflect.Slice:
		wanted = "a list"
	}
	if mistyped.Field == "" {
		return invalid("the body must be a JSON object, not %s", given)
	}
	return invalid("%q must be %s, not %s", mistyped.Field, wanted, given).On(mistyped.Field)
}

// boolean is a boolean that clients also send as the text "true" or "false".
type boolean bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *boolean) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(data), `"`)))
	if string(data) == "null" {
		value, err = false, nil
	}
	if err != nil {
		// Of this kind, because the decoder adds to it where it stood.
		return &json.UnmarshalTypeError{Value: kindOf(data), Type: reflect.TypeFor[bool]()}
	}
	*f = boolean(value)
	return nil
}

// kindOf is the kind of a JSON value, by how it begins.
func kindOf(data []byte) string {
	switch data[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	default:
		return "number"
	}
}

// onlyTeam refuses a visibility that things here do not have: what was meant to
// be private must not turn out shared.
func onlyTeam(visibility string) error {
	if visibility != "" && visibility != "tenant" {
		return invalid("the visibility must be tenant: everything here belongs to its team").On("visibility")
	}
	return nil
}
