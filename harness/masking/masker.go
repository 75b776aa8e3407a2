// Package masking keeps secrets out of everything that leaves the process.
//
// A secret (access token, password, client_secret, validation token, …) is
// registered when it is made or first seen. From then on [Masker.Mask] replaces
// it, in every form in which a homeserver could echo it, by a name such as
// "<access_token 3>". The same secret always gets the same name, so a reader
// can still see that two requests used the same token.
package masking

import (
	"strconv"
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

	mu      sync.RWMutex
	names   map[string]name  // by secret
	counts  map[string]int32 // kind → how many names were given
	needles []needle
	index   map[uint64]int32 // first MinLength bytes of a form → the last such needle
	seen    []uint64         // a bit for every hash of such bytes: most text has none
}

// A name is written "<access_token 3>".
type name struct {
	kind   string
	number int32
}

// A needle is one written form of a secret.
type needle struct {
	form   string
	name   name
	before int32 // the needle with the same beginning that came before; 0 is none
}

// seenBits is the binary logarithm of the number of bits: with the secrets of
// twenty runs, one bit in ten is set.
const seenBits = 22

// New returns an empty Masker. The prefix becomes part of every name; parallel
// processes use different ones so that their names do not collide.
func New(prefix string) *Masker {
	return &Masker{
		prefix:  prefix,
		names:   map[string]name{},
		counts:  map[string]int32{},
		needles: make([]needle, 1), // there is none at 0
		index:   map[uint64]int32{},
		seen:    make([]uint64, 1<<(seenBits-6)),
	}
}

func (m *Masker) write(n name) string {
	return "<" + n.kind + " " + m.prefix + strconv.Itoa(int(n.number)) + ">"
}

// isName reports whether a text is a name that was given.
func (m *Masker) isName(text string) bool {
	inner, ok := strings.CutPrefix(text, "<")
	if !ok {
		return false
	}
	kind, numbered, _ := strings.Cut(inner, " "+m.prefix)
	number, err := strconv.Atoi(strings.TrimSuffix(numbered, ">"))
	return err == nil && number <= int(m.counts[kind]) && m.write(name{kind, int32(number)}) == text
}

// Register makes a secret of the given kind ("access_token", "password", …)
// known and returns its name. Registering the same secret again returns the
// name it already has. The empty string is no secret and has no name.
func (m *Masker) Register(kind, secret string) string {
	if secret == "" {
		return ""
	}
	m.mu.RLock()
	had, known := m.names[secret]
	masked := m.isName(secret)
	m.mu.RUnlock()
	switch {
	case masked: // a text that was masked already, such as a failure's message
		return secret
	case known:
		return m.write(had)
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if had, known := m.names[secret]; known {
		return m.write(had)
	}
	m.counts[kind]++
	given := name{kind, m.counts[kind]}
	m.names[secret] = given
	for _, form := range forms(secret) {
		if len(form) < MinLength {
			continue
		}
		key := head(form)
		m.needles = append(m.needles, needle{form, given, m.index[key]})
		m.index[key] = int32(len(m.needles) - 1)
		bit := hash(key)
		m.seen[bit>>6] |= 1 << (bit & 63)
	}
	return m.write(given)
}

// Mask returns text with every registered secret replaced by its name.
func (m *Masker) Mask(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(text) < MinLength {
		return text
	}
	var out strings.Builder
	done := 0 // text before this offset is already in out
	key := head(text)
	for i := 0; ; {
		if bit := hash(key); m.seen[bit>>6]&(1<<(bit&63)) != 0 {
			if found, ok := m.at(text[i:], key); ok {
				out.WriteString(text[done:i])
				out.WriteString(m.write(found.name))
				i += len(found.form)
				if done = i; i+MinLength > len(text) {
					break
				}
				key = head(text[i:])
				continue
			}
		}
		if i++; i+MinLength > len(text) {
			break
		}
		key = (key<<8 | uint64(text[i+MinLength-1])) & (1<<(8*MinLength) - 1)
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// at finds the longest known form that text begins with; key is its head.
func (m *Masker) at(text string, key uint64) (needle, bool) {
	var best needle
	for i := m.index[key]; i != 0; i = m.needles[i].before {
		if n := m.needles[i]; len(n.form) > len(best.form) && strings.HasPrefix(text, n.form) {
			best = n
		}
	}
	return best, best.form != ""
}

// head packs the first MinLength bytes of a form into a number.
func head(s string) uint64 {
	var key uint64
	for i := range MinLength {
		key = key<<8 | uint64(s[i])
	}
	return key
}

// hash is the number of the bit that stands for a beginning: the high bits of its
// product with 2⁶⁴ divided by the golden ratio, which spreads neighbours.
func hash(head uint64) uint64 { return head * 0x9E3779B97F4A7C15 >> (64 - seenBits) }
