package kubernetes

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipwayhq/slipway/orchestrator/provider"
)

func TestExplain(t *testing.T) {
	type verdict struct {
		Fatal bool
		After time.Duration
	}
	mistyped := func(message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Message: message}}
	}
	status := func(code int32, reason metav1.StatusReason, details *metav1.StatusDetails) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: "no", Details: details}}
	}
	because := func(cause metav1.CauseType) *metav1.StatusDetails {
		return &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: cause}}}
	}
	tests := map[string]struct {
		reason string
		err    error
		want   verdict
	}{
		"Unauthorized":  {"credentials stay wrong", status(401, metav1.StatusReasonUnauthorized, nil), verdict{Fatal: true}},
		"Forbidden":     {"so does a missing role, or a quota", status(403, metav1.StatusReasonForbidden, nil), verdict{Fatal: true}},
		"Terminating":   {"a namespace that goes is gone soon", status(403, metav1.StatusReasonForbidden, because(corev1.NamespaceTerminatingCause)), verdict{}},
		"Invalid":       {"so does a manifest", status(422, metav1.StatusReasonInvalid, nil), verdict{Fatal: true}},
		"UnknownField":  {"and one with a field that there is not", mistyped(`failed to create typed patch object (default/x; /v1, Kind=ConfigMap): .dta: field not declared in schema`), verdict{Fatal: true}},
		"NotBase64":     {"or with a value that cannot be", mistyped(`failed to convert new object (default/s; /v1, Kind=Secret) to proper version: illegal base64`), verdict{Fatal: true}},
		"FieldManagers": {"somebody else manages a field", status(409, metav1.StatusReasonConflict, because(metav1.CauseTypeFieldManagerConflict)), verdict{Fatal: true}},
		"SameMoment":    {"somebody else changed the object at the same moment", status(409, metav1.StatusReasonConflict, nil), verdict{}},
		"NoNamespace":   {"another node may be about to make it", status(404, metav1.StatusReasonNotFound, nil), verdict{}},
		"Busy":          {"the server says when", status(429, metav1.StatusReasonTooManyRequests, &metav1.StatusDetails{RetryAfterSeconds: 3}), verdict{After: 3 * time.Second}},
		"Broken":        {"the server's own trouble", status(500, metav1.StatusReasonInternalError, nil), verdict{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := explain("apply x", test.err)
			got := verdict{Fatal: provider.IsFatal(err)}
			got.After, _ = provider.RetryDelay(err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

// TestValuesAreNotQuoted holds that a value of the wrong type stays unsaid.
func TestValuesAreNotQuoted(t *testing.T) {
	err := explain("apply x", &apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Message: "failed to create typed patch object (default/x; /v1, Kind=Secret): errors:\n" +
		"  .stringData.pin: expected string, got &value.valueUnstructured{Value:31415926}\n  .stringData.on: expected string, got &value.valueUnstructured{Value:true}"}})
	want := "the cluster refuses the manifest: cannot apply x: failed to create typed patch object (default/x; /v1, Kind=Secret): errors:\n" +
		"  .stringData.pin: expected string\n  .stringData.on: expected string"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}
