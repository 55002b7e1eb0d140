package kubernetes

import (
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func writeStatus(w http.ResponseWriter, code int, reason, message string) {
	rehearsal.WriteJSON(w, code, failure(code, reason, message))
}

func failure(code int, reason, message string) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: metav1.StatusReason(reason), Message: message, Details: details(message),
	}
}

// The refusals that clients tell apart by their cause.
const (
	applyFailed      = "Apply failed with 1 conflict: conflict with %q: %s"
	beingTerminated  = "unable to create new content in namespace %s because it is being terminated"
	terminatingCause = "NamespaceTerminating"
)

func details(message string) *metav1.StatusDetails {
	cause := metav1.StatusCause{Message: message}
	switch {
	case strings.HasPrefix(message, "Apply failed with"):
		cause.Type = metav1.CauseTypeFieldManagerConflict
	case strings.HasSuffix(message, "because it is being terminated"):
		cause.Type = terminatingCause
	default:
		return nil
	}
	return &metav1.StatusDetails{Causes: []metav1.StatusCause{cause}}
}

// writeGone tells of a delete that is done.
func writeGone(w http.ResponseWriter, t target) {
	rehearsal.WriteJSON(w, http.StatusOK, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		Details: &metav1.StatusDetails{Name: t.name, Group: t.kind.group, Kind: t.kind.resource},
	})
}
