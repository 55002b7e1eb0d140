package provider

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestIsTrue(t *testing.T) {
	tests := map[string]struct {
		value  orchestrator.Value
		want   bool
		reason string
	}{
		"Bool":   {true, true, "as it should be written"},
		"Text":   {"True", true, "as Python authors write it"},
		"Marked": {orchestrator.Mark(true), true, "marks are opened"},
		"False":  {"false", false, "text that says no"},
		"Number": {int64(1), false, "not a truth"},
		"Absent": {nil, false, "not given"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := IsTrue(test.value); got != test.want {
				t.Errorf("%s: got %v", test.reason, got)
			}
		})
	}
}

func TestLastSegment(t *testing.T) {
	tests := map[string]struct{ function, want, reason string }{
		"Module": {"cloudify_aws.ec2.resources.vpc.create", "create", "what follows the last dot"},
		"Bare":   {"password", "password", "no module"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, LastSegment(test.function)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestMemo(t *testing.T) {
	var memo Memo[int]
	made := 0
	count := func() (int, error) { made++; return made, nil }
	key := func(n int) [sha256.Size]byte { return sha256.Sum256([]byte{byte(n), byte(n >> 8)}) }

	if _, err := memo.Get(key(0), func() (int, error) { return 0, errors.New("no") }); err == nil {
		t.Error("an error of make is returned")
	}
	for _, want := range []int{1, 1} {
		if got, err := memo.Get(key(0), count); err != nil || got != want {
			t.Errorf("a value is made once, and an error is not remembered: got %d, %v", got, err)
		}
	}
	for n := range memoLimit {
		if _, err := memo.Get(key(n), count); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := memo.Get(key(memoLimit), count); got != memoLimit+1 || len(memo.known) != 1 {
		t.Errorf("a full memo starts anew: made %d, holds %d", got, len(memo.known))
	}
}
