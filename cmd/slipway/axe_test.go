package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// axeScript is the accessibility checker axe-core, which `make peers` puts into
// var/peers. It is under another licence than ours, so it is not kept here.
func axeScript(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("..", "..", "var", "peers", "axe.min.js"))
	if err != nil {
		t.Skipf("axe-core is not there; make peers gets it: %v", err)
	}
	return string(script)
}

// finding is what axe-core says of a page: how many rules it keeps, and which it
// breaks, and where.
type finding struct {
	Kept   int
	Broken []struct {
		Rule, Help string
		At         []string
	}
}

// TestAccessibility opens every page in a real browser, in light and in dark and
// as wide as a phone, and lets axe-core look for what WCAG 2.2 AA forbids.
func TestAccessibility(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	axe := axeScript(t)
	ctx := browser(t)
	a := testApp(t, func(s *settings) { s.adminPassword, s.rehearsalSpeed = "correct-horse-battery", "60" })
	url := a.listen(t)
	cell := map[string]orchestrator.Value{"cloud_type": "aws", "env_type": "dev-small"}
	a.create(t, "app_dev", "app", cell)
	x := a.runWorkflow(t, "app_dev", "install")
	b := &tour{t: t, ctx: ctx, url: url}
	b.accessible("/sign-in", axe)
	b.do("sign in", b.open("/"), chromedp.SendKeys(css("#name"), "admin"), chromedp.SendKeys(css("#password"), "correct-horse-battery"),
		chromedp.Submit(css("#password")), until(`location.pathname === "/environments"`))
	for _, path := range []string{
		"/environments", "/environments?state=up", "/catalogue", "/launch/app", "/launch/website", "/environments/app_dev", "/environments/app_dev?level=error",
		"/environments/app_dev/uninstall", "/executions", "/executions/" + x.ID, "/executions/" + x.ID + "?q=task", "/executions/" + x.ID + "/cancel",
		"/blueprints", "/blueprints/app", "/upload-blueprint", "/secrets", "/secrets/eaas_params", "/secrets/aws_access_key_id", "/secrets/aws_access_key_id/delete",
		"/new-secret", "/no-such-page",
	} {
		b.accessible(path, axe)
	}
	// While work is under way, pages look different.
	a.create(t, "app_run", "app", cell)
	running, err := a.control.StartExecution(t.Context(), person(), control.StartExecution{DeploymentID: "app_run", Workflow: "install"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/environments/app_run", "/executions/" + running.ID, "/executions/" + running.ID + "/cancel", "/environments"} {
		b.accessible(path, axe)
	}
}

// accessible fails for each rule that a page breaks, in either theme, on a wide
// screen and on a phone's.
func (b *tour) accessible(path, axe string) {
	b.t.Helper()
	for _, width := range []int64{1360, 390} {
		b.do("set the width", emulate(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 700}))
		b.do("open "+path, b.open(path), until(`document.readyState === "complete" && document.querySelector("h1")`))
		for _, scheme := range []string{"light", "dark"} {
			b.do("set the theme", emulate(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}}))
			found := get(b, "look at "+path, chromedp.Evaluate[string](axe+`;
				axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(r => JSON.stringify({Kept: r.passes.length, Broken:
					r.violations.map(v => ({Rule: v.id, Help: v.help, At: v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " "))}))}))`,
				chromedp.EvalAwaitPromise))
			var page finding
			if err := json.Unmarshal([]byte(found), &page); err != nil {
				b.t.Fatal(err)
			}
			if page.Kept < 8 {
				b.t.Errorf("%s: only %d rules were looked at", path, page.Kept)
			}
			for _, v := range page.Broken {
				b.t.Errorf("%s, %s, %d wide: %s (%s)\n  %s", path, scheme, width, v.Help, v.Rule, strings.Join(v.At[:min(5, len(v.At))], "\n  "))
			}
			if wide := get(b, "measure", chromedp.Evaluate[float64](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); wide > 0 {
				b.t.Errorf("%s, %d wide: the page scrolls sideways by %.0f px", path, width, wide)
			}
		}
	}
}

// emulate calls the browser with parameters.
func emulate[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}
