package store

// Token describes an access token.
type Token struct {
	MXID     string
	Pepper   string // of hash_details: each token has its own
	MustSign bool   // the terms have to be accepted before it is good for anything
}

// IssueToken makes an access token. With mustSign it needs the owner's consent
// to the terms.
func (s *Store) IssueToken(scope, mxid string, mustSign bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := Random()
	s.tokens.put(s.owner(scope), made, Token{MXID: mxid, Pepper: Random(), MustSign: mustSign})
	return made
}

// Token looks up an access token.
func (s *Store) Token(access string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens.get(access)
}

// RevokeToken ends an access token.
func (s *Store) RevokeToken(access string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.remove(access)
}

// AcceptTerms adds to the policy URLs a user has accepted.
func (s *Store) AcceptTerms(scope, mxid string, urls []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	accepted, ok := s.accounts.get(mxid)
	if !ok {
		accepted = map[string]bool{}
		s.accounts.put(s.owner(scope), mxid, accepted)
	}
	for _, url := range urls {
		accepted[url] = true
	}
}

// ForgetTerms takes a user's consent back.
func (s *Store) ForgetTerms(mxid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts.remove(mxid)
}

// Accepted reports whether a user has accepted one of the given URLs.
func (s *Store) Accepted(mxid string, urls []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	accepted, _ := s.accounts.get(mxid)
	for _, url := range urls {
		if accepted[url] {
			return true
		}
	}
	return false
}
