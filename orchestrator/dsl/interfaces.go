package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// rawOperation is an operation as written, before its implementation is
// resolved. In a type its inputs are a schema, elsewhere values.
type rawOperation struct {
	implementation string
	schema         *schema
	inputs         map[string]Value
	inputsTypes    map[string]string
	executor       string
	maxRetries     *int64
	retryInterval  *float64
	timeout        *float64
	recoverable    *bool
	at             orchestrator.Range
	implementedAt  orchestrator.Range
}

// isNoop reports whether the operation is written as doing nothing.
func (o *rawOperation) isNoop() bool {
	return o.implementation == "" && len(o.inputs) == 0 && (o.schema == nil || len(o.schema.names) == 0) && o.executor == "" &&
		o.maxRetries == nil && o.retryInterval == nil && o.timeout == nil && o.recoverable == nil
}

// interfaces are operations by interface and name, in the order written.
type interfaces struct {
	names  []string
	byName map[string]*operations
}

type operations struct {
	names  []string
	byName map[string]*rawOperation
}

func newInterfaces() *interfaces { return &interfaces{byName: map[string]*operations{}} }

func (i *interfaces) put(interfaceName, operation string, o *rawOperation) {
	ops := i.byName[interfaceName]
	if ops == nil {
		ops = &operations{byName: map[string]*rawOperation{}}
		i.byName[interfaceName] = ops
		i.names = append(i.names, interfaceName)
	}
	if _, ok := ops.byName[operation]; !ok {
		ops.names = append(ops.names, operation)
	}
	ops.byName[operation] = o
}

func (i *interfaces) get(interfaceName, operation string) *rawOperation {
	if i == nil || i.byName[interfaceName] == nil {
		return nil
	}
	return i.byName[interfaceName].byName[operation]
}

// each visits all operations in order.
func (i *interfaces) each(visit func(interfaceName, operation string, o *rawOperation)) {
	if i == nil {
		return
	}
	for _, name := range i.names {
		for _, operation := range i.byName[name].names {
			visit(name, operation, i.byName[name].byName[operation])
		}
	}
}

// mergeOperation decides between the same operation of a child and its parent;
// either may be nil.
type mergeOperation func(child, parent *rawOperation) *rawOperation

// over lays the interfaces over those of a parent, operation by operation; the
// parent's come first.
func (i *interfaces) over(parent *interfaces, merge mergeOperation) *interfaces {
	out := newInterfaces()
	parent.each(func(interfaceName, operation string, o *rawOperation) {
		out.put(interfaceName, operation, merge(i.get(interfaceName, operation), o))
	})
	i.each(func(interfaceName, operation string, o *rawOperation) {
		if parent.get(interfaceName, operation) == nil {
			out.put(interfaceName, operation, merge(o, nil))
		}
	})
	return out
}

// typeOverType: what a type declares replaces its parent's operation entirely,
// implementation included.
func typeOverType(child, parent *rawOperation) *rawOperation {
	if child != nil {
		return child
	}
	return parent
}

// interfacesOf reads interfaces; ofType tells whether inputs are schemas.
func (c *compiler) interfacesOf(n *node, path string, ofType bool) *interfaces {
	out := newInterfaces()
	for _, face := range n.each() {
		for _, e := range face.value.all() {
			out.put(face.key, e.key, c.operationOf(e, path+"."+face.key+"."+e.key, ofType))
		}
	}
	return out
}

func (c *compiler) operationOf(e entry, path string, ofType bool) *rawOperation {
	o := &rawOperation{at: e.at, implementedAt: e.at}
	if ofType {
		o.schema = newSchema()
	}
	if e.value.kind == stringKind {
		o.implementation, o.implementedAt = e.value.text(), e.value.at
		return o
	}
	if n := e.value.get("implementation"); n != nil {
		o.implementation, o.implementedAt = n.text(), n.at
	}
	if inputs := e.value.get("inputs"); ofType {
		o.schema = c.schemaOf(inputs, path+".inputs")
		c.complete(o.schema, path)
	} else {
		o.inputs = inputs.values()
	}
	o.executor = e.value.get("executor").text()
	if o.executor != "" && !slices.Contains(executors, o.executor) {
		d := c.fail(codeOperationExecutor, e.value.get("executor").at, path+".executor", "there is no executor %q; it is central_deployment_agent or host_agent", o.executor)
		suggest(d, o.executor, slices.Values(executors))
		o.executor = ""
	}
	if n := e.value.get("max_retries"); n != nil && n.kind == intKind {
		retries := n.scalar.(int64)
		o.maxRetries = &retries
		if retries < -1 {
			c.fail(0, n.at, path+".max_retries", "max_retries is %d; it is -1 for endless retries, or 0 and more", retries)
		}
	}
	o.retryInterval = c.seconds(e.value.get("retry_interval"), path+".retry_interval")
	o.timeout = c.seconds(e.value.get("timeout"), path+".timeout")
	if n := e.value.get("timeout_recoverable"); n != nil && n.kind == boolKind {
		recoverable := n.boolean(false)
		o.recoverable = &recoverable
	}
	return o
}

// seconds reads a time span that must not be negative; nil when absent.
func (c *compiler) seconds(n *node, path string) *float64 {
	if n == nil {
		return nil
	}
	var seconds float64
	switch v := n.scalar.(type) {
	case int64:
		seconds = float64(v)
	case float64:
		seconds = v
	default:
		return nil
	}
	if seconds < 0 {
		c.fail(0, n.at, path, "a time span of %v seconds is negative", seconds)
	}
	return &seconds
}

// instanceMerger lays a template's (or a relationship's) operations over those
// of its type.
type instanceMerger struct {
	c    *compiler
	path string
	what string
}

// merge lays own, which may be nil, over the type's operation, which may be nil
// as well.
func (m instanceMerger) merge(own, ofType *rawOperation, name string) *rawOperation {
	switch {
	case ofType == nil:
		return own
	case own == nil:
		own = &rawOperation{at: ofType.at, implementedAt: ofType.implementedAt}
	case own.isNoop(), ofType.isNoop(), own.implementation != "" && own.implementation != ofType.implementation:
		return own
	}
	merged := *own
	if merged.implementation == "" {
		merged.implementation, merged.implementedAt = ofType.implementation, ofType.implementedAt
	}
	merged.inputs, merged.inputsTypes = m.inputs(own, ofType, name)
	if merged.executor == "" {
		merged.executor = ofType.executor
	}
	if merged.maxRetries == nil {
		merged.maxRetries = ofType.maxRetries
	}
	if merged.retryInterval == nil {
		merged.retryInterval = ofType.retryInterval
	}
	if merged.timeout == nil {
		merged.timeout = ofType.timeout
	}
	if merged.recoverable == nil {
		merged.recoverable = ofType.recoverable
	}
	return &merged
}

// inputs overlays given inputs over a schema's defaults. A type of the schema
// is written into a call, so that get_input can check its answer against it.
func (m instanceMerger) inputs(own, ofType *rawOperation, name string) (map[string]Value, map[string]string) {
	inputs := ofType.schema.defaults()
	for key, value := range own.inputs {
		inputs[key] = value
	}
	var types map[string]string
	for _, key := range ofType.schema.names {
		p := ofType.schema.byName[key]
		value, ok := inputs[key]
		if !ok && !p.Required {
			continue
		}
		if !ok {
			m.c.fail(codeMissing, own.at, dotted(m.path, name+".inputs."+key), "%s lacks the input %s of %s, which has no default", m.what, key, name)
			continue
		}
		given, ok := value.(map[string]Value)
		if p.Type == "" || !ok || !isCall(given) {
			continue
		}
		if types == nil {
			types = map[string]string{}
		}
		types[key] = p.Type
		inputs[key] = typed(given, p.Type)
	}
	return inputs, types
}

func typed(given map[string]Value, typeName string) map[string]Value {
	out := make(map[string]Value, len(given)+1)
	for key, value := range given {
		out[key] = value
	}
	out["type"] = typeName
	return out
}
