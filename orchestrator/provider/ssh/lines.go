package ssh

import (
	"strings"
	"sync"
)

// lineLimit cuts lines that never end (64 KiB).
const lineLimit = 64 << 10

// stream hands on whole lines of what is written to it, and counts the bytes,
// so that following can begin again where the connection broke.
type stream struct {
	emit func(line string)

	mu      sync.Mutex
	seen    int64
	partial []byte
	last    []string // the last few lines, for an error's text
}

const lastLines = 3

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen += int64(len(p))
	for _, b := range p {
		if b == '\n' || len(s.partial) >= lineLimit {
			s.flush()
		}
		if b != '\n' {
			s.partial = append(s.partial, b)
		}
	}
	return len(p), nil
}

// flush hands on the line so far. The caller holds the lock.
func (s *stream) flush() {
	line := strings.TrimRight(string(s.partial), "\r")
	s.partial = s.partial[:0]
	if s.emit != nil {
		s.emit(line)
	}
	if strings.TrimSpace(line) != "" {
		if s.last = append(s.last, line); len(s.last) > lastLines {
			s.last = s.last[1:]
		}
	}
}

// end hands on a last line that has no end.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.partial) > 0 {
		s.flush()
	}
}

func (s *stream) offset() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// tail is the end of the stream as one line.
func (s *stream) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ToValidUTF8(ending(strings.Join(s.last, " / ")), "?")
}

// ending is the end of a text. It begins with a whole word: half of a secret
// would not be known as one any more.
func ending(text string) string {
	const limit = 500
	if len(text) <= limit {
		return text
	}
	_, whole, _ := strings.Cut(text[len(text)-limit:], " ")
	return "… " + whole
}
