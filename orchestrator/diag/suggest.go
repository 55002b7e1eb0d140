package diag

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// DidYouMean returns a hint that names the candidate nearest to name, or the
// empty string when none is near. Candidates may come in any order.
func DidYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// maxCandidates bounds how many names are compared, and maxName how long they
// may be; a hint is not worth more.
const (
	maxCandidates = 5_000
	maxName       = 200
)

// Nearest returns the candidate that differs from name by the fewest edits,
// counting a difference in case only as none; the empty string when more than
// a third of what they do not have in common up to a dot would have to change.
func Nearest(name string, candidates []string) string {
	return NearestOf(name, slices.Values(candidates))
}

// NearestOf is Nearest over a sequence, which need not be sorted: of equally
// near candidates the first by name counts.
func NearestOf(name string, candidates iter.Seq[string]) string {
	if len(name) < 2 || len(name) > maxName {
		return ""
	}
	best, bestDistance, compared := "", len(name), 0
	for candidate := range candidates {
		common := sharedFront(name, candidate)
		allowed := min(bestDistance, max(1, (len(name)-common)/3))
		if candidate == name || abs(len(candidate)-len(name)) > allowed {
			continue
		}
		if compared++; compared > maxCandidates {
			break
		}
		distance := edits(strings.ToLower(name[common:]), strings.ToLower(candidate[common:]))
		if distance > allowed {
			continue
		}
		if best == "" || distance < bestDistance || distance == bestDistance && candidate < best {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// sharedFront is the length of what two names have in common up to a dot.
func sharedFront(a, b string) int {
	for i := min(len(a), len(b)); i > 0; i-- {
		if a[i-1] == '.' && a[:i] == b[:i] {
			return i
		}
	}
	return 0
}

// edits is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b.
func edits(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older := before
		before, row = row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := before[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, before[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

func abs(n int) int { return max(n, -n) }
