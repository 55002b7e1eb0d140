package ctxproxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// requestLimit bounds one request (8 MiB).
const requestLimit = 8 << 20

// Serve answers requests on the listener until the context ends, and closes it.
func (s *Session) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return err
}

// ServeHTTP answers one request of a ctx client.
func (s *Session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(r) {
		http.Error(w, "the token is missing or belongs to another operation", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "ctx requests are POST", http.StatusMethodNotAllowed)
		return
	}
	read, write := readJSONArgs, writeJSON
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		read, write = readTextArgs, writeText
	}
	args, err := read(http.MaxBytesReader(w, r.Body, requestLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	payload, err := s.do(r.Context(), args)
	if _, unkept := errors.AsType[*unkeptError](err); unkept {
		// The client asks again, and then perhaps another server.
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	write(w, payload, err)
}

func (s *Session) allowed(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && s.options.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(s.options.Token)) == 1
}

type problem struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// writeJSON answers a client with a JSON library.
func writeJSON(w http.ResponseWriter, payload orchestrator.Value, err error) {
	reply := map[string]any{"type": "result", "payload": payload}
	if err != nil {
		reply = map[string]any{"type": "error", "payload": problem{Type: "RuntimeError", Message: err.Error()}}
		if _, stop := errors.AsType[*stopError](err); stop {
			reply = map[string]any{"type": "stop_operation", "payload": problem{Type: "StopAgent", Message: err.Error()}}
		}
	}
	out, err := json.Marshal(reply)
	if err != nil {
		http.Error(w, "the value cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out) // a client that went away asks again
}

func readJSONArgs(body io.Reader) ([]orchestrator.Value, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, errors.New("the request is cut short or too large")
	}
	document, err := orchestrator.DecodeValue(raw)
	if err != nil {
		return nil, errors.New("the request is not JSON")
	}
	args, ok := orchestrator.Lookup(document, "args")
	list, isList := args.([]orchestrator.Value)
	if !ok || !isList {
		return nil, errors.New(`the request lacks its list of "args"`)
	}
	return list, nil
}

// writeText answers a client that prints what it gets.
func writeText(w http.ResponseWriter, payload orchestrator.Value, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		status := http.StatusUnprocessableEntity
		if _, stop := errors.AsType[*stopError](err); stop {
			status = http.StatusConflict
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, err.Error()+"\n")
		return
	}
	_, _ = w.Write(textAnswer(payload))
}

// textAnswer is what the client prints, or the bytes of a downloaded file.
func textAnswer(payload orchestrator.Value) []byte {
	if file, ok := payload.(Resource); ok {
		content, err := base64.StdEncoding.DecodeString(file.Content)
		if err == nil {
			return content
		}
	}
	return []byte(text(payload))
}

func readTextArgs(body io.Reader) ([]orchestrator.Value, error) {
	var args []orchestrator.Value
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, requestLimit)
	for lines.Scan() {
		raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(lines.Bytes())))
		if err != nil {
			return nil, errors.New("an argument is not base64")
		}
		arg, err := argument(string(raw))
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	if lines.Err() != nil {
		return nil, errors.New("the request is cut short or too large")
	}
	return args, nil
}

// argument reads one argument as a client gives it: "@" introduces JSON.
func argument(raw string) (orchestrator.Value, error) {
	document, ok := strings.CutPrefix(raw, "@")
	if !ok {
		return raw, nil
	}
	value, err := orchestrator.DecodeValue([]byte(document))
	if err != nil {
		return nil, errors.New("an argument that starts with @ is not JSON")
	}
	return value, nil
}
