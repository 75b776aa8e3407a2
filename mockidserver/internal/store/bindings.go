package store

import (
	"slices"
	"strings"
)

// Binding is an association of an identifier with a user.
type Binding struct {
	ThreePID
	MXID string
	TS   int64 // ms, when it was made
}

// Bind makes an association and returns the user it replaces, "" for none.
func (s *Store) Bind(scope string, binding Binding) (replaced string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, _ := s.bindings.get(binding.ThreePID)
	s.bindings.put(s.owner(scope), binding.ThreePID, binding)
	return old.MXID
}

// Unbind removes the association of an identifier with a user; with "" as mxid,
// with any. It reports whether there was one.
func (s *Store) Unbind(pid ThreePID, mxid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	bound, ok := s.bindings.get(pid)
	if !ok || mxid != "" && bound.MXID != mxid {
		return false
	}
	s.bindings.remove(pid)
	return true
}

// Binding returns the association of an identifier.
func (s *Store) Binding(pid ThreePID) (Binding, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bindings.get(pid)
}

// Bindings lists the associations that match, by medium and address.
func (s *Store) Bindings(match func(Binding) bool) []Binding {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.bindings.find(match)
	slices.SortFunc(found, func(a, b Binding) int {
		return strings.Compare(a.Medium+a.Address, b.Medium+b.Address)
	})
	return found
}

// Invite is an invitation that waits for the address to be bound.
type Invite struct {
	Token      string
	PublicKey  string // ephemeral, exactly as handed out
	PrivateKey string // unpadded base64
	Address    string
	RoomID     string
	Sender     string
}

// StoreInvite keeps an invitation.
func (s *Store) StoreInvite(scope string, invite Invite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invites.put(s.owner(scope), invite.Token, invite)
	s.keys[invite.PublicKey] = invite.Token
}

// Invite returns the invitation of a token.
func (s *Store) Invite(token string) (Invite, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invites.get(token)
}

// InviteOfKey returns the invitation for which an ephemeral key was made.
func (s *Store) InviteOfKey(publicKey string) (Invite, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invites.get(s.keys[publicKey])
}

// Invites lists the invitations that match, by token.
func (s *Store) Invites(match func(Invite) bool) []Invite {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.invites.find(match)
	slices.SortFunc(found, func(a, b Invite) int { return strings.Compare(a.Token, b.Token) })
	return found
}
