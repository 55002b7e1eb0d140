package eval

import (
	"errors"

	"github.com/slipwayhq/slipway/orchestrator"
)

// ErrUnknown is what a Scope answers when it cannot know yet. The call that
// asked stays a call.
var ErrUnknown = errors.New("not known yet")

// Unknown is the value that is not known yet. A Scope may answer it instead of
// ErrUnknown, also inside a larger value.
type Unknown struct{}

// String names the value in messages.
func (Unknown) String() string { return "(not known yet)" }

// Scope answers what the functions ask. Errors surface as evaluation errors
// with the path of the call; ErrUnknown (or the value Unknown) leaves the call
// as it is. Sensitive answers come marked. Answers of Input, Node and Instances
// may hold further calls, which are followed; so may the JSON text of a secret.
// Capabilities, labels and the rest are data.
type Scope interface {
	// Input returns the value of a deployment input.
	Input(name string) (Value, error)
	// Node returns the node of that name; nil when there is none.
	Node(name string) (*orchestrator.Node, error)
	// Instances returns all instances of a node.
	Instances(node string) ([]*orchestrator.NodeInstance, error)
	// Instance returns the instance with that id; nil when there is none.
	Instance(id string) (*orchestrator.NodeInstance, error)
	// Secret returns a secret's text.
	Secret(name string) (Value, error)
	// Capability returns a capability's value of the deployment with that id.
	Capability(deployment, name string) (Value, error)
	// GroupCapability returns a capability over a group of deployments.
	GroupCapability(group, name string) (Value, error)
	// Label returns all values of a label of the deployment.
	Label(key string) ([]Value, error)
	// Sys returns a fact: tenant name; deployment id, name, blueprint, owner.
	Sys(entity, property string) (Value, error)
	// Consumers returns who uses the deployment: id to display name.
	Consumers() (map[string]string, error)
}

// Static is the Scope of creation: it knows inputs and nodes, and that all else
// is not known before run time. Embed it to write a Scope that knows more.
type Static struct {
	Inputs map[string]Value
	Nodes  func(name string) *orchestrator.Node
}

// Input returns the input, or an error when it is not declared.
func (s Static) Input(name string) (Value, error) {
	v, ok := s.Inputs[name]
	if !ok {
		return nil, &unknownName{kind: "input", name: name}
	}
	return v, nil
}

// Node returns the node, nil when there is none.
func (s Static) Node(name string) (*orchestrator.Node, error) {
	if s.Nodes == nil {
		return nil, nil
	}
	return s.Nodes(name), nil
}

// Instances is not known before run time.
func (Static) Instances(string) ([]*orchestrator.NodeInstance, error) { return nil, ErrUnknown }

// Instance is not known before run time.
func (Static) Instance(string) (*orchestrator.NodeInstance, error) { return nil, ErrUnknown }

// Secret is not known before run time.
func (Static) Secret(string) (Value, error) { return nil, ErrUnknown }

// Capability is not known before run time.
func (Static) Capability(string, string) (Value, error) { return nil, ErrUnknown }

// GroupCapability is not known before run time.
func (Static) GroupCapability(string, string) (Value, error) { return nil, ErrUnknown }

// Label is not known before run time.
func (Static) Label(string) ([]Value, error) { return nil, ErrUnknown }

// Sys is not known before run time.
func (Static) Sys(string, string) (Value, error) { return nil, ErrUnknown }

// Consumers is not known before run time.
func (Static) Consumers() (map[string]string, error) { return nil, ErrUnknown }

// Place says where a value stands, for SELF, SOURCE and TARGET. At creation
// only the node names are set; at run time the instance ids are enough.
type Place struct {
	Node, SourceNode, TargetNode             string
	Instance, SourceInstance, TargetInstance string
}

// The words that stand for a node of the Place.
const (
	Self   = "SELF"
	Source = "SOURCE"
	Target = "TARGET"
)
