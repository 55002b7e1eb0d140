package ssh

import (
	"fmt"
	"strings"
)

// quote makes one word of sh that stands for exactly text.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'"'"'`) + "'"
}

// assignment is a line of sh that gives a variable its value.
func assignment(name, value string) string { return name + "=" + quote(value) + "\n" }

// validName reports whether sh can have a variable of that name.
func validName(name string) bool {
	for i, c := range name {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// checkText refuses what neither a variable nor a file made by printf can hold.
func checkText(what, text string) error {
	if strings.ContainsRune(text, 0) {
		return fmt.Errorf("%s holds a NUL byte, which a shell cannot carry", what)
	}
	return nil
}
