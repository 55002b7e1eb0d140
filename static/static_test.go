package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestPath(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		want   string
	}{
		"Joined":  {"the joined sheet has a digest in its path", "app.css", `^/static/app\.[0-9a-f]{10}\.css$`},
		"Single":  {"a vendored file too", "htmx.min.js", `^/static/htmx\.min\.[0-9a-f]{10}\.js$`},
		"Missing": {"an unknown name is a path that answers 404", "nope.css", `^/static/missing/nope\.css$`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Path(tc.name); !regexp.MustCompile(tc.want).MatchString(got) {
				t.Errorf("%s\nPath(%q) = %q, want a match of %s", tc.reason, tc.name, got, tc.want)
			}
		})
	}
}

func TestHandler(t *testing.T) {
	cases := map[string]struct {
		reason string
		method string
		path   string
		accept string
		status int
		cache  string
		packed bool
	}{
		"Plain":    {"served as it is", "GET", Path("app.css"), "", 200, "public, max-age=31536000, immutable", false},
		"Gzip":     {"compressed once, at start", "GET", Path("app.css"), "gzip, br", 200, "public, max-age=31536000, immutable", true},
		"Font":     {"a font is compressed already", "GET", Path("inter.woff2"), "gzip", 200, "public, max-age=31536000, immutable", false},
		"OldHash":  {"a stale digest gets nothing", "GET", "/static/app.0000000000.css", "", 404, "", false},
		"NoEscape": {"only known paths are looked up", "GET", "/static/../go.mod", "", 404, "", false},
		"Post":     {"assets are read only", "POST", Path("app.css"), "", 405, "", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, tc.path, nil)
			r.Header.Set("Accept-Encoding", tc.accept)
			w := httptest.NewRecorder()
			Handler().ServeHTTP(w, r)
			if w.Code != tc.status || w.Header().Get("Cache-Control") != tc.cache || (w.Header().Get("Content-Encoding") == "gzip") != tc.packed {
				t.Errorf("%s\nstatus %d, headers %v", tc.reason, w.Code, w.Header())
			}
		})
	}
}

func TestCompressedBodyIsTheBody(t *testing.T) {
	a := load().byName["app.js"]
	r, err := gzip.NewReader(bytes.NewReader(a.gzipped))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, a.body) {
		t.Errorf("unpacked app.js differs from the original (%v)", err)
	}
}

// The design promises less than 60 KB of script, compressed, for every page.
func TestScriptBudget(t *testing.T) {
	total := 0
	for name, a := range load().byName {
		if strings.HasSuffix(name, ".js") {
			total += len(a.gzipped)
		}
	}
	if total == 0 || total > 60_000 {
		t.Errorf("all scripts together are %d bytes compressed, want 1 to 60,000", total)
	}
}

func TestSheetHasNoDanglingURL(t *testing.T) {
	sheet := load().byName["app.css"].body
	if match := urlInSheet.Find(sheet); match != nil {
		t.Errorf("the sheet names an asset that is not there: %s", match)
	}
	if !bytes.Contains(sheet, []byte(Path("inter.woff2"))) {
		t.Error("the sheet does not link the font by its digest")
	}
}

func TestEveryScriptAndLayerIsJoined(t *testing.T) {
	entries := map[string][]string{"css": layers, "js": append([]string{"js/theme.js"}, scripts...)}
	for folder, want := range entries {
		found, err := files.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != len(want) {
			t.Errorf("%s holds %d files, %d are used", folder, len(found), len(want))
		}
	}
}
