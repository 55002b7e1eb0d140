package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js img/* vendor/*.js vendor/*.woff2
var files embed.FS

// Prefix is where Handler expects to be mounted.
const Prefix = "/static/"

// layers is the order of the cascade; tokens.css declares the layers' names.
var layers = []string{
	"css/tokens.css", "css/reset.css", "css/base.css", "css/shell.css", "css/parts.css",
	"css/forms.css", "css/log.css", "css/topology.css", "css/timeline.css", "css/pages.css", "css/motion.css",
}

// scripts make up app.js; each is a function of its own and needs no other.
var scripts = []string{"js/copy.js", "js/reveal.js", "js/focus.js", "js/confirm.js", "js/keys.js", "js/topology.js", "js/log.js", "js/follow.js"}

// asset is one file as it is served.
type asset struct {
	path    string // "/static/app.0123456789.css"
	kind    string // media type
	body    []byte
	gzipped []byte // nil where compressing does not pay
}

// bundle is computed at the first use and never changes after.
type bundle struct {
	byName map[string]*asset // "app.css"
	byPath map[string]*asset
}

var load = sync.OnceValue(func() *bundle {
	b, err := build(files)
	if err != nil {
		// The files are part of the binary: only a mistake in this package gets here.
		panic("static: " + err.Error())
	}
	return b
})

// Path returns where the asset is served, for example "/static/app.3f09a1b2c4.css"
// for "app.css". A name that is not there is a mistake in a template, which the
// tests of package views find; it yields a path that answers 404.
func Path(name string) string {
	if a, ok := load().byName[name]; ok {
		return a.path
	}
	return Prefix + "missing/" + name
}

// build reads, joins, links and digests everything there is.
func build(source fs.FS) (*bundle, error) {
	b := &bundle{byName: map[string]*asset{}, byPath: map[string]*asset{}}
	for _, pattern := range []string{"vendor/*.woff2", "vendor/*.js", "img/*", "js/theme.js"} {
		names, err := fs.Glob(source, pattern)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", pattern, err)
		}
		for _, name := range names {
			body, err := fs.ReadFile(source, name)
			if err != nil {
				return nil, fmt.Errorf("read asset: %w", err)
			}
			b.add(path.Base(name), body)
		}
	}
	sheet, err := join(source, layers)
	if err != nil {
		return nil, err
	}
	script, err := join(source, scripts)
	if err != nil {
		return nil, err
	}
	b.add("app.css", b.link(sheet))
	b.add("app.js", script)
	return b, nil
}

func join(source fs.FS, names []string) ([]byte, error) {
	var out bytes.Buffer
	for _, name := range names {
		body, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, fmt.Errorf("join assets: %w", err)
		}
		out.Write(body)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

var urlInSheet = regexp.MustCompile(`url\("([^"/:]+)"\)`)

// link replaces url("inter.woff2") by the asset's own path.
func (b *bundle) link(sheet []byte) []byte {
	return urlInSheet.ReplaceAllFunc(sheet, func(match []byte) []byte {
		if a, ok := b.byName[string(urlInSheet.FindSubmatch(match)[1])]; ok {
			return []byte(`url("` + a.path + `")`)
		}
		return match
	})
}

func (b *bundle) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := &asset{
		path: Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext,
		kind: mediaTypes[ext],
		body: body,
	}
	if ext != ".woff2" {
		a.gzipped = compress(body)
	}
	b.byName[name] = a
	b.byPath[a.path] = a
}

var mediaTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil // an unknown level, which this is not
	}
	// Writing to a bytes.Buffer cannot fail.
	_, _ = w.Write(body)
	_ = w.Close()
	if out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}
