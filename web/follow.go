package web

import (
	"encoding/json"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/web/sse"
)

// Times of a page's stream.
const (
	// nudgeEvery bounds how often a page is told to fetch its parts again.
	nudgeEvery = time.Second
	// quietEvery is how often it is told so while nothing is said: times pass,
	// and reasons change without a word.
	quietEvery = 5 * time.Second
	// beatEvery keeps proxies from closing a quiet stream, and checks that the
	// session behind it still lives.
	beatEvery = 15 * time.Second
)

// following is one open page that watches one execution.
type following struct {
	s      *Server
	c      *call
	stream *sse.Stream
	x      orchestrator.Execution
	filter logFilter
	told   *story // on an execution's page: which step each line belongs to
	seq    int64  // everything up to it has been sent or filtered out
	opened int64  // what the page had when it connected
}

// cursor is how far the page has read: by the browser's own header after a lost
// connection, by the query after the tab was hidden.
func (c *call) cursor(root string) int64 {
	for _, text := range []string{c.Request().Header.Get("Last-Event-ID"), c.QueryParam("last")} {
		if at, ok := sse.ParseCursor(text); ok && at.Root == root {
			return at.Seq
		}
	}
	return 0
}

// run sends lines and nudges until the root execution has ended (true), or the
// browser, the session or the reader behind it has gone (false).
func (f *following) run() (ended bool, err error) {
	// Subscribe, then read what is stored, then drop what comes twice.
	f.opened = f.seq
	sub := f.s.hub.Subscribe(f.c.Actor, f.x.RootID)
	defer sub.Close()
	if err := f.catchUp(); err != nil {
		return false, err
	}
	nudge, quiet, beat := time.NewTicker(nudgeEvery), time.NewTicker(f.s.quiet), time.NewTicker(beatEvery)
	defer nudge.Stop()
	defer quiet.Stop()
	defer beat.Stop()
	dirty := false
	for {
		select {
		case batch, open := <-sub.C:
			switch {
			case !open:
				return false, nil // it comes back and resumes
			case batch.Ended:
				return true, f.finish(batch)
			case len(batch.Events) > 0:
				dirty = true
				if err := f.pass(batch); err != nil {
					return false, err
				}
			}
		case <-nudge.C:
			if dirty {
				dirty = false
				quiet.Reset(f.s.quiet)
				if err := f.stream.Send("", "page", ""); err != nil {
					return false, err
				}
			}
		case <-quiet.C:
			dirty = true
		case <-beat.C:
			if err := f.s.beat(f.c, f.stream); err != nil {
				return false, err
			}
		case <-f.c.context().Done():
			return false, nil
		}
	}
}

func (f *following) finish(batch sse.Batch) error {
	if err := f.pass(batch); err != nil {
		return err
	}
	if err := f.catchUp(); err != nil {
		return err
	}
	if f.seq == f.opened {
		return nil // it had ended before the page was drawn: there is no news
	}
	if err := f.stream.Send("", "page", ""); err != nil {
		return err
	}
	return f.stream.Send("", "done", "")
}

// pass sends a batch that arrived. A narrowed log asks for its own lines.
func (f *following) pass(batch sse.Batch) error {
	if !f.filter.none() || f.x.ID != f.x.RootID {
		return f.catchUp()
	}
	return f.send(batch.Events)
}

// catchUp reads stored rows after the cursor.
func (f *following) catchUp() error {
	// Everything up to here will have been looked at, shown or not.
	newest, err := lastNumber(f.c.context(), f.s.control, f.c.Actor, f.x.RootID)
	if err != nil {
		return err
	}
	for {
		list := f.filter.events(f.x.ID)
		list.After, list.Size = f.seq, fetchLines
		events, _, err := f.s.control.ListEvents(f.c.context(), f.c.Actor, list)
		if err != nil {
			return err
		}
		if err := f.send(events); err != nil {
			return err
		}
		if len(events) < fetchLines {
			f.seq = max(f.seq, newest)
			return nil
		}
	}
}

// sendLines is how many lines go into one frame.
const sendLines = 200

func (f *following) send(events []orchestrator.Event) error {
	if err := f.learn(events); err != nil {
		return err
	}
	var lines []views.Line
	for _, e := range events {
		if e.Seq > f.seq {
			lines = append(lines, f.told.line(e))
			f.seq = e.Seq
		}
	}
	for len(lines) > 0 {
		n := min(sendLines, len(lines))
		data, err := json.Marshal(lines[:n])
		if err != nil {
			return err
		}
		id := sse.Cursor{Root: f.x.RootID, Seq: lines[n-1].Number}.String()
		if err := f.stream.Send(id, "log", string(data)); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// learn reads the story again when an execution speaks that it does not know:
// a component's, which has begun meanwhile.
func (f *following) learn(events []orchestrator.Event) error {
	if f.told == nil {
		return nil
	}
	for _, e := range events {
		if _, known := f.told.group(e); known {
			continue
		}
		var err error
		f.told, err = f.s.story(f.c, f.x)
		return err
	}
	return nil
}

// beat keeps a stream alive for as long as its session lives.
func (s *Server) beat(c *call, stream *sse.Stream) error {
	if _, err := s.sessions.Resolve(c.context(), c.secret, c.RealIP()); err != nil {
		return err
	}
	return stream.Beat()
}

// openStream answers with an event stream.
func (c *call) openStream() (*sse.Stream, error) { return sse.Open(c.Response()) }
