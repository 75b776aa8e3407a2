package catcher

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
)

// version is what GET /api/v1/info names in the place of Mailpit's version.
const version = "embedded-catcher"

// maxRequestBytes bounds the list of IDs in a DELETE.
const maxRequestBytes = 4 << 20

// api answers Mailpit's REST calls from a store.
type api struct{ store *store }

func newAPI(store *store) http.Handler {
	a := api{store}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, "ok") })
	mux.HandleFunc("GET /api/v1/info", a.info)
	mux.HandleFunc("GET /api/v1/messages", a.list)
	mux.HandleFunc("DELETE /api/v1/messages", a.remove)
	mux.HandleFunc("GET /api/v1/search", a.search)
	mux.HandleFunc("GET /api/v1/message/{id}", a.mail(writeMessage))
	mux.HandleFunc("GET /api/v1/message/{id}/raw", a.mail(writeRaw))
	mux.HandleFunc("GET /api/v1/message/{id}/headers", a.mail(writeHeaders))
	return mux
}

func (a api) info(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, wireInfo{
		Version:  version,
		Messages: a.store.count(),
		Dropped:  a.store.droppedSoFar(),
	})
}

func (a api) list(w http.ResponseWriter, r *http.Request) {
	a.writePage(w, r, "")
}

// search knows Mailpit's filter addressed:"..." and no other: a substring, in
// any case, of a name or address of the mail.
func (a api) search(w http.ResponseWriter, r *http.Request) {
	query := strings.TrimSpace(r.URL.Query().Get("query"))
	needle, ok := strings.CutPrefix(query, "addressed:")
	needle = strings.ToLower(strings.Trim(needle, `"`))
	if !ok || needle == "" {
		http.Error(w, `this mail catcher searches by addressed:"..." only`, http.StatusBadRequest)
		return
	}
	a.writePage(w, r, needle)
}

func (a api) writePage(w http.ResponseWriter, r *http.Request, needle string) {
	start := numberParameter(r, "start", 0)
	mails, matching := a.store.page(needle, start, numberParameter(r, "limit", 50))
	list := wireList{
		Total:    a.store.count(),
		Matching: matching,
		Count:    len(mails),
		Start:    start,
		Messages: make([]wireSummary, len(mails)),
	}
	for i, m := range mails {
		list.Messages[i] = m.summary()
	}
	writeJSON(w, list)
}

// remove deletes the mails that are named, and all of them when none is named.
// That is Mailpit's way; mailbox.Client refuses an empty list for it.
func (a api) remove(w http.ResponseWriter, r *http.Request) {
	var request struct{ IDs []string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequestBytes)).Decode(&request)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		http.Error(w, "not a JSON object with IDs: "+err.Error(), http.StatusBadRequest)
		return
	case len(request.IDs) == 0:
		a.store.clear()
	default:
		a.store.remove(request.IDs)
	}
	writeText(w, "ok")
}

// mail looks up the mail that the path names and lets write answer with it.
func (a api) mail(write func(http.ResponseWriter, *record)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, ok := a.store.get(r.PathValue("id"))
		if !ok {
			http.Error(w, "no mail with this ID", http.StatusNotFound)
			return
		}
		write(w, m)
	}
}

func writeMessage(w http.ResponseWriter, m *record) { writeJSON(w, m.message()) }

// writeRaw gives the very bytes that came; Mailpit adds headers of its own.
func writeRaw(w http.ResponseWriter, m *record) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.raw)
}

func writeHeaders(w http.ResponseWriter, m *record) {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.raw))
	if err != nil {
		http.Error(w, "the header of this mail is malformed: "+err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, parsed.Header)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has gone
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text)
}

// numberParameter reads a query parameter; like Mailpit it takes the fallback
// for anything that is not a number from 0 up.
func numberParameter(r *http.Request, name string, fallback int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n >= 0 {
		return n
	}
	return fallback
}
