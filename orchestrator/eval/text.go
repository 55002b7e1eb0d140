package eval

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Text writes a value as concat joins it: a text as it is, all else in the
// notation of the language in which the DSL was first implemented, which
// blueprints have come to rely on: True, None, {'k': 'v'}.
func Text(v Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return literal(v)
}

func literal(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return floatText(v)
	case string:
		return quote(v)
	case []Value:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = literal(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]Value:
		items := make([]string, 0, len(v))
		for _, key := range orchestrator.SortedKeys(v) {
			items = append(items, quote(key)+": "+literal(v[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	default:
		return fmt.Sprint(v)
	}
}

func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	format := byte('f')
	if magnitude := math.Abs(f); magnitude != 0 && (magnitude >= 1e16 || magnitude < 1e-4) {
		format = 'e'
	}
	text := strconv.FormatFloat(f, format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func quote(s string) string {
	mark := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = `"`
	}
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, mark, `\`+mark).Replace(s)
	return mark + escaped + mark
}

// texts returns the arguments of a string function. A call among them is an
// error: these functions do not wait for run time.
func texts(c Call) ([]Value, error) {
	args := c.List()
	out := make([]Value, len(args))
	for i, arg := range args {
		if HasCalls(arg) {
			return nil, fmt.Errorf("an argument is not known when the deployment is created: %s", describe(arg))
		}
		out[i] = open(arg)
	}
	return out, nil
}

func (r *run) concat(c Call, _ frame) (Value, error) {
	args, _ := open(c.Args).([]Value)
	if HasCalls(args) {
		return nil, ErrUnknown
	}
	var b strings.Builder
	for _, arg := range args {
		part := Text(orchestrator.Reveal(arg))
		// Before it is joined: the same long text may stand here many times.
		if r.text += len(part); r.text > maxText {
			return nil, fmt.Errorf("more than %d bytes of text in one evaluation", maxText)
		}
		b.WriteString(part)
	}
	if orchestrator.IsSensitive(c.Args) {
		return orchestrator.Mark(b.String()), nil
	}
	return b.String(), nil
}

func (r *run) merge(c Call, _ frame) (Value, error) {
	args, _ := open(c.Args).([]Value)
	out := map[string]Value{}
	for _, arg := range args {
		if IsCall(open(arg)) {
			return nil, ErrUnknown
		}
		part, ok := open(arg).(map[string]Value)
		if !ok {
			return nil, fmt.Errorf("only maps can be merged, not %s", Kind(arg))
		}
		for key, item := range part {
			out[key] = item
		}
	}
	return out, nil
}

func (r *run) stringFind(c Call, _ frame) (Value, error) {
	args, err := texts(c)
	if err != nil {
		return nil, err
	}
	at := strings.Index(args[0].(string), args[1].(string))
	if at > 0 {
		at = len([]rune(args[0].(string)[:at])) // counted in characters
	}
	return int64(at), nil
}

func (r *run) stringReplace(c Call, _ frame) (Value, error) {
	args, err := texts(c)
	if err != nil {
		return nil, err
	}
	text, old, with, count := args[0].(string), args[1].(string), args[2].(string), int64(-1)
	if len(args) == 4 {
		count = args[3].(int64)
	}
	times := strings.Count(text, old)
	if count >= 0 && count < int64(times) {
		times = int(count)
	}
	if r.text += len(text) + times*len(with); r.text > maxText {
		return nil, fmt.Errorf("more than %d bytes of text in one evaluation", maxText)
	}
	return strings.Replace(text, old, with, times), nil
}

func (r *run) stringSplit(c Call, _ frame) (Value, error) {
	args, err := texts(c)
	if err != nil {
		return nil, err
	}
	text, separator := args[0].(string), args[1].(string)
	if separator == "" {
		return nil, fmt.Errorf("the separator is empty")
	}
	parts := strings.Split(text, separator)
	if len(args) == 2 {
		out := make([]Value, len(parts))
		for i, part := range parts {
			out[i] = part
		}
		return out, nil
	}
	index := args[2].(int64)
	if index < 0 {
		index += int64(len(parts))
	}
	if index < 0 || index >= int64(len(parts)) {
		return nil, fmt.Errorf("the text has %d parts, so there is none at index %d", len(parts), args[2])
	}
	return parts[index], nil
}

func (r *run) stringLower(c Call, _ frame) (Value, error) { return r.oneText(c, strings.ToLower) }

func (r *run) stringUpper(c Call, _ frame) (Value, error) { return r.oneText(c, strings.ToUpper) }

func (r *run) oneText(c Call, change func(string) string) (Value, error) {
	args, err := texts(c)
	if err != nil {
		return nil, err
	}
	return change(args[0].(string)), nil
}
