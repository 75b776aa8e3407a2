package exchange

import (
	"sync"

	"threepid-conformance/schemas"
)

// Limits of what is remembered: longer answers seldom come twice.
const (
	mostChecked    = 1000
	longestChecked = 256 // bytes of the body
)

// checked remembers what answers were found to break. Half of them are the same
// few again and again, {} first of all, and they break the same each time. The zero
// value remembers nothing yet.
type checked struct {
	mu    sync.Mutex
	found map[reply][]schemas.Violation
}

// A reply is all that the schemas look at.
type reply struct {
	operation string
	status    int
	body      string
}

// of returns what check finds in an answer, without asking it again.
func (c *checked) of(a *Response, check func() []schemas.Violation) []schemas.Violation {
	if len(a.Body) > longestChecked {
		return check()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := reply{a.Operation, a.Status, string(a.Body)}
	found, known := c.found[key]
	if !known {
		found = check()
		if c.found == nil {
			c.found = map[reply][]schemas.Violation{}
		}
		if len(c.found) < mostChecked {
			c.found[key] = found
		}
	}
	return found
}
