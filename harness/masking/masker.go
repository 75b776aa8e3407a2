// Package masking keeps secrets out of everything that leaves the process.
//
// A secret (access token, password, client_secret, validation token, …) is
// registered when it is made or first seen. From then on [Masker.Mask] replaces
// it, in every form in which a homeserver could echo it, by a name such as
// "<access_token 3>". The same secret always gets the same name, so a reader
// can still see that two requests used the same token.
package masking

import (
	"fmt"
	"strings"
	"sync"
)

// MinLength is the length in bytes below which a secret is not searched for in
// free text: a client_secret of "0" would blank every zero of a report. Such
// short values are masked where a field's name gives them away (see [Fields]).
const MinLength = 6

// Masker maps secrets to names. It is safe for concurrent use; the cost of
// masking a text does not depend on how many secrets are known.
type Masker struct {
	prefix string // distinguishes the names of parallel processes

	mu     sync.RWMutex
	names  map[string]string // by secret
	given  map[string]bool   // the names
	counts map[string]int    // by kind: how many names were given
	forms  map[string][]form // by their first MinLength bytes
}

// A form is one way to write a secret.
type form struct{ text, name string }

// New returns an empty Masker. The prefix becomes part of every name; parallel
// processes use different ones so that their names do not collide.
func New(prefix string) *Masker {
	return &Masker{
		prefix: prefix,
		names:  map[string]string{},
		given:  map[string]bool{},
		counts: map[string]int{},
		forms:  map[string][]form{},
	}
}

// Register makes a secret of the given kind ("access_token", "password", …)
// known and returns its name. Registering the same secret again returns the
// name it already has. The empty string is no secret and has no name.
func (m *Masker) Register(kind, secret string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if secret == "" || m.given[secret] { // a name stands in text that was masked already
		return secret
	}
	if name, known := m.names[secret]; known {
		return name
	}
	m.counts[kind]++
	name := fmt.Sprintf("<%s %s%d>", kind, m.prefix, m.counts[kind])
	m.names[secret], m.given[name] = name, true
	for _, text := range forms(secret) {
		if len(text) >= MinLength {
			m.forms[text[:MinLength]] = append(m.forms[text[:MinLength]], form{text, name})
		}
	}
	return name
}

// Mask returns text with every registered secret replaced by its name.
func (m *Masker) Mask(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out strings.Builder
	done := 0 // text before this offset is already in out
	for i := 0; i+MinLength <= len(text); i++ {
		found := longest(m.forms[text[i:i+MinLength]], text[i:])
		if found.text == "" {
			continue
		}
		out.WriteString(text[done:i])
		out.WriteString(found.name)
		done = i + len(found.text)
		i = done - 1
	}
	out.WriteString(text[done:])
	return out.String()
}

// longest is the longest form that text begins with.
func longest(forms []form, text string) (best form) {
	for _, f := range forms {
		if len(f.text) >= len(best.text) && strings.HasPrefix(text, f.text) {
			best = f
		}
	}
	return best
}
