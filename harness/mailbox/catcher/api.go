package catcher

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// maxRequestBytes bounds the list of IDs in a DELETE.
const maxRequestBytes = 4 << 20

// newAPI answers Mailpit's REST calls from a store.
func newAPI(store *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /api/v1/info", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]string{"Version": "embedded-catcher"})
	})
	mux.HandleFunc("GET /api/v1/messages", func(w http.ResponseWriter, r *http.Request) {
		writePage(w, r, store, "")
	})
	mux.HandleFunc("GET /api/v1/search", func(w http.ResponseWriter, r *http.Request) {
		// Mailpit's filter addressed:"..." and no other: a substring, in any case, of
		// a name or address of the mail.
		needle, ok := strings.CutPrefix(r.URL.Query().Get("query"), "addressed:")
		needle = strings.ToLower(strings.Trim(needle, `"`))
		if !ok || needle == "" {
			http.Error(w, `this mail catcher searches by addressed:"..." only`, http.StatusBadRequest)
			return
		}
		writePage(w, r, store, needle)
	})
	mux.HandleFunc("GET /api/v1/message/{id}", func(w http.ResponseWriter, r *http.Request) {
		mail, ok := store.get(r.PathValue("id"))
		if !ok {
			http.Error(w, "no mail with this ID", http.StatusNotFound)
			return
		}
		writeJSON(w, mail)
	})
	mux.HandleFunc("DELETE /api/v1/messages", func(w http.ResponseWriter, r *http.Request) {
		var request struct{ IDs []string }
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequestBytes)).Decode(&request); err != nil {
			http.Error(w, "not a JSON object with IDs: "+err.Error(), http.StatusBadRequest)
			return
		}
		store.remove(request.IDs)
	})
	return mux
}

func writePage(w http.ResponseWriter, r *http.Request, store *store, needle string) {
	writeJSON(w, store.page(needle, numberParameter(r, "start", 0), numberParameter(r, "limit", 50)))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has gone
}

// numberParameter reads a query parameter; like Mailpit it takes the fallback
// for anything that is not a number from 0 up.
func numberParameter(r *http.Request, name string, fallback int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n >= 0 {
		return n
	}
	return fallback
}
