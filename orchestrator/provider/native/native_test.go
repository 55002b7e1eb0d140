package native

import (
	"context"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type values = map[string]orchestrator.Value

// journal keeps what was made durable.
type journal struct{ set values }

func (j *journal) Set(_ context.Context, set values) error {
	if j.set == nil {
		j.set = values{}
	}
	for key, value := range set {
		j.set[key] = value
	}
	return nil
}

func (j *journal) SetOn(context.Context, string, values, []string) error { return nil }

func (j *journal) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

func call(function string, instance *provider.Instance, inputs values) (*provider.Call, *journal) {
	j := &journal{}
	return &provider.Call{Function: function, Self: instance, Inputs: inputs, Journal: j}, j
}

func TestUniquePrefix(t *testing.T) {
	tests := map[string]struct {
		reason   string
		instance provider.Instance
		inputs   values
		want     string // a pattern
		journals bool
	}{
		"SixLetters": {
			reason: "nothing is given, so a prefix is drawn and journaled before the answer",
			want:   "^[a-z]{6}$", journals: true,
		},
		"PredefinedProperty": {
			reason:   "a blueprint may fix the prefix",
			instance: provider.Instance{Properties: values{"predefined_value": "demo"}},
			want:     "^demo$", journals: true,
		},
		"PredefinedInput": {
			reason:   "the operation's input is nearer than the property",
			instance: provider.Instance{Properties: values{"predefined_value": "demo"}},
			inputs:   values{"predefined_value": "nearer"},
			want:     "^nearer$", journals: true,
		},
		"KeptOnResume": {
			reason:   "asking again after a crash must not change what others have read",
			instance: provider.Instance{Runtime: values{"value": "qwerty"}, Properties: values{"predefined_value": "demo"}},
			want:     "^qwerty$",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, j := call("native.unique_prefix", &tt.instance, tt.inputs)
			result, err := New().Run(t.Context(), c)
			if err != nil {
				t.Fatalf("%s: %v", tt.reason, err)
			}
			got, _ := result.Value.(string)
			if !regexp.MustCompile(tt.want).MatchString(got) {
				t.Errorf("%s: got %q, want %s", tt.reason, got, tt.want)
			}
			if journaled := j.set != nil; journaled != tt.journals {
				t.Errorf("%s: journaled = %v, want %v", tt.reason, journaled, tt.journals)
			}
			if tt.journals && j.set["value"] != got {
				t.Errorf("%s: journaled %v, answered %v", tt.reason, j.set["value"], got)
			}
		})
	}
}

func TestPassword(t *testing.T) {
	instance := &provider.Instance{}
	c, j := call("native.password", instance, nil)
	if _, err := New().Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"value", "password", "master_password"} {
		if !orchestrator.IsSensitive(j.set[key]) {
			t.Errorf("%s is not marked", key)
		}
		text, _ := orchestrator.Reveal(j.set[key]).(string)
		if !regexp.MustCompile(`^[a-zA-Z0-9]{14}a9$`).MatchString(text) {
			t.Errorf("%s does not have the shape of 14 letters or digits and a9", key)
		}
	}

	instance.Runtime = j.set
	again, journalAgain := call("native.password", instance, nil)
	result, err := New().Run(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if journalAgain.set != nil || result.Set != nil {
		t.Error("asking again drew another password")
	}
}

func TestConvertTags(t *testing.T) {
	inputs := values{
		"tags":  []orchestrator.Value{values{"Key": "owner", "Value": "me"}, values{"Key": "tier", "Value": int64(2)}},
		"other": "left alone",
	}
	c, _ := call("native.convert_tags", &provider.Instance{}, inputs)
	result, err := New().Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := values{"tags": values{"owner": "me", "tier": int64(2)}}
	if diff := cmp.Diff(want, result.Set); diff != "" {
		t.Error(diff)
	}

	c, _ = call("native.convert_tags", &provider.Instance{}, values{"tags": []orchestrator.Value{"owner=me"}})
	if _, err = New().Run(t.Context(), c); !provider.IsFatal(err) {
		t.Errorf("a list without pairs: got %v, want a fatal error", err)
	}
}

func TestDeleteDropsEverything(t *testing.T) {
	c, _ := call("native.delete", &provider.Instance{Runtime: values{"value": "qwerty"}}, nil)
	result, err := New().Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(provider.Result{DropAll: true}, result); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownFunctionIsFatal(t *testing.T) {
	c, _ := call("native.frobnicate", &provider.Instance{}, nil)
	if _, err := New().Run(t.Context(), c); !provider.IsFatal(err) {
		t.Errorf("got %v, want a fatal error", err)
	}
}
