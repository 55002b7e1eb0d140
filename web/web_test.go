package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/static"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/web/auth"
)

// Every route, for everybody: nobody is led to the door, who has too little of a
// role is refused, who has enough gets through to the action.
func TestRoutesDenyByDefault(t *testing.T) {
	s := newSite(t)
	people := map[orchestrator.Role]*browser{public: s.nobody()}
	for _, role := range []orchestrator.Role{orchestrator.Viewer, orchestrator.User, orchestrator.Operator, orchestrator.Admin} {
		people[role] = s.as(role)
	}
	fill := strings.NewReplacer(":id", "nothing", ":key", "nothing", ":name", "nothing", ":blueprint", "nothing")
	for _, r := range routes() {
		for role, b := range people {
			name := r.method + " " + r.path + " as " + string(role)
			if r.role == public || strings.HasPrefix(r.path, "/sign-out") {
				continue // tested by the sign-in tests
			}
			got := b.knock(r.method, fill.Replace(r.path))
			switch {
			case role == public:
				if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/sign-in") {
					t.Errorf("%s: status %d, to %q; want the door", name, got.status, got.header.Get("Location"))
				}
			case !role.AtLeast(r.role):
				if got.status != http.StatusForbidden {
					t.Errorf("%s: status %d, want 403", name, got.status)
				}
			default:
				if got.status == http.StatusForbidden || got.status == http.StatusUnauthorized || got.status >= 500 {
					t.Errorf("%s: status %d, want it to get through\n%s", name, got.status, textOnly(got.body))
				}
			}
		}
	}
}

// knock asks for a path, and gives a stream up after its first words.
func (b *browser) knock(method, path string) answer {
	b.site.t.Helper()
	if method == http.MethodPost {
		return b.post(path)
	}
	if !strings.Contains(path, "stream") {
		return b.get(path)
	}
	ctx, cancel := context.WithTimeout(b.site.t.Context(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, b.site.http.URL+path, nil)
	must(b.site.t, err)
	response, err := b.client.Do(r)
	must(b.site.t, err)
	defer func() { _ = response.Body.Close() }()
	return answer{status: response.StatusCode, header: response.Header}
}

// No form works without its token, whoever sends it, nor one from another site.
func TestFormsNeedTheirToken(t *testing.T) {
	s := newSite(t)
	admin := s.as(orchestrator.Admin)
	fill := strings.NewReplacer(":id", "nothing", ":key", "nothing", ":name", "nothing", ":blueprint", "app")
	posts := 0
	for _, r := range routes() {
		if r.method != http.MethodPost {
			continue
		}
		posts++
		path := fill.Replace(r.path)
		request := admin.form(path)
		request.Body = http.NoBody
		request.ContentLength = 0
		if got := admin.do(request); got.status != http.StatusForbidden {
			t.Errorf("POST %s without token: status %d, want 403", r.path, got.status)
		}
		request = admin.form(path)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := admin.do(request); got.status != http.StatusForbidden {
			t.Errorf("POST %s from another site: status %d, want 403", r.path, got.status)
		}
		request = admin.form(path)
		request.Header.Set("Origin", "https://evil.example")
		if got := admin.do(request); got.status != http.StatusForbidden {
			t.Errorf("POST %s of another origin: status %d, want 403", r.path, got.status)
		}
	}
	if posts < 8 {
		t.Errorf("only %d routes change something: the table is not whole", posts)
	}
}

// packed asks for a page as browsers do; the client of the tests unpacks by itself
// only what it asked for by itself.
func (b *browser) packed(path string) answer {
	b.site.t.Helper()
	r, err := http.NewRequestWithContext(b.site.t.Context(), http.MethodGet, b.site.http.URL+path, nil)
	must(b.site.t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	return b.do(r)
}

func TestPagesArePacked(t *testing.T) {
	s := newSite(t)
	admin := s.as(orchestrator.Admin)
	plain, got := admin.get("/blueprints").body, admin.packed("/blueprints")
	if got.header.Get("Content-Encoding") != "gzip" || len(got.body)*3 > len(plain) {
		t.Errorf("a page of %d bytes comes as %d, headers %v", len(plain), len(got.body), got.header)
	}
	if vary := got.header.Values("Vary"); len(vary) != 1 || vary[0] != "Accept-Encoding" {
		t.Errorf("caches are told that it varies by %v", vary)
	}
	unpack, err := gzip.NewReader(strings.NewReader(got.body))
	must(t, err)
	text, err := io.ReadAll(unpack)
	must(t, err)
	if !strings.Contains(string(text), "<h1>Blueprints</h1>") {
		t.Errorf("unpacked, the page reads %s", text)
	}
	if got := admin.packed("/no/such/page"); got.header.Get("Content-Encoding") == "gzip" && !strings.HasPrefix(got.body, "\x1f\x8b") {
		t.Error("an error page says that it is packed and is not")
	}
	frames := admin.listen(t.Context(), "/stream/environments", "")
	select {
	case _, open := <-frames:
		if !open {
			t.Error("the stream ended at once")
		}
	case <-time.After(10 * time.Millisecond): // it is open and has nothing to say
	}
}

func TestPaceOfPages(t *testing.T) {
	s := newSite(t)
	admin := s.as(orchestrator.Admin)
	s.server.pace = auth.NewPace(auth.Share{Rate: 1, Burst: 2}, auth.Share{Rate: 1, Burst: 50})
	for range 2 {
		if got := admin.get("/secrets"); got.status != http.StatusOK {
			t.Fatalf("within the share: %d", got.status)
		}
	}
	got := admin.get("/secrets")
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" || !strings.Contains(textOnly(got.body), "Too many requests at once.") {
		t.Errorf("over the share: %d, headers %v\n%s", got.status, got.header, textOnly(got.body))
	}
	if other := s.nobody().get("/sign-in"); other.status != http.StatusOK {
		t.Errorf("somebody else is answered %d", other.status)
	}
	if asset := admin.get(static.Path("app.css")); asset.status != http.StatusOK {
		t.Errorf("an asset is answered %d", asset.status)
	}
}

// A request that is broken off because the server stops must not look like one
// that was done.
func TestBrokenOffIsNoSuccess(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	stopping, stop := context.WithCancel(t.Context())
	stop()
	r := b.form("/environments/nothing/install", "csrf", b.token).WithContext(stopping)
	at, err := url.Parse(s.http.URL)
	must(t, err)
	for _, cookie := range b.client.Jar.Cookies(at) {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("it answers %d, want 503", w.Code)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := newSite(t)
	admin := s.as(orchestrator.Admin)
	for _, path := range []string{"/sign-in", "/environments", "/environments/nothing", "/no/such/page"} {
		got := admin.get(path)
		csp := got.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: content security policy %q", path, csp)
		}
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, got.header)
		}
	}
}

func TestSignIn(t *testing.T) {
	s := newSite(t)
	hash, err := auth.HashPassword("correct horse")
	must(t, err)
	must(t, s.store.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.PutAccount(t.Context(), orchestrator.Account{Name: "ada", PasswordHash: hash, Role: orchestrator.User, Team: orchestrator.DefaultTeam, CreatedAt: time.Now()})
	}))
	b := s.nobody()
	door := b.get("/environments?q=x")
	if got := door.header.Get("Location"); got != "/sign-in?next=%2Fenvironments%3Fq%3Dx" {
		t.Fatalf("nobody is led to %q", got)
	}
	b.token = formToken(b.get(door.header.Get("Location")))

	wrong := b.post("/sign-in", "name", "ada", "password", "battery staple", "next", "/environments")
	if wrong.status != http.StatusUnauthorized || !strings.Contains(wrong.body, "Name or password is wrong.") {
		t.Errorf("a wrong password: %d\n%s", wrong.status, textOnly(wrong.body))
	}
	if strings.Contains(wrong.body, "battery staple") {
		t.Error("the page repeats the password")
	}

	right := b.post("/sign-in", "name", "ada", "password", "correct horse", "next", "/environments?q=x")
	if right.status != http.StatusSeeOther || right.header.Get("Location") != "/environments?q=x" {
		t.Fatalf("signing in: %d to %q", right.status, right.header.Get("Location"))
	}
	cookie := right.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(strings.Join(right.header.Values("Set-Cookie"), "\n"), want) {
			t.Errorf("the session's cookie lacks %s: %s", want, cookie)
		}
	}
	page := b.get("/environments")
	if page.status != http.StatusOK || !strings.Contains(textOnly(page.body), "Nothing on the slipway") {
		t.Errorf("after signing in: %d\n%s", page.status, textOnly(page.body))
	}
	b.token = formToken(page)
	if got := b.post("/sign-out"); got.header.Get("Location") != "/sign-in" {
		t.Errorf("signing out leads to %q", got.header.Get("Location"))
	}
	if got := b.get("/environments"); got.status != http.StatusSeeOther {
		t.Errorf("after signing out the page answers %d", got.status)
	}
}

func TestSignInIsSlowedDown(t *testing.T) {
	s := newSite(t)
	b := s.nobody()
	b.token = formToken(b.get("/sign-in"))
	status, again := 0, ""
	for range signInTries + 1 {
		got := b.post("/sign-in", "name", "admin", "password", "guess")
		status, again = got.status, got.header.Get("Retry-After")
	}
	if again != "60" {
		t.Errorf("after too many tries one may come back in %q seconds, want 60", again)
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("try %d answers %d, want 429", signInTries+1, status)
	}
}

func TestSafeNext(t *testing.T) {
	cases := map[string]struct{ reason, next, want string }{
		"Path":      {"a page of ours", "/environments/app?node=x", "/environments/app?node=x"},
		"Empty":     {"nothing asked for", "", "/"},
		"Absolute":  {"another site", "https://evil.example/", "/"},
		"Schemeles": {"another site without scheme", "//evil.example/", "/"},
		"Backslash": {"browsers read a backslash as a slash", `/\evil.example`, "/"},
		"Newline":   {"no header may be injected", "/x\r\nSet-Cookie: a=b", "/"},
		"Loop":      {"the door leads on, not back to itself", "/sign-in?next=/", "/"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := safeNext(tc.next); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestSecureCookies(t *testing.T) {
	s := newSite(t)
	secure, err := New(Config{Control: s.server.control, PublicURL: "https://slipway.example.com", Now: time.Now, Logger: s.server.log})
	must(t, err)
	defer secure.Stop()
	w := httptest.NewRecorder()
	secure.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/sign-in", nil))
	cookie := w.Header().Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-slipway_door=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("over https the cookie is %q", cookie)
	}
}

func TestUpload(t *testing.T) {
	s := newSite(t)
	operator := s.as(orchestrator.Operator)

	broken := operator.upload("broken", map[string]string{"blueprint.yaml": "tosca_definitions_version: cloudify_dsl_1_4\nimports:\n  - http://cloudify.co/spec/cloudify/6.3.0/types.yaml\nnode_templates:\n  vm:\n    type: cloudify.nodes.Roo\n"})
	text := textOnly(broken.body)
	if broken.status != http.StatusUnprocessableEntity || !strings.Contains(text, "blueprint.yaml:6:11 · error 7") || !strings.Contains(text, "cloudify.nodes.Roo") || !strings.Contains(text, "Nothing was kept") {
		t.Errorf("a broken blueprint: %d\n%s", broken.status, text)
	}
	if got := operator.get("/blueprints/broken"); got.status != http.StatusNotFound {
		t.Errorf("the broken blueprint was kept: %d", got.status)
	}
	if got := operator.uploadRaw("noise", []byte("this is no archive")); got.status != http.StatusUnprocessableEntity || !strings.Contains(textOnly(got.body), "was not uploaded") {
		t.Errorf("no archive at all: %d\n%s", got.status, textOnly(got.body))
	}
	if got := operator.post("/upload-blueprint", "id", "none"); got.status != http.StatusUnprocessableEntity || !strings.Contains(textOnly(got.body), "Choose an archive.") {
		t.Errorf("a form without file: %d\n%s", got.status, textOnly(got.body))
	}

	if got := operator.upload("garden", map[string]string{"blueprint.yaml": garden}); got.header.Get("Location") != "/blueprints/garden" {
		t.Fatalf("a good blueprint: %d\n%s", got.status, textOnly(got.body))
	}
	page := textOnly(operator.get("/blueprints/garden").body)
	for _, want := range []string{"garden is uploaded", "v1", "How many beds.", "1 to 9", "loam, sand", "required", "Opens the gate.", "after ground"} {
		if !strings.Contains(page, want) {
			t.Errorf("the blueprint's page lacks %q:\n%s", want, page)
		}
	}
	if again := operator.upload("garden", map[string]string{"blueprint.yaml": garden}); again.status != http.StatusConflict || !strings.Contains(textOnly(again.body), "already exists") {
		t.Errorf("the same id again: %d\n%s", again.status, textOnly(again.body))
	}
}

func TestLaunchForm(t *testing.T) {
	s := newSite(t)
	operator := s.as(orchestrator.Operator)
	operator.upload("garden", map[string]string{"blueprint.yaml": garden})
	form := operator.get("/launch/garden").body
	for _, want := range []string{
		`name="id" value="garden_1"`, `name="in.size" value="" inputmode="decimal"`, `<option value="loam" selected>loam</option>`,
		`name="in.plants"`, `<option value="true" selected>true</option>`, `<option value="" selected>not set</option>`, `slipway deployments create garden_1 -b garden`,
	} {
		if !strings.Contains(form, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if strings.Contains(form, "field needs a change") {
		t.Error("a form that nobody sent yet lists faults")
	}

	refused := operator.post("/launch/garden", "id", "my garden", "in.size", "12", "in.plants", "[rose", "in.soil", "loam", "in.fenced", "true")
	text := textOnly(refused.body)
	if refused.status != http.StatusUnprocessableEntity || !strings.Contains(text, "need a change") || !strings.Contains(text, "neither JSON nor YAML") {
		t.Errorf("a form with faults: %d\n%s", refused.status, text)
	}
	if !strings.Contains(refused.body, `name="in.size" value="12"`) {
		t.Error("the form does not keep what was typed")
	}

	operator.post("/launch/garden", "id", "mine", "in.size", "3")
	taken := operator.post("/launch/garden", "id", "mine", "in.size", "3")
	if taken.status != http.StatusConflict || !strings.Contains(textOnly(taken.body), "already exists") || !strings.Contains(taken.body, `id="id-e"`) {
		t.Errorf("a taken name: %d\n%s", taken.status, textOnly(taken.body))
	}
	close(s.gate)
}

func TestLaunchPreviewFollowsTheCell(t *testing.T) {
	s := newSite(t)
	user := s.as(orchestrator.User)
	aws := textOnly(user.post("/launch/app/preview", "id", "shop", "in.cloud_type", "aws", "in.env_type", "dev-small").body)
	azure := textOnly(user.post("/launch/app/preview", "id", "shop", "in.cloud_type", "azure", "in.env_type", "production").body)
	for _, want := range []string{"aws × dev-small", "aws_single_node", "minikube", "shop-network", "REHEARSAL", "aws_access_key_id"} {
		if !strings.Contains(aws, want) {
			t.Errorf("the preview of aws lacks %q:\n%s", want, aws)
		}
	}
	for _, want := range []string{"azure × production", "azure_prod_network", "aks", "azure_client_secret"} {
		if !strings.Contains(azure, want) {
			t.Errorf("the preview of azure lacks %q:\n%s", want, azure)
		}
	}
	missing := textOnly(user.post("/launch/app/preview", "id", "shop", "in.cloud_type", "azure", "in.env_type", "dev-large").body)
	if !strings.Contains(missing, "Cannot be launched") && !strings.Contains(missing, "cannot be launched") {
		t.Errorf("a cell that is not mapped can be launched:\n%s", missing)
	}
}

// The whole life of an environment, by pages alone and without scripting.
func TestJourney(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")

	page := b.get("/environments/rosegarden")
	text := textOnly(page.body)
	for _, want := range []string{"rosegarden", "Coming up", "Cancel install…", "gate starting", "3 nodes, 1 deployment", "beds 3", "Log"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page in mid-install lacks %q:\n%s", want, text)
		}
	}
	if !strings.Contains(page.body, `<noscript><meta http-equiv="refresh"`) {
		t.Error("without scripting the page would not move")
	}
	if !strings.Contains(textOnly(b.get("/environments").body), "rosegarden") {
		t.Error("the list lacks the environment")
	}
	if live := b.get("/environments/rosegarden/live"); !strings.Contains(live.body, `hx-swap-oob="true"`) || strings.Contains(live.body, "<html") {
		t.Error("the live answer is not made of parts")
	}

	close(s.gate)
	up := textOnly(b.waitFor("/environments/rosegarden", "Started 3").body)
	for _, want := range []string{"came up in", "2 of 2 ready", "Uninstall…"} {
		if !strings.Contains(up, want) {
			t.Errorf("the page of what is up lacks %q:\n%s", want, up)
		}
	}

	reveal := b.post("/environments/rosegarden/capabilities/key/reveal")
	secret := between(reveal.body, `id="value" tabindex="0">`, "<")
	if reveal.status != http.StatusOK || len(secret) < 12 {
		t.Fatalf("reveal: %d\n%s", reveal.status, textOnly(reveal.body))
	}
	for _, path := range []string{"/environments/rosegarden", "/environments", "/executions", "/secrets", "/environments/rosegarden/live"} {
		if strings.Contains(b.get(path).body, secret) {
			t.Errorf("%s shows the marked value", path)
		}
	}
	viewer := s.as(orchestrator.Viewer)
	if got := viewer.post("/environments/rosegarden/capabilities/key/reveal"); got.status != http.StatusForbidden {
		t.Errorf("a viewer's reveal answers %d", got.status)
	}
	stranger := s.as(orchestrator.User)
	if got := stranger.post("/environments/rosegarden/capabilities/key/reveal"); got.status != http.StatusForbidden || strings.Contains(got.body, secret) {
		t.Errorf("another user's reveal answers %d", got.status)
	}

	log := b.get(textLink(t, b.get("/environments/rosegarden").body))
	if log.status != http.StatusOK || !strings.HasPrefix(log.header.Get("Content-Type"), "text/plain") || !strings.Contains(log.body, "workflow") || strings.Contains(log.body, secret) {
		t.Errorf("the log as text: %d\n%s", log.status, log.body)
	}

	if got := b.post("/environments/rosegarden/uninstall", "confirm", "rose"); got.status != http.StatusUnprocessableEntity || !strings.Contains(textOnly(got.body), "That is not its name.") {
		t.Errorf("uninstall by a wrong name: %d\n%s", got.status, textOnly(got.body))
	}
	if got := b.post("/environments/rosegarden/uninstall", "confirm", "rosegarden"); got.status != http.StatusSeeOther {
		t.Fatalf("uninstall: %d\n%s", got.status, textOnly(got.body))
	}
	b.waitFor("/environments/rosegarden", "Taken down")
	if got := b.post("/environments/rosegarden/delete"); got.header.Get("Location") != "/environments" {
		t.Fatalf("delete: %d\n%s", got.status, textOnly(got.body))
	}
	if list := textOnly(b.get("/environments").body); !strings.Contains(list, "rosegarden is deleted.") || !strings.Contains(list, "Nothing on the slipway") {
		t.Errorf("after the delete the list says:\n%s", list)
	}
}

func between(text, after, before string) string {
	_, rest, _ := strings.Cut(text, after)
	got, _, _ := strings.Cut(rest, before)
	return got
}

func textLink(t *testing.T, page string) string {
	t.Helper()
	link := between(page, `aria-label="Open the log as plain text" href="`, `"`)
	if !strings.HasSuffix(link, "/log.txt") {
		t.Fatalf("the page has no link to its log as text, but %q", link)
	}
	return link
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	s.planted(b, "rosegarden")
	at := between(b.get("/environments/rosegarden").body, `class="btn" href="`, `"`)
	if !strings.HasSuffix(at, "/cancel") {
		t.Fatalf("the first button leads to %q", at)
	}
	question := textOnly(b.get(at).body)
	for _, want := range []string{"What is in flight finishes first", "gate starting", "Nothing new starts", "What is up stays up", "3 nodes keep running"} {
		if !strings.Contains(question, want) {
			t.Errorf("the question lacks %q:\n%s", want, question)
		}
	}
	page := strings.TrimSuffix(at, "/cancel")
	wantWords(t, b.get(page).body, "Stop this execution", "In flight: gate starting", "is left out", "Timeline", "Run with", "Started by you")
	if folded := b.get(page).body; !strings.Contains(folded, `<details class="step" data-group="workflow">`) || strings.Count(folded, " open>") == 0 {
		t.Errorf("the log's steps are not folded, or none that runs is open:\n%s", textOnly(folded))
	}
	if got := s.as(orchestrator.User).post(at); got.status != http.StatusForbidden {
		t.Errorf("somebody else's cancel answers %d", got.status)
	}
	if got := b.post(at); got.header.Get("Location") != "/environments/rosegarden" {
		t.Fatalf("cancel: %d\n%s", got.status, textOnly(got.body))
	}
	close(s.gate) // what was in flight finishes
	b.waitFor("/environments/rosegarden", "was cancelled")
	wantWords(t, b.get(page).body, "What Cancel did", "2 operations ended.", "3 nodes keep running", "Take down what is up")
	if again := b.post(at); again.status != http.StatusConflict || !strings.Contains(textOnly(again.body), "nothing to cancel") {
		t.Errorf("cancelling again: %d\n%s", again.status, textOnly(again.body))
	}
}

func wantWords(t *testing.T, page string, words ...string) {
	t.Helper()
	text := textOnly(page)
	for _, want := range words {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}

func TestSecrets(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	const value = "correct-horse-battery"
	if got := b.post("/new-secret", "key", "db_password", "value", value, "kind", "sensitive"); got.status != http.StatusSeeOther {
		t.Fatalf("add: %d\n%s", got.status, textOnly(got.body))
	}
	for _, path := range []string{"/secrets", "/secrets/db_password"} {
		if got := b.get(path); got.status != http.StatusOK || strings.Contains(got.body, value) {
			t.Errorf("%s: %d, or it shows the value", path, got.status)
		}
	}
	short := b.post("/secrets/db_password", "value", value+"2", "seen", "7")
	if short.status != http.StatusConflict || strings.Contains(short.body, value) {
		t.Errorf("a save over somebody else's: %d, or it shows the value", short.status)
	}
	if got := b.post("/secrets/db_password", "value", value+"2", "seen", "1"); got.status != http.StatusSeeOther {
		t.Errorf("a save: %d\n%s", got.status, textOnly(got.body))
	}
	if got := textOnly(b.get("/secrets/db_password").body); !strings.Contains(got, "v2") || !strings.Contains(got, "Versions 2") {
		t.Errorf("after the save the page says:\n%s", got)
	}

	if got := b.post("/secrets/db_password", "value", "", "seen", "2"); got.status != http.StatusUnprocessableEntity || !strings.Contains(textOnly(got.body), "the value is empty") {
		t.Errorf("an empty value would have replaced the secret: %d", got.status)
	}
	// Browsers send a text area's line ends as carriage return and line feed.
	b.post("/new-secret", "key", "key_file", "value", "one\r\ntwo\r\n", "kind", "configuration")
	stored, err := s.server.control.GetSecret(t.Context(), orchestrator.Actor{Name: "test", Team: orchestrator.DefaultTeam, Role: orchestrator.Operator}, "key_file")
	if err != nil || stored.Value != "one\ntwo\n" {
		t.Errorf("a text of two lines was stored as %q (%v)", stored.Value, err)
	}

	wrong := b.post("/secrets/eaas_params", "value", "{\n  \"aws\": {\n", "seen", "1")
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(textOnly(wrong.body), "line 3") || !strings.Contains(wrong.body, "&#34;aws&#34;: {") {
		t.Errorf("broken eaas_params: %d\n%s", wrong.status, textOnly(wrong.body))
	}
	if viewer := s.as(orchestrator.Viewer).get("/secrets/db_password"); viewer.status != http.StatusOK || strings.Contains(viewer.body, "<textarea") {
		t.Errorf("a viewer's page of a sensitive secret: %d, or it has a form", viewer.status)
	}

	placeholder := textOnly(b.get("/secrets/aws_access_key_id").body)
	if !strings.Contains(placeholder, "A placeholder.") {
		t.Errorf("the placeholder does not say so:\n%s", placeholder)
	}
	if got := b.post("/secrets/db_password/delete", "confirm", "db_pass"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("delete by a wrong key: %d", got.status)
	}
	if got := b.post("/secrets/db_password/delete", "confirm", "db_password"); got.status != http.StatusSeeOther {
		t.Errorf("delete: %d", got.status)
	}
	if got := b.get("/secrets/db_password"); got.status != http.StatusNotFound {
		t.Errorf("after the delete the page answers %d", got.status)
	}
}

func TestErrorsSayNothingOfTheInside(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Admin)
	s.databaseGone = true
	must(t, s.store.Close())
	got := b.get("/environments")
	text := textOnly(got.body)
	if got.status != http.StatusInternalServerError || !strings.Contains(text, "Something went wrong on our side") {
		t.Fatalf("with the database gone: %d\n%s", got.status, text)
	}
	id := got.header.Get("X-Request-Id")
	if len(id) != 16 || !strings.Contains(got.body, id) || !strings.Contains(s.log.String(), id) {
		t.Errorf("request %q is not on the page and in the log", id)
	}
	if strings.Contains(text, "sql") || strings.Contains(text, "database is closed") {
		t.Errorf("the page tells of the inside:\n%s", text)
	}
}

func TestTooLarge(t *testing.T) {
	s := newSite(t)
	b := s.as(orchestrator.Operator)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http.URL+"/new-secret", strings.NewReader(url.Values{"csrf": {b.token}, "value": {strings.Repeat("x", maxForm+1)}}.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := b.do(r); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form over the limit: %d", got.status)
	}
}

// Only the page for archives takes much, and only from those who may upload: the
// sign-in page reads forms of strangers.
func TestTooLargeForTheDoor(t *testing.T) {
	s := newSite(t)
	b := s.nobody()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	must(t, w.WriteField("csrf", b.token))
	must(t, w.WriteField("name", strings.Repeat("x", maxForm)))
	must(t, w.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http.URL+"/sign-in", &body)
	must(t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	if got := b.do(r); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a multipart form over the limit: %d", got.status)
	}
}

// A part of a page that outlived its session leads the whole page to the door,
// and back to where it was.
func TestPartsLeadToTheDoor(t *testing.T) {
	s := newSite(t)
	b := s.nobody()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.http.URL+"/environments/app/live", nil)
	must(t, err)
	r.Header.Set("HX-Request", "true")
	r.Header.Set("HX-Current-URL", s.http.URL+"/environments/app?node=vm")
	got := b.do(r)
	if want := "/sign-in?next=%2Fenvironments%2Fapp%3Fnode%3Dvm"; got.header.Get("HX-Redirect") != want {
		t.Errorf("status %d, HX-Redirect %q, want %q", got.status, got.header.Get("HX-Redirect"), want)
	}
}
