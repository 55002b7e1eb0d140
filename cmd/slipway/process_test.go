package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary builds the program once for all tests that run it as a process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "slipway-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "slipway")
	output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, output)
	}
	return path, nil
})

// process is the program running with a data folder of its own.
type process struct {
	t       *testing.T
	dir     string
	addr    string // since start
	env     []string
	command *exec.Cmd
	log     *serverLog
}

func newProcess(t *testing.T, env ...string) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir(), env: env, log: newServerLog()}
	t.Cleanup(p.kill)
	return p
}

// start runs the program on a port that the system chooses and waits until it
// is ready.
func (p *process) start() {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	p.command = exec.Command(path, "serve", "--addr", "127.0.0.1:0", "--data-dir", p.dir, "--log-level", "info")
	p.command.Env = append(os.Environ(), p.env...)
	p.command.Stderr, p.command.Stdout = p.log, p.log
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	select {
	case p.addr = <-p.log.ready:
	case <-time.After(time.Minute):
		p.t.Fatalf("the server is not ready:\n%s", p.log)
	}
	response, err := http.Get("http://" + p.addr + "/readyz") // the port is open already, if nobody answers yet
	if err != nil {
		p.t.Fatalf("the server does not answer: %v\n%s", err, p.log)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("the server says that it is ready and answers %s\n%s", response.Status, p.log)
	}
}

// serverLog keeps what the program prints and tells the address that it says it
// is ready on.
type serverLog struct {
	mu    sync.Mutex
	text  bytes.Buffer
	told  int // how much of text was searched for the address
	ready chan string
}

var readyOn = regexp.MustCompile(`is ready on http://(\S+)\n`)

func newServerLog() *serverLog { return &serverLog{ready: make(chan string, 1)} }

// Write implements io.Writer.
func (l *serverLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(data)
	if found := readyOn.FindSubmatchIndex(l.text.Bytes()[l.told:]); found != nil {
		addr := string(l.text.Bytes()[l.told+found[2] : l.told+found[3]])
		l.told += found[1]
		l.ready <- addr
	}
	return len(data), nil
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	if p.command == nil || p.command.ProcessState != nil {
		return
	}
	_ = p.command.Process.Kill() // it may have ended
	_ = p.command.Wait()         // says only that it was killed
}

// ask sends one API request with the admin token and decodes the answer.
func (p *process) ask(method, path string, body, answer any) error {
	token, err := os.ReadFile(filepath.Join(p.dir, "admin-token"))
	if err != nil {
		return err
	}
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.addr+"/api/v3.1"+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authentication-Token", strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Tenant", "default_tenant")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if answer == nil || len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func (p *process) must(method, path string, body, answer any) {
	p.t.Helper()
	if err := p.ask(method, path, body, answer); err != nil {
		p.t.Fatalf("%v\n%s", err, tail(p.log.String(), 40))
	}
}

// launch creates an environment of a cell.
func (p *process) launch(id, cloud, envType string) {
	p.t.Helper()
	p.must(http.MethodPut, "/deployments/"+id, map[string]any{
		"blueprint_id": "app", "inputs": map[string]string{"cloud_type": cloud, "env_type": envType},
	}, nil)
}

// execution is what the API says of one.
type execution struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	Error      string `json:"error"`
	Workflow   string `json:"workflow_id"`
	Deployment string `json:"deployment_id"`
}

func (p *process) run(deployment, workflow string) execution {
	p.t.Helper()
	var x execution
	p.must(http.MethodPost, "/executions", map[string]any{"deployment_id": deployment, "workflow_id": workflow}, &x)
	return x
}

// await polls until the execution has ended.
func (p *process) await(id string, limit time.Duration) execution {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		var x execution
		p.must(http.MethodGet, "/executions/"+id, nil, &x)
		switch x.Status {
		case "terminated", "failed", "cancelled":
			return x
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("execution %s of %s is still %s after %s\n%s", x.Workflow, x.Deployment, x.Status, limit, tail(p.log.String(), 40))
		}
		time.Sleep(50 * time.Millisecond) // the API is polled, as its clients do
	}
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// listed is a row of "rehearsal list" or "rehearsal calls".
type listed struct {
	Cloud      string `json:"cloud"`
	Kind       string `json:"kind"`
	Call       string `json:"call"`
	ID         string `json:"id"`
	Deployment string `json:"deployment"`
	State      string `json:"state"`
	Effective  bool   `json:"effective"`
}

func (p *process) rehearsed(what string) []listed {
	p.t.Helper()
	var page struct {
		Items []listed `json:"items"`
	}
	p.must(http.MethodGet, "/rehearsal/"+what+"?_size=1000000", nil, &page)
	return page.Items
}
