package kubernetes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// Ownership of an object. A label can be selected by; its value is the instance.
const (
	instanceLabel          = "slipway.dev/instance"
	installationAnnotation = "slipway.dev/installation"
	deploymentAnnotation   = "slipway.dev/deployment"
	fieldManager           = "slipway"
)

// object is one object on one cluster, as a resource.Resource.
type object struct {
	client   *client
	manifest manifest
	validate bool // ready means more than there
	applied  bool // this very call applied it
	// wrote holds the runtime properties that Create journaled.
	wrote map[string]orchestrator.Value
}

// Observe looks at the live object. Ours is always worth applying again: the
// cluster sees by itself whether anything changed.
func (o *object) Observe(ctx context.Context, call *provider.Call) (resource.Observation, error) {
	at, err := o.client.place(ctx, o.manifest)
	if err != nil {
		return resource.Observation{}, err
	}
	live, err := at.Get(ctx, o.manifest.object().GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return resource.Observation{Name: o.called()}, nil
	}
	if err != nil {
		return resource.Observation{}, explain("read "+o.manifest.String(), err)
	}
	return o.observed(call, live), nil
}

func (o *object) observed(call *provider.Call, live *unstructured.Unstructured) resource.Observation {
	ours := owned(call, live)
	seen := resource.Observation{
		Exists: true, Foreign: !ours, Stale: ours && !o.applied, Name: o.called(), State: "is there",
		Set: map[string]orchestrator.Value{viewKey: view(live, orchestrator.IsSensitive(o.manifest.content))},
	}
	if live.GetDeletionTimestamp() != nil {
		seen.Phase, seen.State = resource.Deleting, "is being deleted"
		return seen
	}
	if waits := notReady(live); o.validate && waits != "" {
		seen.Phase, seen.State = resource.Pending, waits
	}
	return seen
}

// called is what people call the object.
func (o *object) called() string {
	u := o.manifest.object()
	return u.GetKind() + " " + u.GetName()
}

// Create writes down that the object is this instance's, then applies it.
func (o *object) Create(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	if err := o.record(ctx, call); err != nil {
		return nil, err
	}
	// Not forced: what somebody made since the look stays theirs.
	return o.wrote, o.apply(ctx, call, false)
}

// Update applies the manifest again, also over what others changed by hand. It
// may be one that an earlier life of the instance left behind.
func (o *object) Update(ctx context.Context, call *provider.Call, _ resource.Observation) error {
	if err := o.record(ctx, call); err != nil {
		return err
	}
	return o.apply(ctx, call, true)
}

// record writes down that the object is this instance's to delete.
func (o *object) record(ctx context.Context, call *provider.Call) error {
	if o.wrote != nil || isCreated(call, o.manifest) {
		return nil
	}
	wrote := map[string]orchestrator.Value{createdKey: append(append([]orchestrator.Value{}, created(call)...), o.manifest.String())}
	if err := call.Journal.Set(ctx, wrote); err != nil {
		return fmt.Errorf("record what will be created: %w", err)
	}
	o.wrote = wrote
	return nil
}

func (o *object) apply(ctx context.Context, call *provider.Call, force bool) error {
	at, err := o.client.place(ctx, o.manifest)
	if err != nil {
		return err
	}
	wanted := tagged(call, o.manifest.object())
	ctx, cancel, err := call.Journal.Fence(ctx)
	if err != nil {
		return fmt.Errorf("apply %s: %w", o.manifest, err)
	}
	defer cancel()
	_, err = at.Apply(ctx, wanted.GetName(), wanted, metav1.ApplyOptions{FieldManager: fieldManager, Force: force})
	o.applied = err == nil
	return explain("apply "+o.manifest.String(), err)
}

// Delete removes the object; what depends on it goes as the options say.
func (o *object) Delete(ctx context.Context, call *provider.Call) error {
	at, err := o.client.place(ctx, o.manifest)
	if err != nil {
		return err
	}
	ctx, cancel, err := call.Journal.Fence(ctx)
	if err != nil {
		return fmt.Errorf("delete %s: %w", o.manifest, err)
	}
	defer cancel()
	var options metav1.DeleteOptions
	if seconds, ok := option(call, "grace_period_seconds").(int64); ok {
		options.GracePeriodSeconds = &seconds
	}
	if policy, ok := option(call, "propagation_policy").(string); ok && policy != "" {
		propagation := metav1.DeletionPropagation(policy)
		options.PropagationPolicy = &propagation
	}
	err = at.Delete(ctx, o.manifest.object().GetName(), options)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return explain("delete "+o.manifest.String(), err)
}

func option(call *provider.Call, name string) orchestrator.Value {
	options, _ := property(call, "options").(map[string]orchestrator.Value)
	return orchestrator.Reveal(options[name])
}

// tagged returns the object with its marks of ownership.
func tagged(call *provider.Call, u *unstructured.Unstructured) *unstructured.Unstructured {
	labels, annotations := u.GetLabels(), u.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[instanceLabel] = labelValue(call.Self.ID)
	annotations[installationAnnotation] = call.Installation
	annotations[deploymentAnnotation] = call.Deployment.ID
	u.SetLabels(labels)
	u.SetAnnotations(annotations)
	return u
}

// owned reports whether the live object was made for this very instance.
func owned(call *provider.Call, live *unstructured.Unstructured) bool {
	annotations := live.GetAnnotations()
	return live.GetLabels()[instanceLabel] == labelValue(call.Self.ID) &&
		annotations[installationAnnotation] == call.Installation && annotations[deploymentAnnotation] == call.Deployment.ID
}

// labelValue returns an instance id as a label's value: at most 63 of a few
// characters. What does not fit is told apart by a hash.
func labelValue(id string) string {
	if len(validation.IsValidLabelValue(id)) == 0 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return strings.ToLower(hex.EncodeToString(sum[:])[:40])
}

// verbatim are the keys below which names are the user's own.
var verbatim = []string{
	"labels", "annotations", "data", "stringData", "binaryData", "matchLabels", "nodeSelector",
	"selector", "limits", "requests", "capacity", "parameters",
}

// view is the live object as blueprints read it. A Secret's values are marked;
// so is everything when the manifest held something marked, since it comes back.
func view(live *unstructured.Unstructured, sensitive bool) orchestrator.Value {
	content, _ := orchestrator.CloneValue(live.Object).(map[string]orchestrator.Value)
	if metadata, ok := content["metadata"].(map[string]orchestrator.Value); ok {
		delete(metadata, "managedFields") // as long as the object itself, and of no use to a blueprint
	}
	snake, _ := provider.SnakeKeys(content, verbatim...).(map[string]orchestrator.Value)
	if live.GetKind() == "Secret" {
		return markSecret(snake, "data", "string_data")
	}
	if sensitive {
		return orchestrator.Mark(snake)
	}
	return snake
}
