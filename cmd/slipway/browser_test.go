package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser opens a headless Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1360, 1000),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		cancelAllocator()
	})
	// The browser lives as long as the context of the first run.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// listen serves the app's pages to a browser and returns where.
func (a *app) listen(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(a.handler)
	t.Cleanup(func() {
		server.CloseClientConnections() // event streams do not end by themselves
		server.Close()
	})
	return server.URL
}

// shoot takes screenshots of the page in light and in dark into the folder that
// SLIPWAY_SCREENSHOTS names; without it, it does nothing.
func shoot(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		dir := os.Getenv("SLIPWAY_SCREENSHOTS")
		if dir == "" {
			return nil
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if _, err := until(`document.readyState === "complete"`)(ctx, target); err != nil {
			return err
		}
		for _, scheme := range []string{"light", "dark"} {
			if _, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			}); err != nil {
				return err
			}
			time.Sleep(300 * time.Millisecond) // colours fade into the other scheme
			png, err := chromedp.CaptureScreenshot()(ctx, target)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), png, 0o644); err != nil { //nolint:gosec // pictures for everybody
				return err
			}
		}
		return nil
	})
}

// css is a selector; a plain string would search the page's text, too.
type css = chromedp.CSS

// tour is one browser on one server.
type tour struct {
	t   *testing.T
	ctx context.Context
	url string
}

func (b *tour) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	limited, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(limited, actions...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func (b *tour) open(path string) chromedp.Action[chromedp.Void] {
	return chromedp.Navigate(b.url + path)
}

// until waits until a JavaScript expression is true, also across a navigation,
// during which there is no page to ask.
func until(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for {
			ok, err := chromedp.Evaluate[bool]("Boolean("+expression+")")(ctx, target)
			if ok && err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("never true: %s (%w)", expression, errors.Join(err, ctx.Err()))
			case <-time.After(50 * time.Millisecond): // a page gives no signal of its own
			}
		}
	})
}

// get runs an action and returns its value.
func get[T any](b *tour, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	limited, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	value, err := chromedp.Run(limited, action)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return value
}

// numbers returns the numbers of the log lines on the page, in their order.
func (b *tour) numbers() []int {
	b.t.Helper()
	return get(b, "read the log's numbers", chromedp.Evaluate[[]int](
		`[...document.querySelectorAll(".log .nums")].flatMap(n => n.textContent.split("\n")).filter(x => x !== "").map(Number)`))
}

func (b *tour) wantConsecutive(what string, numbers []int) {
	b.t.Helper()
	if len(numbers) == 0 {
		b.t.Fatalf("%s: the log is empty", what)
	}
	for i, n := range numbers {
		if n != numbers[0]+i {
			b.t.Fatalf("%s: line %d follows line %d: a gap or a duplicate", what, n, numbers[max(0, i-1)])
		}
	}
}

// TestPortalJourney is the journey of a newcomer in a real browser: sign in,
// upload a blueprint, launch from the form, watch the log, reload in the
// middle, read the capabilities, uninstall.
func TestPortalJourney(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	ctx := browser(t)
	p := newProcess(t, "SLIPWAY_ADMIN_PASSWORD=correct-horse-battery", "SLIPWAY_REHEARSAL_SPEED=60")
	p.start()
	b := &tour{t: t, ctx: ctx, url: "http://" + p.addr}

	b.do("sign in", b.open("/"), shoot("sign-in"),
		chromedp.SendKeys(css("#name"), "admin"), chromedp.SendKeys(css("#password"), "correct-horse-battery"),
		chromedp.Submit(css("#password")), until(`location.pathname === "/environments"`))
	b.do("see that there is nothing yet", shoot("environments-first"), b.open("/catalogue"), chromedp.WaitVisible(css("h1")), shoot("catalogue"))

	archive := filepath.Join(t.TempDir(), "hello.yaml")
	if err := os.WriteFile(archive, []byte("tosca_definitions_version: cloudify_dsl_1_3\nimports:\n  - http://cloudify.co/spec/cloudify/6.3.0/types.yaml\nnode_templates:\n  hello: {type: cloudify.nodes.Rot}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	uploadJourney(b, archive)
	launchJourney(b)
	capabilitiesJourney(b)
	otherPages(b)
	uninstallJourney(b, p)
}

// uploadJourney uploads a wrong blueprint, reads the finding, and a right one.
func uploadJourney(b *tour, wrong string) {
	right := strings.TrimSuffix(wrong, "hello.yaml") + "right.yaml"
	text, err := os.ReadFile(wrong)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(right, []byte(strings.Replace(string(text), "Rot}", "Root}", 1)), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do("upload a wrong blueprint", b.open("/upload-blueprint"), chromedp.WaitVisible(css("input[type=file]")),
		chromedp.SetValue(css("input[name=id]"), "hello"), chromedp.SetUploadFiles(css("input[type=file]"), []string{zipped(b.t, wrong)}),
		chromedp.Click(css("main form button[type=submit]")), until(`document.body.textContent.includes("cloudify.nodes.Rot")`),
		shoot("upload-findings"))
	findings := get(b, "read the findings", chromedp.Text(css("main")))
	for _, want := range []string{"blueprint.yaml", "cloudify.nodes.Root"} {
		if !strings.Contains(findings, want) {
			b.t.Errorf("the findings do not name %q:\n%s", want, findings)
		}
	}
	b.do("upload a right one", b.open("/upload-blueprint"), chromedp.WaitVisible(css("input[type=file]")),
		chromedp.SetValue(css("input[name=id]"), "hello"), chromedp.SetUploadFiles(css("input[type=file]"), []string{zipped(b.t, right)}),
		chromedp.Click(css("main form button[type=submit]")), until(`location.pathname === "/blueprints/hello"`), shoot("blueprint"))
}

func launchJourney(b *tour) {
	b.do("choose a cell", b.open("/launch/app"), chromedp.WaitVisible(css("#launch")), shoot("launch"),
		chromedp.Click(css(`input[name="in.cloud_type"][value="azure"]`)), chromedp.Click(css(`input[name="in.env_type"][value="production"]`)),
		until(`document.querySelector("#preview").textContent.includes("aks")`), shoot("launch-azure"),
		chromedp.Click(css(`input[name="in.cloud_type"][value="aws"]`)), chromedp.Click(css(`input[name="in.env_type"][value="dev-small"]`)),
		until(`document.querySelector("#preview").textContent.includes("minikube")`))
	b.do("launch", chromedp.SetValue(css("#id"), "app_tour"), chromedp.Click(css("#launch button.btn-primary")),
		until(`location.pathname === "/environments/app_tour"`), until(`document.querySelectorAll(".log .nums").length > 0`))
	before := b.numbers()
	b.do("see lines arrive", until(fmt.Sprintf(`Number(document.querySelector(".log").dataset.last) > %d`, before[len(before)-1]+20)))
	live := b.numbers()
	b.wantConsecutive("while it runs", live)
	b.do("keep the keyboard's place while the page is drawn again",
		until(`(function () { const a = document.querySelector("#env-head a.btn"); if (!a) return false; a.old = true; a.focus(); return document.activeElement === a; })()`),
		until(`document.activeElement.matches("#env-head a.btn") && !document.activeElement.old`), until(`document.activeElement.blur() || true`))
	b.do("see the middle", until(`document.querySelector("#env-head progress")?.value > 6`), shoot("environment-live"))
	b.do("reload in the middle", chromedp.Reload(), until(`document.querySelectorAll(".log .nums").length > 0`))
	after := b.numbers()
	b.wantConsecutive("after the reload", after)
	if after[0] != live[0] || after[len(after)-1] < live[len(live)-1] {
		b.t.Errorf("the reload lost lines: %d..%d before, %d..%d after", live[0], live[len(live)-1], after[0], after[len(after)-1])
	}
	b.watchExecution()
	b.do("see it end", b.open("/environments/app_tour"), until(`document.querySelector(".log .words:last-of-type") && document.querySelector("#env-head").textContent.includes("Up")
		&& document.querySelector("#env-head").textContent.includes("Uninstall")`), shoot("environment"))
	const overhang = `document.querySelector(".topo").scrollWidth - document.querySelector(".topo").clientWidth`
	b.do("fit the drawing into the page", until(overhang+` > 0`), chromedp.Click(css(`label[for="fit"]`)), until(overhang+` <= 0`), chromedp.Click(css(`label[for="fit"]`)))
	all := b.numbers()
	b.wantConsecutive("at the end", all)
	if all[0] != 1 {
		b.t.Errorf("the log begins with line %d", all[0])
	}
}

// watchExecution follows the rest of the install on the execution's own page,
// where each line arrives in its step.
func (b *tour) watchExecution() {
	b.t.Helper()
	execution := get(b, "find the execution", chromedp.Evaluate[string](`[...document.querySelectorAll("a")].find(a => a.textContent === "Open execution").getAttribute("href")`))
	b.do("watch it by step", b.open(execution), until(`document.querySelector(".log .nums") && document.querySelector(".tl rect")`), shoot("execution-live"),
		until(`document.querySelector("#exec-head").textContent.includes("Completed")`))
	lines := b.numbers()
	slices.Sort(lines) // steps speak at the same time
	b.wantConsecutive("in all steps together", lines)
	if shown := get(b, "count the lines", chromedp.Evaluate[int](`Number(document.querySelector(".log").dataset.last)`)); lines[0] != 1 || lines[len(lines)-1] != shown {
		b.t.Errorf("the steps hold lines %d to %d of %d", lines[0], lines[len(lines)-1], shown)
	}
	heads := get(b, "read the steps", chromedp.Evaluate[[]string](`[...document.querySelectorAll(".step > summary .st")].map(s => s.textContent.trim())`))
	for _, want := range []string{"install", "prefix", "network", "kubernetes", "database", "s3"} {
		if !slices.Contains(heads, want) {
			b.t.Errorf("the log has no step %s, but %v", want, heads)
		}
	}
}

func capabilitiesJourney(b *tour) {
	text := get(b, "read the capabilities", chromedp.Text(css("main")))
	for _, name := range []string{"k8s_endpoint", "k8s_config", "db_host", "db_master_username", "db_master_password", "bucket_url"} {
		if !strings.Contains(text, name) {
			b.t.Errorf("the page does not show the capability %s", name)
		}
	}
	b.do("reveal the password", chromedp.Click(css(`form[action$="/capabilities/db_master_password/reveal"] button`)),
		until(`document.querySelector("main").textContent.match(/[A-Za-z0-9]{12,}a9/) !== null`))
}

func otherPages(b *tour) {
	for _, page := range []struct{ path, name string }{
		{"/environments", "environments"}, {"/executions", "executions"}, {"/blueprints", "blueprints"}, {"/blueprints/app", "blueprint-app"},
		{"/secrets", "secrets"}, {"/secrets/eaas_params", "secret-eaas-params"}, {"/secrets/aws_access_key_id", "secret"},
		{"/launch/website", "launch-website"}, {"/no-such-page", "error-404"},
	} {
		b.do(page.path, b.open(page.path), chromedp.WaitVisible(css("h1")), shoot(page.name))
	}
	b.do("open the execution", b.open("/executions"), chromedp.WaitVisible(css("main a[href^='/executions/']")),
		chromedp.Click(css("main a[href^='/executions/']")), until(`document.querySelector(".log .words") !== null`), shoot("execution"))
}

func uninstallJourney(b *tour, p *process) {
	b.do("uninstall by typing the name", b.open("/environments/app_tour/uninstall"), chromedp.WaitVisible(css("h1")), shoot("uninstall"),
		chromedp.SendKeys(css("main form input.input"), "app_tour"), chromedp.Click(css("main form button[type=submit]")),
		until(`location.pathname === "/environments/app_tour"`), until(`document.querySelector("#env-head").textContent.includes("Not built")`), shoot("environment-down"))
	for _, left := range p.rehearsed("resources") {
		b.t.Errorf("left: %+v", left)
	}
}

// zipped packs a file as blueprint.yaml into a zip.
func zipped(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "blueprint.zip")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(out)
	entry, err := archive.Create("blueprint.yaml")
	if err == nil {
		_, err = entry.Write(text)
	}
	if err := errors.Join(err, archive.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
