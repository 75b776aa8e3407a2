package mailbox

import "sync"

// remembered is how many mails a client keeps: more than a spec receives.
const remembered = 64

// A memory holds the mails that were read last. The zero value is empty.
type memory struct {
	mu    sync.Mutex
	mails map[string]Mail
	ids   [remembered]string // in the order in which they came
	next  int
}

func (m *memory) get(id string) (mail Mail, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mail, known = m.mails[id]
	return mail, known
}

func (m *memory) keep(mail Mail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mails == nil {
		m.mails = map[string]Mail{}
	}
	delete(m.mails, m.ids[m.next])
	m.mails[mail.ID], m.ids[m.next] = mail, mail.ID
	m.next = (m.next + 1) % remembered
}
