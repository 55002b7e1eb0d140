package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

type tarEntry struct {
	name, content, link string
	kind                byte
}

func makeTar(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		kind := e.kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		h := &tar.Header{Name: e.name, Typeflag: kind, Linkname: e.link, Mode: 0o644, Size: int64(len(e.content)), Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeGlobalHeaders(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for range n {
		h := &tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}, Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeGzip(t testing.TB, data []byte) []byte {
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

func makeZip(t testing.TB, entries ...tarEntry) []byte {
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
		if _, err := f.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func contents(t *testing.T, files fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUnpack(t *testing.T) {
	small := Limits{Packed: 1 << 20, Unpacked: 700_000, Files: 4, Ratio: 100, Depth: 3, Name: 60}
	roomy := small
	roomy.Unpacked = 4 << 20
	cases := map[string]struct {
		reason string
		data   []byte
		limits *Limits // nil: small
		want   map[string]string
		code   orchestrator.Code
	}{
		"Zip":              {reason: "zip is read", data: makeZip(t, tarEntry{name: "a.yaml", content: "x"}), want: map[string]string{"a.yaml": "x"}},
		"Tar":              {reason: "tar is read", data: makeTar(t, tarEntry{name: "a.yaml", content: "x"}), want: map[string]string{"a.yaml": "x"}},
		"TarGz":            {reason: "tar.gz is read", data: makeGzip(t, makeTar(t, tarEntry{name: "d/a", content: "x"}, tarEntry{name: "b", content: "y"})), want: map[string]string{"d/a": "x", "b": "y"}},
		"TopFolder":        {reason: "one folder around everything is left out", data: makeTar(t, tarEntry{name: "top/", kind: tar.TypeDir}, tarEntry{name: "top/a", content: "x"}, tarEntry{name: "top/d/b", content: "y"}), want: map[string]string{"a": "x", "d/b": "y"}},
		"TwoFolders":       {reason: "two folders stay", data: makeTar(t, tarEntry{name: "p/a", content: "x"}, tarEntry{name: "q/b", content: "y"}), want: map[string]string{"p/a": "x", "q/b": "y"}},
		"MacExtras":        {reason: "what Finder adds is dropped", data: makeZip(t, tarEntry{name: "top/a", content: "x"}, tarEntry{name: "__MACOSX/top/._a", content: "z"}), want: map[string]string{"a": "x"}},
		"Backslashes":      {reason: "some zips separate by backslashes", data: makeZip(t, tarEntry{name: `d\a`, content: "x"}, tarEntry{name: "b", content: ""}), want: map[string]string{"d/a": "x", "b": ""}},
		"ErrEscape":        {reason: "a path must stay inside", data: makeTar(t, tarEntry{name: "../a"}), code: orchestrator.Invalid},
		"ErrZipEscape":     {reason: "a path must stay inside a zip, too", data: makeZip(t, tarEntry{name: `..\a`}), code: orchestrator.Invalid},
		"ErrAbsolute":      {reason: "an absolute path leads out", data: makeTar(t, tarEntry{name: "/etc/passwd"}), code: orchestrator.Invalid},
		"ErrDrive":         {reason: "a drive letter leads out", data: makeZip(t, tarEntry{name: `C:\a`}), code: orchestrator.Invalid},
		"ErrSymlink":       {reason: "links may lead anywhere", data: makeTar(t, tarEntry{name: "a", kind: tar.TypeSymlink, link: "/etc/passwd"}), code: orchestrator.Invalid},
		"ErrHardLink":      {reason: "hard links, too", data: makeTar(t, tarEntry{name: "a", kind: tar.TypeLink, link: "b"}), code: orchestrator.Invalid},
		"ErrZipLink":       {reason: "links in a zip are files with a mode", data: makeZip(t, tarEntry{name: "a", kind: tar.TypeSymlink, content: "b"}), code: orchestrator.Invalid},
		"ErrDevice":        {reason: "a device is no file", data: makeTar(t, tarEntry{name: "a", kind: tar.TypeFifo}), code: orchestrator.Invalid},
		"ErrDepth":         {reason: "folders may not be nested without end", data: makeTar(t, tarEntry{name: "a/b/c/d/e"}), code: orchestrator.Invalid},
		"ErrLongName":      {reason: "paths have a limit", data: makeTar(t, tarEntry{name: strings.Repeat("x", 61)}), code: orchestrator.Invalid},
		"ErrCount":         {reason: "too many entries", data: makeTar(t, tarEntry{name: "1"}, tarEntry{name: "2"}, tarEntry{name: "3"}, tarEntry{name: "4"}, tarEntry{name: "5"}), code: orchestrator.TooLarge},
		"ErrZipCount":      {reason: "a zip's directory is counted before it is read", data: makeZip(t, tarEntry{name: "1"}, tarEntry{name: "2"}, tarEntry{name: "3"}, tarEntry{name: "4"}, tarEntry{name: "5"}), code: orchestrator.TooLarge},
		"ErrHeaders":       {reason: "headers without files count, too", data: makeGlobalHeaders(t, 5), code: orchestrator.TooLarge},
		"ErrNotUTF8":       {reason: "names are text", data: makeZip(t, tarEntry{name: "a\xff"}), code: orchestrator.Invalid},
		"ErrNoName":        {reason: "a file has a name", data: makeZip(t, tarEntry{name: "./."}), code: orchestrator.Invalid},
		"ErrFileAndFolder": {reason: "no disk could hold both", data: makeZip(t, tarEntry{name: "a", content: "x"}, tarEntry{name: "a/b/c", content: "y"}), code: orchestrator.Invalid},
		"ErrBomb":          {reason: "what shrinks too well is a bomb", limits: &roomy, data: makeGzip(t, makeTar(t, tarEntry{name: "a", content: strings.Repeat("\x00", 1<<20+1)})), code: orchestrator.TooLarge},
		"ErrSize":          {reason: "all files together have a limit", data: makeTar(t, tarEntry{name: "a", content: strings.Repeat("x", 400_000)}, tarEntry{name: "b", content: strings.Repeat("x", 400_000)}), code: orchestrator.TooLarge},
		"ErrPacked":        {reason: "the archive itself has a limit", data: make([]byte, 1<<20+1), code: orchestrator.TooLarge},
		"ErrEmpty":         {reason: "an archive without files is no blueprint", data: makeZip(t), code: orchestrator.Invalid},
		"ErrText":          {reason: "a YAML file is no archive", data: []byte("tosca_definitions_version: cloudify_dsl_1_3"), code: orchestrator.Invalid},
		"ErrDamaged":       {reason: "half an archive is none", data: makeGzip(t, makeTar(t, tarEntry{name: "a", content: "x"}))[:20], code: orchestrator.Invalid},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			limits := small
			if tc.limits != nil {
				limits = *tc.limits
			}
			files, err := Unpack(tc.data, limits)
			if diff := cmp.Diff(tc.code, orchestrator.ErrorCode(err)); diff != "" {
				t.Fatalf("%s: code (-want +got):\n%s%v", tc.reason, diff, err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.want, contents(t, files)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// The file system in memory behaves like any other.
func TestFilesIsAFileSystem(t *testing.T) {
	files := Files{"a": []byte("1"), "d/b": []byte("22"), "d/e/c": nil}
	if err := fstest.TestFS(files, "a", "d/b", "d/e/c"); err != nil {
		t.Error(err)
	}
}

// What is packed unpacks to the same, and packs to the same bytes.
func TestPackRoundTrip(t *testing.T) {
	files := Files{"a": []byte("1"), "d/b": []byte("22")}
	packed, err := Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(packed, again) {
		t.Error("equal files must make equal archives")
	}
	unpacked, err := Unpack(packed, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(t, files), contents(t, unpacked)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever bytes come, unpacking ends, within the limits, and every path stays
// inside.
func FuzzUnpack(f *testing.F) {
	f.Add(makeZip(f, tarEntry{name: "a", content: "x"}))
	f.Add(makeTar(f, tarEntry{name: "d/a", content: "x"}))
	f.Add(makeGzip(f, makeTar(f, tarEntry{name: "a", content: "x"})))
	limits := Limits{Packed: 1 << 16, Unpacked: 1 << 20, Files: 20, Ratio: 100, Depth: 5, Name: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := Unpack(data, limits)
		if err != nil {
			if code := orchestrator.ErrorCode(err); code != orchestrator.Invalid && code != orchestrator.TooLarge {
				t.Fatalf("code %s: %v", code, err)
			}
			return
		}
		total := int64(0)
		for name, content := range files.(Files) {
			total += int64(len(content))
			if !fs.ValidPath(name) {
				t.Fatalf("path %q", name)
			}
		}
		if total > limits.Unpacked {
			t.Fatalf("%d bytes", total)
		}
	})
}
