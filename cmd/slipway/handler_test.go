package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A client that sends half a body and then nothing does not hold the server.
func TestHurried(t *testing.T) {
	read := make(chan error, 1)
	server := httptest.NewServer(hurried(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}), 50*time.Millisecond))
	defer server.Close()
	half, rest := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, half)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	if _, err := rest.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the handler read on: %v", err)
	}
	_ = rest.Close() // lets the client end
	<-ended
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	asked := ""
	server := httptest.NewServer(headed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method
		w.Header().Set("Content-Type", "text/x-page")
		_, _ = w.Write([]byte("page"))
	})))
	defer server.Close()
	response, err := http.Head(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{asked, response.StatusCode, response.Header.Get("Content-Type"), string(body)}
	if diff := cmp.Diff([]any{http.MethodGet, http.StatusOK, "text/x-page", ""}, got); diff != "" {
		t.Error(diff)
	}
}
