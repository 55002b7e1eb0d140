package kubernetes

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// explain sorts an API error by whether asking again can help. nil stays nil.
func explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	switch {
	case meta.IsNoMatchError(err):
		return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
			"the cluster has no such kind: cannot %s; correct apiVersion and kind, or install what defines them first", doing).Wrap(err))
	case apierrors.IsUnauthorized(err):
		return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "the cluster refuses the credentials of the kubeconfig: cannot %s", doing).Wrap(err))
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return wrapped // until the namespace of an earlier life is gone
	case apierrors.IsForbidden(err):
		return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "the cluster forbids it: cannot %s: %s", doing, message(err)).Wrap(err))
	case isMistyped(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsMethodNotSupported(err), apierrors.IsUnsupportedMediaType(err):
		return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "the cluster refuses the manifest: cannot %s: %s", doing, message(err)))
	case apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict):
		// Other conflicts are with a change at the same moment, and pass.
		return provider.Fatal(orchestrator.Errorf(orchestrator.Conflict, "somebody else manages part of it: cannot %s: %s", doing, message(err)).Wrap(err))
	}
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		return provider.RetryAfter(wrapped, time.Duration(seconds)*time.Second)
	}
	return wrapped
}

// isMistyped reports whether a manifest has an unknown field, or a value of
// another type than its field. API servers say so of a server-side apply with
// status 500 and no reason: only the words tell.
func isMistyped(err error) bool {
	return strings.HasPrefix(message(err), "failed to create typed patch object") || strings.HasPrefix(message(err), "failed to convert new object")
}

// gotValue is how an API server quotes a value of the wrong type, which may be a
// secret.
var gotValue = regexp.MustCompile(`, got &value\.\w+\{[^}]*\}?`)

// message is what the API server said, without client-go's frame.
func message(err error) string {
	text := err.Error()
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		text = status.Status().Message
	}
	return gotValue.ReplaceAllString(text, "")
}
