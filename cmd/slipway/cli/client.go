package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/diag"
)

const (
	apiPrefix      = "/api/v3.1"
	connectTimeout = 5 * time.Second
	readTimeout    = 5 * time.Minute
)

// client asks one server in the name of one team.
type client struct {
	settings
	http *http.Client
}

// connect returns a client for the settings of this command line; it asks
// nothing yet.
func (c *cli) connect() (*client, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	return newClient(s), nil
}

func newClient(s settings) *client {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
	}
	return &client{settings: s, http: &http.Client{
		Transport: transport, Timeout: readTimeout,
		// The token goes to this server and not where it points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// request is one question to the API.
type request struct {
	method, path string
	query        url.Values
	contentType  string
	body         []byte
}

func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.ask(ctx, request{method: http.MethodGet, path: path, query: query}, into)
}

// send asks with a JSON body.
func (c *client) send(ctx context.Context, method, path string, query url.Values, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	return c.ask(ctx, request{method: method, path: path, query: query, body: data}, into)
}

// ask sends the request and decodes the answer, if there is one, into into. A
// 401 is asked again once with what the token file holds by now.
func (c *client) ask(ctx context.Context, r request, into any) error {
	status, answer, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	if status == http.StatusUnauthorized && c.file != "" {
		token, err := readToken(c.file)
		if err == nil && token != c.token {
			c.token = token
			if status, answer, err = c.do(ctx, r); err != nil {
				return err
			}
		}
	}
	if status >= http.StatusMultipleChoices {
		return c.refusal(status, answer)
	}
	if into == nil || len(bytes.TrimSpace(answer)) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s answered something that is no API answer; is it a Slipway server?", c.url)
	}
	return nil
}

func (c *client) do(ctx context.Context, r request) (status int, answer []byte, err error) {
	target := *c.url
	target = *target.JoinPath(apiPrefix, r.path)
	target.RawQuery = r.query.Encode()
	question, err := http.NewRequestWithContext(ctx, r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, fmt.Errorf("write request: %w", err)
	}
	c.dress(question, r.contentType)
	response, err := c.http.Do(question)
	if err != nil {
		return 0, nil, c.unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // everything was read, or the error says why not
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, c.unreachable(ctx, err)
	}
	return response.StatusCode, answer, nil
}

func (c *client) dress(question *http.Request, contentType string) {
	question.Header.Set("Content-Type", firstOf(contentType, "application/json"))
	question.Header.Set("Accept", "application/json")
	question.Header.Set("Tenant", c.tenant)
	switch {
	case c.token != "":
		question.Header.Set("Authentication-Token", c.token)
	case c.user != "":
		question.SetBasicAuth(c.user, c.password)
	}
}

// connectionError is a server that did not answer; asking again may help.
type connectionError struct{ message string }

func (e *connectionError) Error() string { return e.message }

func (c *client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL, which the sentence names anyway
	}
	return &connectionError{fmt.Sprintf("cannot reach the server at %s (%v); start one with: slipway serve, or set SLIPWAY_URL", c.url, err)}
}

// serverError is a refusal in the API's words.
type serverError struct {
	status   int
	code     string
	message  string
	findings diag.Diagnostics // of a blueprint that is not valid
}

func (e *serverError) Error() string {
	return fmt.Sprintf("An error occurred on the server: %d: %s", e.status, printable(e.message))
}

func (c *client) refusal(status int, answer []byte) error {
	var body struct {
		Message  string           `json:"message"`
		Code     string           `json:"error_code"`
		Findings diag.Diagnostics `json:"findings"`
	}
	if err := json.Unmarshal(answer, &body); err != nil || body.Message == "" {
		body.Message = http.StatusText(status)
	}
	refused := &serverError{status: status, code: body.Code, message: body.Message, findings: body.Findings}
	switch {
	case status == http.StatusUnauthorized && c.token == "" && c.user == "":
		refused.message = "no token was sent: run this where var/admin-token is, set SLIPWAY_TOKEN_FILE, or sign in with: slipway profiles use " + c.url.String() + " -u USER"
	case status == http.StatusUnauthorized:
		refused.message = strings.TrimSuffix(body.Message, ".") + "; the server refused " + c.origin
	case status < http.StatusBadRequest:
		refused.message = "the server points elsewhere; set SLIPWAY_URL to its own address"
	}
	return refused
}

// page is a list's answer.
type page struct {
	Items    []json.RawMessage `json:"items"`
	Metadata struct {
		Pagination struct {
			Total int `json:"total"`
		} `json:"pagination"`
	} `json:"metadata"`
}

// in joins a noun and a name that may hold anything into a path.
func in(noun, name string) string { return "/" + noun + "/" + url.PathEscape(name) }
