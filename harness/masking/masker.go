// Package masking keeps secrets out of everything that leaves the process.
//
// A secret (access token, password, client_secret, validation token, …) is
// registered when it is made or first seen. From then on [Masker.Mask] replaces
// it, in every form in which a homeserver could echo it, by a name such as
// "<access_token 3>". The same secret always gets the same name, so a reader
// can still see that two requests used the same token.
package masking

import (
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// MinLength is the length in bytes below which a secret is not searched for in
// free text: a client_secret of "0" would blank every zero of a report. Such
// short values are masked where a field's name gives them away (see [Fields]).
const MinLength = 6

// Masker maps secrets to names. It is safe for concurrent use; the cost of
// masking a text does not depend on how many secrets are known. It keeps no
// secret itself, only what to recognise it by.
type Masker struct {
	prefix string // distinguishes the names of parallel processes
	seed   maphash.Seed

	mu      sync.RWMutex
	numbers map[uint64]int32 // names by the hash of a secret
	names   []name
	kinds   []string
	counts  []int32 // by kind: how many names were given
	needles []needle
	index   []int32   // hash of the first MinLength bytes of a form → the last such needle
	seen    []uint64  // a bit for every finer hash of such bytes: most text has none
	coarse  []uint64  // a bit for every 32 in seen: small enough to stay in a cache
	within  [256]bool // the bytes that such beginnings have
}

// A name is written "<access_token 3>".
type name struct{ kind, number int32 }

// A needle is one written form of a secret.
type needle struct {
	hash   uint32 // of the whole
	length int32
	name   int32 // its place in names
	before int32 // the needle with the same place in the index that came before; 0 is none
}

// Binary logarithms of the number of bits in seen, and of the length of index: with
// the secrets of twenty runs, one bit in ten is set, and a place has one or two
// needles.
const (
	seenBits   = 22
	coarseBits = 17
	indexBits  = 18
)

// New returns an empty Masker. The prefix becomes part of every name; parallel
// processes use different ones so that their names do not collide.
func New(prefix string) *Masker {
	return &Masker{
		prefix:  prefix,
		seed:    maphash.MakeSeed(),
		numbers: map[uint64]int32{},
		needles: make([]needle, 1), // there is none at 0
		index:   make([]int32, 1<<indexBits),
		seen:    make([]uint64, 1<<(seenBits-6)),
		coarse:  make([]uint64, 1<<(coarseBits-6)),
	}
}

func (m *Masker) write(place int32) string {
	n := m.names[place]
	return "<" + m.kinds[n.kind] + " " + m.prefix + strconv.Itoa(int(n.number)) + ">"
}

// given reports whether a text is a name that was given.
func (m *Masker) given(text string) bool {
	inner, ok := strings.CutPrefix(text, "<")
	if !ok {
		return false
	}
	kind, numbered, _ := strings.Cut(inner, " "+m.prefix)
	digits, ok := strings.CutSuffix(numbered, ">")
	number, err := strconv.Atoi(digits)
	at := slices.Index(m.kinds, kind)
	return ok && err == nil && strconv.Itoa(number) == digits && at >= 0 && 1 <= number && number <= int(m.counts[at])
}

// Register makes a secret of the given kind ("access_token", "password", …)
// known and returns its name. Registering the same secret again returns the
// name it already has. The empty string is no secret and has no name.
func (m *Masker) Register(kind, secret string) string {
	if secret == "" {
		return ""
	}
	m.mu.RLock()
	masked := m.given(secret)
	had, known := m.known(secret)
	m.mu.RUnlock()
	switch {
	case masked: // a text that was masked already, such as a failure's message
		return secret
	case known:
		return had
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if had, known := m.known(secret); known {
		return had
	}
	place := m.name(kind)
	m.numbers[maphash.String(m.seed, secret)] = place
	for _, form := range forms(secret) {
		if len(form) < MinLength {
			continue
		}
		for _, c := range []byte(form[:MinLength]) {
			m.within[c] = true
		}
		bit := spread(head(form))
		at := &m.index[bit>>(seenBits-indexBits)]
		m.needles = append(m.needles, needle{m.hash(form), int32(len(form)), place, *at})
		*at = int32(len(m.needles) - 1)
		mark(m.seen, bit)
		mark(m.coarse, bit>>(seenBits-coarseBits))
	}
	return m.write(place)
}

func (m *Masker) known(secret string) (name string, ok bool) {
	place, ok := m.numbers[maphash.String(m.seed, secret)]
	if !ok {
		return "", false
	}
	return m.write(place), true
}

// name gives the next name of a kind and returns its place.
func (m *Masker) name(kind string) int32 {
	at := slices.Index(m.kinds, kind)
	if at < 0 {
		at = len(m.kinds)
		m.kinds, m.counts = append(m.kinds, kind), append(m.counts, 0)
	}
	m.counts[at]++
	m.names = append(m.names, name{int32(at), m.counts[at]})
	return int32(len(m.names) - 1)
}

// Mask returns text with every registered secret replaced by its name.
func (m *Masker) Mask(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out strings.Builder
	done := 0 // text before this offset is already in out
	for i := 0; i+MinLength <= len(text); {
		// Most text is JSON, and most of its quotes and spaces are skipped this way.
		if j := m.foreign(text[i : i+MinLength]); j >= 0 {
			i += j + 1
			continue
		}
		bit := spread(head(text[i:]))
		if marked(m.coarse, bit>>(seenBits-coarseBits)) && marked(m.seen, bit) {
			if found, ok := m.at(text[i:], bit); ok {
				out.WriteString(text[done:i])
				out.WriteString(m.write(found.name))
				i += int(found.length)
				done = i
				continue
			}
		}
		i++
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// foreign is the last place of a byte that no beginning of a needle has, or -1.
func (m *Masker) foreign(beginning string) int {
	for j := len(beginning) - 1; j >= 0; j-- {
		if !m.within[beginning[j]] {
			return j
		}
	}
	return -1
}

func mark(bits []uint64, n uint64)        { bits[n>>6] |= 1 << (n & 63) }
func marked(bits []uint64, n uint64) bool { return bits[n>>6]&(1<<(n&63)) != 0 }

// hash is that of a needle.
func (m *Masker) hash(form string) uint32 { return uint32(maphash.String(m.seed, form)) }

// at finds the longest known form that text begins with; bit stands for its
// beginning.
func (m *Masker) at(text string, bit uint64) (best needle, ok bool) {
	for i := m.index[bit>>(seenBits-indexBits)]; i != 0; i = m.needles[i].before {
		n := m.needles[i]
		if n.length > best.length && int(n.length) <= len(text) && m.hash(text[:n.length]) == n.hash {
			best = n
		}
	}
	return best, best.length > 0
}

// head packs the first MinLength bytes of a form into a number.
func head(s string) uint64 {
	var key uint64
	for i := range MinLength {
		key = key<<8 | uint64(s[i])
	}
	return key
}

// spread is the number of the bit that stands for a beginning: the high bits of
// its product with 2⁶⁴ divided by the golden ratio, which keeps neighbours apart.
func spread(head uint64) uint64 { return head * 0x9E3779B97F4A7C15 >> (64 - seenBits) }
