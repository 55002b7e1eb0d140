package azure

import (
	"net/netip"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

type document = rehearsal.Document

// field walks nested maps, whatever the case of the keys, as ARM reads them.
func field(d document, path ...string) any {
	var value any = d
	for _, name := range path {
		inner, ok := value.(document)
		if !ok {
			return nil
		}
		value = lookup(inner, name)
	}
	return value
}

func lookup(d document, name string) any {
	if value, ok := d[name]; ok {
		return value
	}
	for key, value := range d {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

func text(d document, path ...string) string {
	s, _ := field(d, path...).(string)
	return s
}

func number(d document, path ...string) (float64, bool) {
	n, ok := field(d, path...).(float64)
	return n, ok
}

func list(d document, path ...string) []document {
	items, _ := field(d, path...).([]any)
	out := make([]document, 0, len(items))
	for _, item := range items {
		if inner, ok := item.(document); ok {
			out = append(out, inner)
		}
	}
	return out
}

func texts(d document, path ...string) []string {
	items, _ := field(d, path...).([]any)
	var out []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// prefixes reads CIDRs; false when one is none.
func prefixes(cidrs []string) ([]netip.Prefix, bool) {
	out := make([]netip.Prefix, 0, len(cidrs))
	for _, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil || prefix.Masked() != prefix {
			return nil, false
		}
		out = append(out, prefix)
	}
	return out, len(out) > 0
}

// within reports whether inner lies in outer as a whole.
func within(inner, outer netip.Prefix) bool {
	return outer.Contains(inner.Addr()) && inner.Bits() >= outer.Bits()
}
