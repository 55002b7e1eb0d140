package machine

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// unescapeLiterals turns backslashes outside of quotes into quotes in assigned
// values and in targets of redirections: the interpreter (v3.14.1) keeps them
// there.
func unescapeLiterals(file *syntax.File) {
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Assign:
			unescapeWord(node.Value)
		case *syntax.ArrayElem:
			unescapeWord(node.Value)
		case *syntax.Redirect:
			if node.Hdoc == nil {
				unescapeWord(node.Word)
			}
		}
		return true
	})
}

func unescapeWord(word *syntax.Word) {
	if word == nil {
		return
	}
	var parts []syntax.WordPart
	for _, part := range word.Parts {
		literal, ok := part.(*syntax.Lit)
		if !ok || !strings.Contains(literal.Value, `\`) {
			parts = append(parts, part)
			continue
		}
		parts = append(parts, unescape(literal.Value)...)
	}
	word.Parts = parts
}

func unescape(text string) []syntax.WordPart {
	var parts []syntax.WordPart
	plain := 0
	for i := 0; i < len(text)-1; i++ {
		if text[i] != '\\' {
			continue
		}
		if i > plain {
			parts = append(parts, &syntax.Lit{Value: text[plain:i]})
		}
		if text[i+1] != '\n' { // a continued line is no character at all
			parts = append(parts, &syntax.SglQuoted{Value: text[i+1 : i+2]})
		}
		i++
		plain = i + 1
	}
	if plain < len(text) {
		parts = append(parts, &syntax.Lit{Value: text[plain:]})
	}
	return parts
}
