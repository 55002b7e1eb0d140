package sse

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// writeWithin is how long a browser may take to accept a write. A slower one is
// cut; it comes back with its cursor.
const writeWithin = 10 * time.Second

// Stream writes events to one browser. It is used by one goroutine.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// Open starts an event stream. The answer is not buffered by proxies, and the
// server's own write deadline is replaced by one for each write.
func Open(w http.ResponseWriter) (*Stream, error) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &Stream{w: w, control: http.NewResponseController(w)}
	// A comment opens the stream at once, also through a proxy that waits for
	// the first byte.
	return s, s.write([]byte(": open\n\n"))
}

// Send writes an event. id may be empty. Data of several lines is one event.
func (s *Stream) Send(id, event, data string) error {
	var frame bytes.Buffer
	if id != "" {
		fmt.Fprintf(&frame, "id: %s\n", oneLine(id))
	}
	fmt.Fprintf(&frame, "event: %s\n", oneLine(event))
	for line := range strings.SplitSeq(strings.ReplaceAll(data, "\r\n", "\n"), "\n") {
		fmt.Fprintf(&frame, "data: %s\n", strings.ReplaceAll(line, "\r", ""))
	}
	frame.WriteByte('\n')
	return s.write(frame.Bytes())
}

// Beat keeps the connection alive and finds out whether anybody listens.
func (s *Stream) Beat() error { return s.write([]byte(": beat\n\n")) }

func (s *Stream) write(frame []byte) error {
	// A writer without deadlines (a test's recorder) is written to all the same.
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, err := s.w.Write(frame); err != nil {
		return fmt.Errorf("write event stream: %w", err)
	}
	if err := s.control.Flush(); err != nil {
		return fmt.Errorf("flush event stream: %w", err)
	}
	return nil
}

func oneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
}
