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
	names  map[string]string   // secret → name
	given  map[string]bool     // the names
	counts map[string]int      // kind → how many names were given
	index  map[uint64][]needle // first MinLength bytes of a form → forms
	seen   [1 << 10]uint64     // a bit for every two-byte beginning that occurs at all
}

// A needle is one written form of a secret.
type needle struct {
	form string
	name string
}

// New returns an empty Masker. The prefix becomes part of every name; parallel
// processes use different ones so that their names do not collide.
func New(prefix string) *Masker {
	return &Masker{
		prefix: prefix,
		names:  map[string]string{},
		given:  map[string]bool{},
		counts: map[string]int{},
		index:  map[uint64][]needle{},
	}
}

// Register makes a secret of the given kind ("access_token", "password", …)
// known and returns its name. Registering the same secret again returns the
// name it already has. The empty string is no secret and has no name.
func (m *Masker) Register(kind, secret string) string {
	if secret == "" {
		return ""
	}
	m.mu.RLock()
	name, known := m.names[secret]
	isName := m.given[secret]
	m.mu.RUnlock()
	if isName { // a text that was masked already, such as a failure's message
		return secret
	}
	if known {
		return name
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if name, known := m.names[secret]; known {
		return name
	}
	m.counts[kind]++
	name = fmt.Sprintf("<%s %s%d>", kind, m.prefix, m.counts[kind])
	m.names[secret], m.given[name] = name, true
	for _, form := range forms(secret) {
		if len(form) < MinLength {
			continue
		}
		key := head(form)
		m.index[key] = append(m.index[key], needle{form, name})
		b := beginning(form)
		m.seen[b>>6] |= 1 << (b & 63)
	}
	return name
}

// Mask returns text with every registered secret replaced by its name.
func (m *Masker) Mask(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out strings.Builder
	done := 0 // text before this offset is already in out
	for i := 0; i+MinLength <= len(text); {
		found, ok := m.at(text[i:])
		if !ok {
			i++
			continue
		}
		out.WriteString(text[done:i])
		out.WriteString(found.name)
		i += len(found.form)
		done = i
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// at finds the longest known form that text begins with.
func (m *Masker) at(text string) (needle, bool) {
	b := beginning(text)
	if m.seen[b>>6]&(1<<(b&63)) == 0 {
		return needle{}, false
	}
	var best needle
	for _, n := range m.index[head(text)] {
		if len(n.form) > len(best.form) && strings.HasPrefix(text, n.form) {
			best = n
		}
	}
	return best, best.form != ""
}

// head packs the first MinLength bytes of a form into a map key.
func head(s string) uint64 {
	var key uint64
	for i := range MinLength {
		key = key<<8 | uint64(s[i])
	}
	return key
}

// beginning is the number of the bit that stands for a text's first two bytes.
func beginning(s string) int { return int(s[0])<<8 | int(s[1]) }
