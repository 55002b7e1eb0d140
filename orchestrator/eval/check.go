package eval

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Check says what is wrong with the form of a call's arguments, as written or
// as evaluated. Calls among them are fine nearly everywhere; what they will
// answer is checked when they do.
func Check(c Call) error {
	if err := behaviourOf(c.Name).check(open(c.Args)); err != nil {
		return fmt.Errorf("%s %w", c.Name, err)
	}
	return nil
}

// later reports whether an argument will only be known once calls are answered.
func later(v Value) bool {
	if _, unknown := v.(Unknown); unknown {
		return true
	}
	return IsCall(v)
}

func isName(v Value) bool {
	_, ok := open(v).(string)
	return ok || later(open(v))
}

func isKey(v Value) bool {
	_, ok := open(v).(int64)
	return ok || isName(v)
}

func checkGetInput(args Value) error {
	if isName(args) {
		return nil
	}
	list, ok := args.([]Value)
	if !ok || len(list) == 0 || !isName(list[0]) {
		return errors.New("takes an input's name, or a list of the name and a path into its value")
	}
	return checkKeys(list[1:])
}

func checkKeys(path []Value) error {
	for i, key := range path {
		if !isKey(key) {
			return fmt.Errorf("takes names and indexes, but item %d of the path is %s", i+1, Kind(key))
		}
	}
	return nil
}

func checkPath(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 2 {
		return errors.New("takes a list of a node, a name, and perhaps a path into the value")
	}
	return checkKeys(list)
}

func checkAttributesDict(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 2 || !isName(list[0]) {
		return errors.New("takes a list of a node and the attributes to read")
	}
	var seen []string
	for _, arg := range list[1:] {
		path := attributePath(arg)
		if len(path) == 0 {
			return errors.New("takes attributes as names or as paths that are not empty")
		}
		if err := checkKeys(path); err != nil {
			return err
		}
		dotted := dottedPath(path)
		if slices.Contains(seen, dotted) {
			return fmt.Errorf("reads %q twice", dotted)
		}
		seen = append(seen, dotted)
	}
	return nil
}

func checkGetSecret(args Value) error {
	if isName(args) {
		return nil
	}
	list, ok := args.([]Value)
	if !ok || len(list) < 2 {
		return errors.New("takes a secret's name, or a list of the name and a path into the JSON that it holds")
	}
	return checkKeys(list)
}

func checkGetCapability(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 2 {
		return errors.New("takes a list of a deployment, a capability, and perhaps a path into the value")
	}
	return checkKeys(list)
}

func checkGroupCapability(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 2 {
		return errors.New("takes a list of a group, a capability or several, and perhaps a path into the value")
	}
	if names, several := open(list[1]).([]Value); several {
		if err := checkKeys(names); err != nil {
			return err
		}
		list = slices.Delete(slices.Clone(list), 1, 2)
	}
	return checkKeys(list)
}

func checkEnvironmentCapability(args Value) error {
	if isName(args) {
		return nil
	}
	list, ok := args.([]Value)
	if !ok || len(list) < 2 {
		return errors.New("takes a capability, or a list of the capability and a path into its value")
	}
	return checkKeys(list)
}

func checkGetLabel(args Value) error {
	if isName(args) {
		return nil
	}
	list, ok := args.([]Value)
	if !ok || len(list) != 2 || !isName(list[0]) {
		return errors.New("takes a label's key, or a list of the key and an index")
	}
	_, err := labelIndex(open(list[1]))
	return err
}

func labelIndex(v Value) (int64, error) {
	if text, ok := v.(string); ok {
		if n, err := strconv.ParseUint(text, 10, 32); err == nil {
			return int64(n), nil
		}
	}
	if n, ok := v.(int64); ok && n >= 0 {
		return n, nil
	}
	return 0, errors.New("takes a whole number from 0 as the index of a label's value")
}

func checkGetSys(args Value) error {
	known := map[string][]string{"tenant": {"name"}, "deployment": {"id", "name", "blueprint", "owner"}}
	list, ok := args.([]Value)
	if !ok || len(list) != 2 || !isName(list[0]) || !isName(list[1]) {
		return errors.New("takes a list of an entity and a property, such as [deployment, id]")
	}
	entity, ok := open(list[0]).(string)
	if !ok {
		return nil
	}
	properties, ok := known[entity]
	if !ok {
		return fmt.Errorf("knows tenant and deployment, not %q", entity)
	}
	if property, ok := open(list[1]).(string); ok && !slices.Contains(properties, property) {
		return fmt.Errorf("knows of %s only %s, not %q", entity, strings.Join(properties, ", "), property)
	}
	return nil
}

func checkGetConsumers(args Value) error {
	word, _ := args.(string)
	if !slices.Contains([]string{"ids", "names", "count"}, word) {
		return errors.New("takes one of the words ids, names, count")
	}
	return nil
}

func checkConcat(args Value) error {
	if _, ok := args.([]Value); !ok {
		return fmt.Errorf("takes a list of parts, not %s", Kind(args))
	}
	return nil
}

func checkMerge(args Value) error {
	list, ok := args.([]Value)
	if !ok {
		return fmt.Errorf("takes a list of maps, not %s", Kind(args))
	}
	for _, item := range list {
		if _, ok := open(item).(map[string]Value); !ok && !later(item) {
			return fmt.Errorf("takes only maps, not %s", Kind(item))
		}
	}
	return nil
}

func checkTexts(args []Value) error {
	for i, arg := range args {
		if !isName(arg) {
			return fmt.Errorf("takes a string as argument %d, not %s", i+1, Kind(arg))
		}
	}
	return nil
}

func checkInteger(arg Value) error {
	if _, ok := open(arg).(int64); !ok && !later(open(arg)) {
		return fmt.Errorf("takes a whole number as its last argument, not %s", Kind(arg))
	}
	return nil
}

func checkStringFind(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) != 2 {
		return errors.New("takes a list of a text and the part to find")
	}
	return checkTexts(list)
}

func checkStringReplace(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 3 || len(list) > 4 {
		return errors.New("takes a list of a text, the old part, the new part, and perhaps a count")
	}
	if err := checkTexts(list[:3]); err != nil || len(list) == 3 {
		return err
	}
	return checkInteger(list[3])
}

func checkStringSplit(args Value) error {
	list, ok := args.([]Value)
	if !ok || len(list) < 2 || len(list) > 3 {
		return errors.New("takes a list of a text, a separator, and perhaps an index")
	}
	if err := checkTexts(list[:2]); err != nil || len(list) == 2 {
		return err
	}
	return checkInteger(list[2])
}

func checkOneText(args Value) error {
	if list, ok := args.([]Value); ok && len(list) == 1 {
		args = list[0]
	}
	if !isName(args) {
		return fmt.Errorf("takes one string, not %s", Kind(args))
	}
	return nil
}
