package rehearsal

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// InProcess lets clients in this process reach a far end's handler without a
// socket. A handler that panics with http.ErrAbortHandler breaks the connection,
// here as in a real server: the client gets no answer.
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(request *http.Request) (response *http.Response, err error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	incoming := request.Clone(request.Context())
	incoming.RequestURI = request.URL.RequestURI()
	if incoming.Host == "" {
		incoming.Host = request.URL.Host
	}
	if incoming.Body == nil {
		incoming.Body = http.NoBody
	}
	defer func() { _ = incoming.Body.Close() }()
	answer := &answerWriter{header: http.Header{}}
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			response, err = nil, fmt.Errorf("connection to %s was cut: %w", request.URL.Host, io.ErrUnexpectedEOF)
		default:
			panic(cause)
		}
	}()
	p.handler.ServeHTTP(answer, incoming)
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	return answer.response(request), nil
}

// answerWriter collects an answer.
type answerWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *answerWriter) response(request *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: request,
	}
}
