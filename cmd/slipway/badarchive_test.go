package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What one bad archive may cost the server, whatever it holds.
const (
	mostMemory = 1200 // MB resident, all of the server, at its peak
	mostTime   = 20 * time.Second
)

// TestBadArchives sends archives that are broken, hostile or wrong, by API, by
// command line and by page: each answers what is wrong, keeps nothing, and costs
// bounded time and memory.
func TestBadArchives(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the binary")
	}
	v := newVictim(t)
	for name, tc := range badArchives(t) {
		t.Run(name, func(t *testing.T) {
			v := v.in(t)
			v.unchanged(func() { v.sendEverywhere(tc) })
		})
	}
}

// TestBombsAtOnce sends the archive that costs most of all that are read to the
// end, several at the same time: they are read one after another, so that all
// together take no more memory than one.
func TestBombsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the binary")
	}
	v := newVictim(t)
	bomb := crowd(t, 5_000_000) // just within what is read
	const together = 3
	v.unchanged(func() {
		answers := make([]reply, together)
		v.bounded("three at once", together*mostTime, func() {
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() { answers[i] = v.upload("/blueprints/bad", bomb) })
			}
			all.Wait()
		})
		for _, got := range answers {
			got.refused(t, http.StatusBadRequest, "blueprint.yaml", "node_template")
		}
	})
}

// badArchive is an archive with what its refusal is to say.
type badArchive struct {
	reason  string
	archive []byte
	status  int // of the API; a page says 422 for 400
	words   []string
}

func (v *victim) sendEverywhere(tc badArchive) {
	v.t.Helper()
	v.bounded(tc.reason, mostTime, func() { v.upload("/blueprints/bad", tc.archive).refused(v.t, tc.status, tc.words...) })
	v.bounded(tc.reason, mostTime, func() {
		if got := v.upload("/blueprints/bad/validate", tc.archive); got.status != tc.status {
			v.t.Errorf("validation answers %d, want %d: %.300s", got.status, tc.status, got.body)
		}
	})
	file := filepath.Join(v.t.TempDir(), "bad.zip")
	if err := os.WriteFile(file, tc.archive, 0o600); err != nil {
		v.t.Fatal(err)
	}
	v.fails(1, tc.words, "", "blueprints", "upload", file, "-b", "bad")
	v.fails(1, tc.words, "", "blueprints", "validate", file, "--server")
	v.bounded(tc.reason, mostTime, func() {
		got, status := v.uploadPage("bad", tc.archive), tc.status
		switch {
		case len(tc.archive) > 33<<20: // pages take less than the API
			tells(v.t, "the page", got.shown(), "more than 33 MB")
			status = http.StatusRequestEntityTooLarge
		case status == http.StatusBadRequest:
			status = http.StatusUnprocessableEntity
			fallthrough
		default:
			tells(v.t, "the page", got.shown(), tc.words...)
		}
		if got.status != status {
			v.t.Errorf("the page answers %d, want %d", got.status, status)
		}
	})
}

// bounded runs something and holds the server to its bounds meanwhile.
func (v *victim) bounded(reason string, limit time.Duration, run func()) {
	v.t.Helper()
	proc := "/proc/" + strconv.Itoa(v.command.Process.Pid)
	// Begins a new peak.
	if err := os.WriteFile(proc+"/clear_refs", []byte("5"), 0); err != nil {
		v.t.Logf("memory is not measured: %v", err)
	}
	began := time.Now()
	run()
	took, peak := time.Since(began), residentPeak(v.t, proc)
	if took > limit || peak > mostMemory {
		v.t.Errorf("%s: it took %s and %d MB, more than %s or %d MB", reason, took, peak, limit, mostMemory)
	}
	v.t.Logf("%s, %d MB: %s", took.Round(time.Millisecond), peak, reason)
}

// residentPeak is the most memory that was resident since the last reset, in MB.
func residentPeak(t *testing.T, proc string) int {
	t.Helper()
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		t.Skipf("the memory of processes cannot be read here: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes >> 10
		}
	}
	t.Fatalf("no VmHWM in %s/status", proc)
	return 0
}

func badArchives(t *testing.T) map[string]badArchive {
	const invalid, tooLarge = http.StatusBadRequest, http.StatusRequestEntityTooLarge
	good := zipOf(t, entry{name: "blueprint.yaml", text: small})
	corrupt := bytes.Clone(good)
	corrupt[60] ^= 0xff
	blueprint := func(text string) []byte { return zipOf(t, entry{name: "blueprint.yaml", text: text}) }
	ok := entry{name: "blueprint.yaml", text: small}
	return map[string]badArchive{
		"Text":       {"a YAML file is no archive", []byte(small), invalid, []string{"no archive", "zip, tar"}},
		"Garbage":    {"bytes", noise(5000), invalid, []string{"no archive"}},
		"CutZip":     {"half a zip", good[:len(good)/2], invalid, []string{"damaged"}},
		"CutTarGz":   {"half a tar.gz", gzipOf(t, tarOf(t, ok))[:60], invalid, []string{"damaged"}},
		"Corrupt":    {"a bit fell over", corrupt, invalid, []string{"damaged"}},
		"Empty":      {"no files", zipOf(t), invalid, []string{"no files"}},
		"FolderOnly": {"folders are no files", tarOf(t, entry{name: "a/", kind: tar.TypeDir}), invalid, []string{"no files"}},
		"NoMain":     {"files, but which?", zipOf(t, entry{name: "a.yaml"}, entry{name: "b.yaml"}), invalid, []string{"blueprint.yaml", "-n"}},

		"RatioBomb": {"250 MB of nothing", zipOf(t, ok, entry{name: "zero", text: strings.Repeat("\x00", 250<<20)}), tooLarge, []string{"200 times"}},
		"GzipBomb":  {"250 MB of nothing, by gzip", gzipOf(t, tarOf(t, ok, entry{name: "zero", text: strings.Repeat("\x00", 250<<20)})), tooLarge, []string{"200 times"}},
		"SizeBomb":  {"300 MB that shrink within the ratio", zipOf(t, ok, entry{name: "noise", text: string(noise(2 << 20))}, entry{name: "zero", text: strings.Repeat("\x00", 300<<20)}), tooLarge, []string{"256 MB"}},
		"CountBomb": {"twelve thousand files", zipOf(t, manyEntries(12_000)...), tooLarge, []string{"10000 files"}},
		"TarCount":  {"twelve thousand files in a tar", gzipOf(t, tarOf(t, manyEntries(12_000)...)), tooLarge, []string{"10000 files"}},
		"Directory": {"a zip that is only a directory of a million entries", zipDirectory(1_200_000), tooLarge, []string{"10000 files"}},
		"Packed":    {"over the limit itself", append([]byte("PK\x03\x04"), make([]byte, 65<<20)...), tooLarge, []string{"MB"}},
		"Deep":      {"folders without end", zipOf(t, ok, entry{name: strings.Repeat("a/", 40) + "b"}), invalid, []string{"32 folders"}},
		"LongPath":  {"a path without end", zipOf(t, ok, entry{name: strings.Repeat("a", 2000)}), invalid, []string{"1024"}},

		"Escape":     {"out of the archive", zipOf(t, ok, entry{name: "../../etc/cron.d/x"}), invalid, []string{"../../etc/cron.d/x", "leads out"}},
		"EscapeTar":  {"out of the archive, by tar", tarOf(t, ok, entry{name: "a/../../x"}), invalid, []string{"a/../../x", "leads out"}},
		"Absolute":   {"to the root", tarOf(t, ok, entry{name: "/etc/passwd"}), invalid, []string{"/etc/passwd", "leads out"}},
		"Backslash":  {"out, as Windows writes it", zipOf(t, ok, entry{name: `..\x`}), invalid, []string{"leads out"}},
		"Drive":      {"to a drive", zipOf(t, ok, entry{name: `C:\x`}), invalid, []string{"leads out"}},
		"Symlink":    {"a link to the server's files", zipOf(t, ok, entry{name: "passwd", text: "/etc/passwd", kind: tar.TypeSymlink}), invalid, []string{"passwd", "link"}},
		"SymlinkTar": {"a link to the server's files, by tar", tarOf(t, ok, entry{name: "passwd", link: "/etc/passwd", kind: tar.TypeSymlink}), invalid, []string{"passwd", "link"}},
		"HardLink":   {"a hard link", tarOf(t, ok, entry{name: "passwd", link: "blueprint.yaml", kind: tar.TypeLink}), invalid, []string{"passwd", "link"}},
		"Device":     {"a device", tarOf(t, ok, entry{name: "disk", kind: tar.TypeBlock}), invalid, []string{"disk", "device"}},
		"NotUTF8":    {"a name in another encoding", zipOf(t, ok, entry{name: "\xe4.yaml"}), invalid, []string{"UTF-8"}},
		"Both":       {"a file that is a folder", zipOf(t, ok, entry{name: "a", text: "x"}, entry{name: "a/b", text: "x"}), invalid, []string{"both as a file and as a folder"}},

		"NotYAML":     {"a colon too many", blueprint("tosca_definitions_version: cloudify_dsl_1_4\na: b: c\n"), invalid, []string{"blueprint.yaml:2", "YAML"}},
		"NoVersion":   {"which DSL?", blueprint("node_templates: {}\n"), invalid, []string{"blueprint.yaml:1", "tosca_definitions_version"}},
		"BadVersion":  {"a DSL of the future", blueprint("tosca_definitions_version: cloudify_dsl_9_9\n"), invalid, []string{"blueprint.yaml:1:28", "cloudify_dsl_9_9"}},
		"UnknownType": {"a slip of the pen", blueprint(strings.Replace(small, "cloudify.nodes.Root", "cloudify.nodes.Rooot", 1)), invalid, []string{"blueprint.yaml:7:16", "cloudify.nodes.Rooot", "did you mean"}},
		"UnknownKey":  {"a section that there is not", blueprint(small + "node_template: {}\n"), invalid, []string{"blueprint.yaml:10:1", "node_template"}},
		"NoImport":    {"an import from nowhere", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nimports: [types/none.yaml]\n"), invalid, []string{"blueprint.yaml:2:11", "types/none.yaml"}},
		"FarImport":   {"an import from a host that nobody allowed", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nimports: ['https://169.254.169.254/types.yaml']\n"), invalid, []string{"blueprint.yaml:2:11", "SLIPWAY_IMPORT_HOSTS"}},
		"FileImport":  {"an import of the server's files", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nimports: ['file:///etc/passwd']\n"), invalid, []string{"blueprint.yaml:2:11"}},
		"OutImport":   {"an import from above the archive", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nimports: ['../../../etc/passwd']\n"), invalid, []string{"blueprint.yaml:2:11"}},
		"Latin1":      {"bytes that are no text", blueprint("tosca_definitions_version: cloudify_dsl_1_4\ndescription: caf\xe9\n"), invalid, []string{"blueprint.yaml"}},
		"NUL":         {"a byte that no text has", blueprint("tosca_definitions_version: cloudify_dsl_1_4\ndescription: \"a\x00b\"\n"), invalid, []string{"blueprint.yaml"}},
		"OnServer":    {"a script that would run on the server", blueprint(localScript), invalid, []string{"blueprint.yaml", "cloudify.interfaces.lifecycle.create", "root", "on the server"}},

		"Laughs":   {"aliases of aliases of aliases", blueprint(laughs()), invalid, []string{"blueprint.yaml", "aliases"}},
		"Itself":   {"an anchor inside itself", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nmetadata: &a {b: *a}\n"), invalid, []string{"blueprint.yaml:2", "contains itself"}},
		"DeepYAML": {"a hundred thousand brackets", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nmetadata: " + strings.Repeat("[", 100_000) + "\n"), invalid, []string{"blueprint.yaml"}},
		"Dense":    {"ten million parts in a small file", crowd(t, 20<<20), invalid, []string{"blueprint.yaml", "parts"}},
		"Scalar":   {"a text of 40 MB", zipOf(t, entry{name: "blueprint.yaml", text: small + "description: " + hex.EncodeToString(noise(20<<20)) + "\n"}), invalid, []string{"blueprint.yaml", "32 MB"}},
		"Copies":   {"a long text that a list names ten thousand times", blueprint(copies()), tooLarge, []string{"64 MB"}},
		"Inherits": {"a long default that ten thousand nodes inherit", blueprint(inherits()), tooLarge, []string{"64 MB"}},
		"Findings": {"thirty thousand mistakes", blueprint("tosca_definitions_version: cloudify_dsl_1_4\nnode_templates:\n" + mistakes(30_000)), invalid, []string{"blueprint.yaml:3", "more"}},
	}
}

const localScript = `tosca_definitions_version: cloudify_dsl_1_4
imports: [http://cloudify.co/spec/cloudify/6.3.0/types.yaml]
node_templates:
  root:
    type: cloudify.nodes.Root
    interfaces:
      cloudify.interfaces.lifecycle:
        create: {implementation: script.script_runner.tasks.run, executor: central_deployment_agent, inputs: {script_path: a.sh}}
`

func laughs() string {
	text := "tosca_definitions_version: cloudify_dsl_1_4\ndsl_definitions:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
	for i := 1; i < 10; i++ {
		text += fmt.Sprintf("  a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return text
}

// crowd is an archive with a list of about n/2 items; noise beside it keeps it
// within the ratio.
func crowd(t *testing.T, n int) []byte {
	return zipOf(t, entry{name: "noise", text: string(noise(n / 100))},
		entry{name: "blueprint.yaml", text: "tosca_definitions_version: cloudify_dsl_1_4\nmetadata: {x: [" + strings.Repeat("a,", n/2) + "]}\nnode_template: {}\n"})
}

func copies() string {
	return small + "metadata:\n  text: &text " + strings.Repeat("x", 100_000) + "\n  list: [" + strings.Repeat("*text, ", 10_000) + "]\n"
}

func inherits() string {
	text := "tosca_definitions_version: cloudify_dsl_1_4\nnode_types:\n  t: {properties: {text: {default: " + strings.Repeat("x", 100_000) + "}}}\nnode_templates:\n"
	for i := range 10_000 {
		text += fmt.Sprintf("  n%d: {type: t}\n", i)
	}
	return text
}

func joins() string {
	text := "tosca_definitions_version: cloudify_dsl_1_4\nnode_types: {t: {properties: {p0: {default: " + strings.Repeat("x", 1000) + "}"
	for i := 1; i < 30; i++ {
		text += fmt.Sprintf(", p%d: {default: {concat: [{get_property: [SELF, p%d]}, {get_property: [SELF, p%d]}]}}", i, i-1, i-1)
	}
	return text + "}}}\nnode_templates: {n: {type: t}}\n"
}

func mistakes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  node%d: {type: unknown%d}\n", i, i)
	}
	return b.String()
}

// entry is one entry of an archive.
type entry struct {
	name, text, link string
	kind             byte
}

func manyEntries(n int) []entry {
	entries := []entry{{name: "blueprint.yaml", text: small}}
	for i := range n {
		entries = append(entries, entry{name: fmt.Sprintf("file%d", i)})
	}
	return entries
}

func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.kind == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Linkname: e.link, Typeflag: max(e.kind, tar.TypeReg), Mode: 0o644, Size: int64(len(e.text))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipDirectory is a zip without files whose directory lists n.
func zipDirectory(n int) []byte {
	one := append([]byte("PK\x01\x02"), make([]byte, 42)...)
	one[28] = 1 // length of the name
	one = append(one, 'a')
	out := append([]byte("PK\x03\x04"), make([]byte, 26)...) // so that it looks like a zip
	begin := len(out)
	out = append(out, bytes.Repeat(one, n)...)
	end := append([]byte("PK\x05\x06"), make([]byte, 4)...)
	end = append(end, little(n&0xffff, 2)...)
	end = append(end, little(n&0xffff, 2)...)
	end = append(end, little(len(out)-begin, 4)...)
	end = append(end, little(begin, 4)...)
	return append(append(out, end...), 0, 0)
}

// little is n in little-endian bytes.
func little(n, size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(n >> (8 * i))
	}
	return out
}

// noise is what no packer shrinks, the same each time.
func noise(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	data := make([]byte, n)
	_, _ = source.Read(data) // never fails
	return data
}
