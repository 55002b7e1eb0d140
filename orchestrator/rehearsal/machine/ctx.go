package machine

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// ctxPatience is how long nobody may listen while Slipway restarts (real time).
const ctxPatience = 120 * time.Second

const ctxPause = 200 * time.Millisecond

// ctxClient is the ctx program: it speaks the same protocol as the one that the
// SSH provider brings along, which needs an interpreter that is not here.
func ctxClient(c *command) int {
	c.name = "ctx"
	words := c.args
	asJSON, fromInput := false, false
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		switch words[0] {
		case "-j", "--json-output":
			asJSON = true
		case "--stdin":
			fromInput = true
		case "-t", "--timeout":
			words = words[min(1, len(words)-1):]
		default:
			return c.fail(1, "unknown option %s", words[0])
		}
		words = words[1:]
	}
	if fromInput {
		words = append(words[:len(words):len(words)], string(c.input()))
	}
	args, err := ctxArguments(words)
	if err != nil {
		return c.fail(1, "%v", err)
	}
	// What the script has done so far must not be behind what it says of it.
	if err := c.disk().commit(c.shell.program.ctx); err != nil {
		return c.fail(1, "%v", err)
	}
	reply, err := c.askCtx(args)
	if err != nil {
		return c.fail(1, "%v", err)
	}
	return c.showCtx(reply, asJSON)
}

func ctxArguments(words []string) ([]any, error) {
	args := make([]any, len(words))
	for i, word := range words {
		document, ok := strings.CutPrefix(word, "@")
		if !ok {
			args[i] = word
			continue
		}
		if !json.Valid([]byte(document)) {
			return nil, fmt.Errorf("argument %d starts with @ and is not JSON", i+1)
		}
		args[i] = json.RawMessage(document)
	}
	return args, nil
}

type ctxReply struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// askCtx asks until somebody answers; asking twice is safe.
func (c *command) askCtx(args []any) (ctxReply, error) {
	body, err := json.Marshal(map[string]any{"args": args})
	if err != nil {
		return ctxReply{}, err
	}
	until := time.Now().Add(ctxPatience)
	for {
		status, answer, err := c.postCtx(body)
		switch {
		case err == nil && status == http.StatusOK:
			var reply ctxReply
			if err := json.Unmarshal(answer, &reply); err != nil {
				return ctxReply{}, fmt.Errorf("the answer is not JSON")
			}
			return reply, nil
		case err == nil && status != http.StatusServiceUnavailable:
			return ctxReply{}, fmt.Errorf("%s", bytes.TrimSpace(answer))
		case time.Now().After(until):
			return ctxReply{}, fmt.Errorf("nobody answers: %w", err)
		}
		timer := time.NewTimer(ctxPause)
		select {
		case <-c.shell.program.ctx.Done():
			timer.Stop()
			return ctxReply{}, c.shell.program.ctx.Err()
		case <-timer.C:
		}
	}
}

// postCtx sends one request over the forwarded socket.
func (c *command) postCtx(body []byte) (int, []byte, error) {
	address := c.getenv("CTX_SOCKET_URL")
	name, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		name = strings.TrimPrefix(address, "http://")
	}
	channel, err := c.machine().sockets.connect(name)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = channel.Close() }()
	request, err := http.NewRequestWithContext(c.shell.program.ctx, http.MethodPost, "http://ctx/", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.getenv("CTX_TOKEN"))
	request.Header.Set("Content-Type", "application/json")
	request.Close = true
	if err := request.Write(channel); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(channel), request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4*fileLimit))
	return response.StatusCode, answer, err
}

type ctxResource struct {
	Name        string `json:"resource_name"`
	Destination string `json:"destination"`
	Content     string `json:"content_base64"`
}

// showCtx prints an answer as the real client does.
func (c *command) showCtx(reply ctxReply, asJSON bool) int {
	if reply.Type != "result" {
		var problem struct{ Message string }
		if json.Unmarshal(reply.Payload, &problem) != nil {
			problem.Message = "the request failed"
		}
		_, _ = fmt.Fprintln(c.stderr, problem.Message)
		return 1
	}
	var resource ctxResource
	if json.Unmarshal(reply.Payload, &resource) == nil && resource.Content != "" && resource.Name != "" {
		return c.saveResource(resource)
	}
	if asJSON {
		c.print(string(reply.Payload))
		return 0
	}
	var text string
	if json.Unmarshal(reply.Payload, &text) == nil {
		c.print(text)
		return 0
	}
	switch raw := string(reply.Payload); raw {
	case "", "null", "false", "0", "{}", "[]":
	case "true":
		c.print("True")
	default:
		c.print(raw)
	}
	return 0
}

func (c *command) saveResource(resource ctxResource) int {
	content, err := base64.StdEncoding.DecodeString(resource.Content)
	if err != nil {
		return c.fail(1, "the file came damaged")
	}
	to := resource.Destination
	if to == "" {
		dir := "/tmp/" + randomLetters(8)
		if err := c.disk().mkdir(dir, 0o700, c.shell.user, false); err != nil {
			return c.fail(1, "%s", reason(err))
		}
		to = path.Join(dir, resource.Name)
	}
	if err := c.write(to, content); err != nil {
		return c.fail(1, "%s: %s", to, reason(err))
	}
	c.print(to)
	return 0
}
