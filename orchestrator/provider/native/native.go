// Package native carries out the operations that need no outside world: it
// draws unique prefixes and passwords and turns tag lists into maps. It knows
// how such values must look; it opens no connection and keeps nothing of its
// own: a value lives in the instance's runtime properties, journaled before
// the operation answers, so that asking again yields the same value.
package native

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "slipway-native"

// The runtime properties that the generators write. A password is known under
// three names because blueprints that come from elsewhere read it as
// "password" or "master_password".
const (
	valueKey = "value"

	passwordKey       = "password"
	masterPasswordKey = "master_password"
)

// Provider runs the native functions.
type Provider struct {
	random io.Reader
}

// New returns the provider. Values are drawn from the system's secure source.
func New() *Provider { return &Provider{random: rand.Reader} }

// Run implements provider.Provider. The function's last segment picks the act.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if call.Self == nil {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
			"%s works on a node, not on a relationship; map it in the node's lifecycle interface", call.Function))
	}
	switch name := provider.LastSegment(call.Function); name {
	case "unique_prefix":
		return p.uniquePrefix(ctx, call)
	case "password":
		return p.password(ctx, call)
	case "convert_tags":
		return convertTags(call)
	case "delete":
		return provider.Result{DropAll: true}, nil
	default:
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
			"the native plugin has no function %q; it has unique_prefix, password, convert_tags and delete", name))
	}
}

// Check implements provider.Checker.
func (p *Provider) Check(_ *orchestrator.Node, operation orchestrator.Operation, _ bool) error {
	switch name := provider.LastSegment(operation.Function); name {
	case "unique_prefix", "password", "convert_tags", "delete":
		return nil
	default:
		return orchestrator.Errorf(orchestrator.Invalid,
			"the native plugin has no function %q; use unique_prefix, password, convert_tags or delete", name)
	}
}

const (
	prefixLength  = 6
	prefixLetters = "abcdefghijklmnopqrstuvwxyz"
)

// uniquePrefix keeps a value that is there, takes the predefined one, or draws
// six lowercase letters.
func (p *Provider) uniquePrefix(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if kept, ok := call.Self.Runtime[valueKey]; ok && !empty(kept) {
		return provider.Result{Value: kept}, nil
	}
	value := setting(call, "predefined_value")
	if empty(value) {
		drawn, err := draw(p.random, prefixLetters, prefixLength)
		if err != nil {
			return provider.Result{}, fmt.Errorf("draw prefix: %w", err)
		}
		value = drawn
	}
	set := map[string]orchestrator.Value{valueKey: value}
	if err := call.Journal.Set(ctx, set); err != nil {
		return provider.Result{}, fmt.Errorf("keep prefix: %w", err)
	}
	return provider.Result{Set: set, Value: value}, nil
}

const (
	passwordLength  = 14
	passwordLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	// passwordTail makes every password satisfy rules that ask for a lowercase
	// letter and a digit.
	passwordTail = "a9"
)

// password keeps the password that is there or draws one of 14 letters and
// digits and the tail "a9". It is marked under each of its names.
func (p *Provider) password(ctx context.Context, call *provider.Call) (provider.Result, error) {
	for _, key := range []string{valueKey, passwordKey, masterPasswordKey} {
		if kept, ok := call.Self.Runtime[key]; ok && !empty(kept) {
			return provider.Result{}, nil
		}
	}
	drawn, err := draw(p.random, passwordLetters, passwordLength)
	if err != nil {
		return provider.Result{}, fmt.Errorf("draw password: %w", err)
	}
	marked := orchestrator.Mark(drawn + passwordTail)
	set := map[string]orchestrator.Value{valueKey: marked, passwordKey: marked, masterPasswordKey: marked}
	if err := call.Journal.Set(ctx, set); err != nil {
		return provider.Result{}, fmt.Errorf("keep password: %w", err)
	}
	return provider.Result{Set: set}, nil
}

// convertTags stores each input that is a list of {Key, Value} pairs as a plain
// map under the input's name.
func convertTags(call *provider.Call) (provider.Result, error) {
	set := map[string]orchestrator.Value{}
	for _, name := range orchestrator.SortedKeys(call.Inputs) {
		list, ok := call.Inputs[name].([]orchestrator.Value)
		if !ok {
			continue
		}
		tags := make(map[string]orchestrator.Value, len(list))
		for i, item := range list {
			pair, _ := item.(map[string]orchestrator.Value)
			key, ok := pair["Key"].(string)
			if !ok {
				return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
					"item %d of %s is not a pair like {Key: owner, Value: me}", i+1, name).On(name))
			}
			tags[key] = pair["Value"]
		}
		set[name] = tags
	}
	return provider.Result{Set: set}, nil
}

// setting is the operation input of that name, else the node property.
func setting(call *provider.Call, name string) orchestrator.Value {
	if v, ok := call.Inputs[name]; ok && !empty(v) {
		return v
	}
	return call.Self.Properties[name]
}

func empty(v orchestrator.Value) bool {
	revealed := orchestrator.Reveal(v)
	return revealed == nil || revealed == ""
}

// draw returns n letters of the alphabet, each equally likely: bytes beyond the
// largest multiple of its length are thrown away.
func draw(random io.Reader, alphabet string, n int) (string, error) {
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	buffer := make([]byte, 1)
	for len(out) < n {
		if _, err := io.ReadFull(random, buffer); err != nil {
			return "", err
		}
		if int(buffer[0]) < limit {
			out = append(out, alphabet[int(buffer[0])%len(alphabet)])
		}
	}
	return string(out), nil
}
