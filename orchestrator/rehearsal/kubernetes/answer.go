package kubernetes

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func writeStatus(w http.ResponseWriter, code int, reason, message string) {
	rehearsal.WriteJSON(w, code, failure(code, reason, message))
}

func failure(code int, reason, message string) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: metav1.StatusReason(reason), Message: message,
	}
}

// writeGone tells of a delete that is done.
func writeGone(w http.ResponseWriter, t target) {
	rehearsal.WriteJSON(w, http.StatusOK, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		Details: &metav1.StatusDetails{Name: t.name, Group: t.kind.group, Kind: t.kind.resource},
	})
}
