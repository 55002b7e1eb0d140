package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
	keeperfile "github.com/slipwayhq/slipway/store/keeper/file"
)

const leakPassword = "admin-Passw0rd-of-the-leak-test"

// evidence is everything that somebody without the right might see, by where.
type evidence map[string][]byte

// TestNothingLeaks runs both cells with their workload and looks for every
// password, token and key that came to be, plain and in base64, in the database
// files, the process list, the server's log, events, pages and API answers.
func TestNothingLeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("launches two environments")
	}
	p := newProcess(t, "SLIPWAY_ADMIN_PASSWORD="+leakPassword, "SLIPWAY_REHEARSAL_SPEED=120")
	p.start()
	seen := evidence{}
	stopWatching := watchProcesses(t)
	for id, cell := range map[string][2]string{"app_dev": {"aws", "dev-small"}, "app_prod": {"azure", "production"}} {
		p.launch(id, cell[0], cell[1])
		p.ends(id, "install")
		p.must(http.MethodPut, "/deployments/site_"+id, map[string]any{"blueprint_id": "website", "inputs": map[string]string{"environment": id}}, nil)
		p.ends("site_"+id, "install")
	}
	seen.addAPI(p)
	seen.addPages(p)
	seen["the process list"] = stopWatching()
	seen.addFiles(t, p.dir, "while running: ")
	asked := p.body(http.DefaultClient, "/api/v3.1/deployments/app_dev/capabilities")
	p.stop()
	seen.addFiles(t, p.dir, "after the end: ")
	seen["the server's log"] = []byte(p.log.String())

	secrets := secretsOf(t, p.dir)
	if len(secrets) < 10 {
		t.Fatalf("only %d secrets came to be; this test would prove nothing", len(secrets))
	}
	if found(asked, secrets["app_dev-database master_password.master_password"]+secrets["app_dev-database master_password.value"]) == "" {
		t.Error("the database password is not even found where it was asked for: this test would prove nothing")
	}
	for what, secret := range secrets {
		for where, text := range seen {
			if shape := found(text, secret); shape != "" {
				t.Errorf("%s is in %s, %s", what, where, shape)
			}
		}
	}
	t.Logf("looked for %d secrets in %d places", len(secrets), len(seen))
}

func (p *process) ends(deployment, workflow string) {
	p.t.Helper()
	if x := p.await(p.run(deployment, workflow).ID, 2*time.Minute); x.Status != "terminated" {
		p.t.Fatalf("%s of %s ended %s: %s", workflow, deployment, x.Status, x.Error)
	}
}

// stop ends the program as an operator does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("the server ended with %v", err)
	}
}

// found tells in which shape a text holds a secret; "" for none.
func found(text []byte, secret string) string {
	if bytes.Contains(text, []byte(secret)) {
		return "plain"
	}
	for offset := range 3 {
		padded := append(make([]byte, offset), secret...)
		encoded := base64.StdEncoding.EncodeToString(padded)
		// The first characters and the last depend on what stands around.
		core := encoded[min(len(encoded), 4):max(min(len(encoded), 4), len(encoded)-4)]
		if len(core) >= 8 && bytes.Contains(text, []byte(core)) {
			return "in base64"
		}
	}
	return ""
}

// watchProcesses collects the arguments of all processes until it is stopped.
func watchProcesses(t *testing.T) (stop func() []byte) {
	t.Helper()
	var all bytes.Buffer
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			output, err := exec.Command("ps", "axww", "-o", "args").Output()
			if err == nil {
				all.Write(output)
			}
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond): // sampled
			}
		}
	}()
	return func() []byte {
		close(done)
		<-ended
		return all.Bytes()
	}
}

func (e evidence) addFiles(t *testing.T, dir, when string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("database files: %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e[when+filepath.Base(file)] = text
	}
}

// addAPI collects what the API answers where no value was asked for.
func (e evidence) addAPI(p *process) {
	for _, path := range []string{
		"/blueprints", "/blueprints/app", "/deployments", "/deployments/app_dev", "/deployments/app_prod", "/deployments/app_dev-database",
		"/executions", "/secrets", "/nodes", "/node-instances", "/rehearsal/resources", "/rehearsal/calls", "/status",
	} {
		e["API "+path] = p.body(http.DefaultClient, "/api/v3.1"+path)
	}
	var page struct{ Items []execution }
	p.must(http.MethodGet, "/executions", nil, &page)
	for _, x := range page.Items {
		path := "/events?execution_id=" + x.ID + "&type=cloudify_event&type=cloudify_log&_size=10000"
		e["API "+path] = p.body(http.DefaultClient, "/api/v3.1"+path)
	}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// addPages signs in and collects every page with what it links to.
func (e evidence) addPages(p *process) {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	token := csrfField.FindSubmatch(p.body(client, "/sign-in"))
	if token == nil {
		p.t.Fatal("the sign-in page has no token")
	}
	form := url.Values{"csrf": {string(token[1])}, "name": {"admin"}, "password": {leakPassword}, "next": {"/"}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+p.addr+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", "http://"+p.addr)
	response, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	queue, seen := []string{"/environments", "/catalogue", "/executions", "/blueprints", "/secrets"}, map[string]bool{}
	link := regexp.MustCompile(`href="(/[a-z][^"#]*)"`)
	for len(queue) > 0 && len(seen) < 200 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] || strings.HasPrefix(path, "/static/") {
			continue
		}
		seen[path] = true
		body := p.body(client, path)
		e["page "+path] = body
		for _, match := range link.FindAllSubmatch(body, -1) {
			queue = append(queue, strings.ReplaceAll(string(match[1]), "&amp;", "&"))
		}
	}
	if len(seen) < 20 {
		p.t.Fatalf("only %d pages were found", len(seen))
	}
}

// body fetches one address; API requests carry the admin token.
func (p *process) body(client *http.Client, path string) []byte {
	p.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/api/") {
		token, err := os.ReadFile(filepath.Join(p.dir, "admin-token"))
		if err != nil {
			p.t.Fatal(err)
		}
		request.Header.Set("Authentication-Token", strings.TrimSpace(string(token)))
	}
	response, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s: %s", path, response.Status, text)
	}
	return text
}

// secretsOf opens the database with its key and collects every secret value.
func secretsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	ctx := context.Background()
	key, err := keeperfile.Open("file://" + filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := store.NewEnvelope(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, store.Options{URL: filepath.Join(dir, "slipway.db"), Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	token, err := os.ReadFile(filepath.Join(dir, "admin-token"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"the admin's password": leakPassword, "the admin token": strings.TrimSpace(string(token))}
	if err := s.View(ctx, func(tx *store.Tx) error { return collect(ctx, tx, secrets) }); err != nil {
		t.Fatal(err)
	}
	return secrets
}

func collect(ctx context.Context, tx *store.Tx, secrets map[string]string) error {
	listed, err := tx.ListSecrets(ctx, orchestrator.DefaultTeam)
	if err != nil {
		return err
	}
	for _, each := range listed {
		if each.Kind != orchestrator.SecretSensitive || each.Placeholder {
			continue
		}
		secret, err := tx.Secret(ctx, each.Team, each.Key)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(strings.TrimSpace(secret.Value), "\n") {
			if !strings.HasPrefix(line, "-----") {
				secrets[fmt.Sprintf("line %d of secret %s", i+1, each.Key)] = line
			}
		}
	}
	deployments, _, err := tx.ListDeployments(ctx, store.DeploymentQuery{Team: orchestrator.DefaultTeam})
	if err != nil {
		return err
	}
	for _, d := range deployments {
		instances, err := tx.Instances(ctx, d.UID)
		if err != nil {
			return err
		}
		collectMarked(secrets, "input of "+d.ID, d.Inputs, "", false)
		for _, instance := range instances {
			collectMarked(secrets, d.ID+" "+instance.NodeID, instance.Runtime, "", false)
		}
	}
	return nil
}

// collectMarked adds texts that are marked themselves, and those under a
// secret's name inside something marked.
func collectMarked(secrets map[string]string, where string, v orchestrator.Value, key string, marked bool) {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		if text, ok := v.Open().(string); ok && len(text) >= 8 {
			secrets[where+"."+key] = text
			return
		}
		collectMarked(secrets, where, v.Open(), key, true)
	case map[string]orchestrator.Value:
		for name, item := range v {
			collectMarked(secrets, where, item, key+"."+name, marked)
		}
	case []orchestrator.Value:
		for _, item := range v {
			collectMarked(secrets, where, item, key, marked)
		}
	case string:
		if marked && len(v) >= 16 && regexp.MustCompile(`token|password|key-data|secret`).MatchString(key) {
			secrets[where+key] = v
		}
	}
}
