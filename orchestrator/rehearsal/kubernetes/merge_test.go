package kubernetes

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	spec := func(fields document) document { return document{"spec": fields} }
	tests := map[string]struct {
		reason  string
		live    document
		owned   applied
		config  document
		force   bool
		want    document
		wantErr bool
	}{
		"New": {
			reason: "the first apply makes the object",
			config: spec(document{"a": 1.0}),
			want:   spec(document{"a": 1.0}),
		},
		"KeepsWhatTheServerAdded": {
			reason: "fields that nobody applied stay",
			live:   spec(document{"a": 1.0, "clusterIP": "10.0.0.1"}), owned: applied{"us": spec(document{"a": 1.0})},
			config: spec(document{"a": 2.0}),
			want:   spec(document{"a": 2.0, "clusterIP": "10.0.0.1"}),
		},
		"DropsWhatIsNoLongerApplied": {
			reason: "a field that its only manager leaves out goes",
			live:   spec(document{"a": 1.0, "b": 1.0}), owned: applied{"us": spec(document{"a": 1.0, "b": 1.0})},
			config: spec(document{"a": 1.0}),
			want:   spec(document{"a": 1.0}),
		},
		"KeepsWhatOthersApply": {
			reason: "a field that another manager applies too stays",
			live:   spec(document{"a": 1.0, "b": 1.0}),
			owned:  applied{"us": spec(document{"a": 1.0, "b": 1.0}), "them": spec(document{"b": 1.0})},
			config: spec(document{"a": 1.0}),
			want:   spec(document{"a": 1.0, "b": 1.0}),
		},
		"ErrConflict": {
			reason: "another manager holds the field with another value",
			live:   spec(document{"a": 1.0}), owned: applied{"them": spec(document{"a": 1.0})},
			config:  spec(document{"a": 2.0}),
			wantErr: true,
		},
		"Forced": {
			reason: "force takes the field over",
			live:   spec(document{"a": 1.0}), owned: applied{"them": spec(document{"a": 1.0})},
			config: spec(document{"a": 2.0}), force: true,
			want: spec(document{"a": 2.0}),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := merge(test.live, test.owned, "us", test.config, test.force)
			if (err != nil) != test.wantErr {
				t.Fatalf("%s: error %v, want one: %t", test.reason, err, test.wantErr)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
