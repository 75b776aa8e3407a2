package store

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

// Bindings lists the associations that match, oldest first.
func (s *Store) Bindings(match func(Binding) bool) []Binding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bindings.find(match)
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
}

// Invite returns the invitation of a token.
func (s *Store) Invite(token string) (Invite, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invites.get(token)
}

// InviteOfKey returns the invitation for which an ephemeral key was made.
func (s *Store) InviteOfKey(publicKey string) (Invite, bool) {
	if found := s.Invites(func(i Invite) bool { return i.PublicKey == publicKey }); len(found) > 0 {
		return found[0], true
	}
	return Invite{}, false
}

// Invites lists the invitations that match, oldest first.
func (s *Store) Invites(match func(Invite) bool) []Invite {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.invites.find(match)
}
