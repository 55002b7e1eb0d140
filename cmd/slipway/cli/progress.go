package cli

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far an execution is, beside the output: on a terminal as a
// line that is drawn over, elsewhere as a line at each tenth.
type progress struct {
	w        io.Writer
	terminal bool
	begun    time.Time
	drawn    bool
	tenth    int
}

func (c *cli) newProgress() *progress {
	return &progress{w: c.errOut, terminal: isTerminal(c.errOut), begun: time.Now()}
}

// show reports done of total operations; total is 0 while it is not known.
func (p *progress) show(done, total int) {
	if total <= 0 {
		return
	}
	tenth := done * 10 / total
	switch {
	case p.terminal:
		p.clear()
		_, _ = fmt.Fprintf(p.w, "  %d of %d operations, %s", done, total, time.Since(p.begun).Round(time.Second))
		p.drawn = true
	case tenth > p.tenth:
		_, _ = fmt.Fprintf(p.w, "Progress: %d of %d operations\n", done, total)
	}
	p.tenth = tenth
}

// clear takes the line away, so that others can be printed.
func (p *progress) clear() {
	if p.drawn {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *progress) end() { p.clear() }
