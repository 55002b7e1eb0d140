package main

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	_ "modernc.org/sqlite" // writes events behind the server's back

	"github.com/slipwayhq/slipway/orchestrator"
)

// bigLog is how many lines a page must stay usable with.
const bigLog = 100_000

// TestBigLog opens a log of 100,000 lines in a real browser, flat on the
// environment's page and by step on the execution's: all lines are there, the
// browser's own find reaches the last one, and new lines are appended while one
// could still type. The bounds are generous, for busy machines; -v tells the
// figures.
func TestBigLog(t *testing.T) {
	if testing.Short() {
		t.Skip("drives a browser")
	}
	ctx := browser(t)
	dir := t.TempDir()
	a := testApp(t, func(s *settings) { s.dataDir, s.adminPassword = dir, "correct-horse-battery" })
	url := a.listen(t)
	a.create(t, "app_dev", "app", map[string]orchestrator.Value{"cloud_type": "aws", "env_type": "dev-small"})
	x := a.runWorkflow(t, "app_dev", "install")
	lengthen(t, filepath.Join(dir, "slipway.db"), x.ID)

	b := &tour{t: t, ctx: ctx, url: url}
	b.do("sign in", b.open("/"), chromedp.SendKeys(css("#name"), "admin"), chromedp.SendKeys(css("#password"), "correct-horse-battery"),
		chromedp.Submit(css("#password")), until(`location.pathname === "/environments"`))
	for _, path := range []string{"/environments/app_dev?all=1", "/executions/" + x.ID + "?all=1"} {
		t.Run(path[1:5], func(t *testing.T) { readBigLog(t, &tour{t: t, ctx: ctx, url: url}, path) })
	}
}

// figures is what the browser says of a page.
type figures struct {
	FirstByte, Loaded, Bytes, Packed float64
	Elements, Heap                   float64
	Find, Append, Jump, Open         float64
	Found                            bool
}

func readBigLog(t *testing.T, b *tour, path string) {
	b.do("open the log", b.open(path), until(`document.readyState === "complete" && document.querySelector(".log .nums")`))
	lines := b.numbers()
	slices.Sort(lines) // steps speak at the same time
	b.wantConsecutive("in all steps together", lines)
	if len(lines) != bigLog || lines[0] != 1 {
		t.Fatalf("the page has %d lines from %d on, want %d from 1 on", len(lines), lines[0], bigLog)
	}
	f := get(b, "measure", chromedp.Evaluate[figures](`(function () {
		const log = document.querySelector(".log"), f = {}, nav = performance.getEntriesByType("navigation")[0];
		const timed = function (act) { const from = performance.now(); act(); document.body.getBoundingClientRect(); return performance.now() - from; };
		f.FirstByte = nav.responseStart; f.Loaded = nav.loadEventEnd; f.Bytes = nav.decodedBodySize; f.Packed = nav.encodedBodySize;
		f.Elements = document.querySelectorAll("*").length; f.Heap = performance.memory.usedJSHeapSize;
		f.Open = timed(function () { for (const step of document.querySelectorAll(".step")) step.open = true; });
		f.Find = timed(function () { f.Found = window.find("needle in line 99999"); });
		f.Jump = timed(function () { location.hash = "#L50000"; window.dispatchEvent(new HashChangeEvent("hashchange")); });
		const group = (document.querySelector(".step:last-of-type") || {dataset: {}}).dataset.group;
		f.Append = timed(function () {
			for (let n = 1; n <= 1000; n += 200) {
				const lines = [];
				for (let i = 0; i < 200; i++) lines.push({n: Number(log.dataset.last) + 1 + i, t: "00:00:00.000", l: i % 50 ? "" : "warning", x: "a new line", g: group});
				log.appendLines(lines);
			}
		});
		return f;
	})()`))
	t.Logf("%s: first byte %.0f ms, loaded %.0f ms, %.1f MB (%.1f MB packed), %.0f elements, heap %.0f MB, open all %.0f ms, find the last line %.0f ms, jump to a line %.0f ms, append 1,000 lines %.0f ms",
		path, f.FirstByte, f.Loaded, f.Bytes/1e6, f.Packed/1e6, f.Elements, f.Heap/1e6, f.Open, f.Find, f.Jump, f.Append)
	if !f.Found {
		t.Error("the browser's own find does not reach the last line")
	}
	if f.Elements > 10_000 {
		t.Errorf("%.0f elements hold %d lines", f.Elements, bigLog)
	}
	for what, took := range map[string]float64{"loading": f.Loaded, "finding": f.Find, "jumping": f.Jump, "appending": f.Append} {
		if limit := 15 * time.Second; took > float64(limit.Milliseconds()) {
			t.Errorf("%s takes %.0f ms", what, took)
		}
	}
	b.do("see the new lines", until(fmt.Sprintf(`Number(document.querySelector(".log").dataset.last) === %d`, bigLog+1000)))
}

// lengthen writes lines into the log of an execution until it has bigLog.
func lengthen(t *testing.T, path, root string) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_txlock=immediate&_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // committed by then
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	// Each new line is told by whoever told the one so many lines before.
	insert := `INSERT INTO events (root_id, seq, execution_id, type, level, logger, message, node_id, instance_id, source_id, target_id, operation, step_id, causes, at)
		SELECT root_id, $2, execution_id, '', $3, 'test', $4, node_id, instance_id, '', '', operation, '', '', at FROM events WHERE root_id = $1 AND seq = $5`
	var last int
	err = tx.QueryRow("SELECT MAX(seq) FROM events WHERE root_id = $1", root).Scan(&last)
	for n := last + 1; n <= bigLog && err == nil; n++ {
		level := "info"
		switch {
		case n%1000 == 0:
			level = "error"
		case n%100 == 0:
			level = "warning"
		}
		_, err = tx.Exec(insert, root, n, level, fmt.Sprintf("a needle in line %d of a log that goes on for as long as a day of work does", n), 1+n%last)
	}
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Fatal(err)
	}
}
