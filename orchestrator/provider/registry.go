package provider

import (
	"fmt"
	"slices"
	"strings"
)

// Registry finds the provider of a plugin by the plugin's package name.
type Registry map[string]Provider

// Find returns the provider of the package, or an error that names those that
// there are.
func (r Registry) Find(packageName string) (Provider, error) {
	if p, ok := r[packageName]; ok {
		return p, nil
	}
	names := make([]string, 0, len(r))
	for name := range r {
		names = append(names, name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("no provider serves plugin package %q; this server has %s", packageName, strings.Join(names, ", "))
}
