package exchange

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/verdict"
)

// maxEvidence is how much of a body is kept, in bytes.
const maxEvidence = 16 << 10

// The parties beside the suite as a client, for which Record.Party is "".
const (
	IdentityServer = "identity-server" // requests that reached one of ours
	SMS            = "sms"             // requests that reached the delegate, and what it sent
	Mail           = "mail"            // what arrived
)

// A Record is one exchange as it stands in exchanges.jsonl, without secrets. Of
// other parties it holds what came to them, by their own clock.
type Record struct {
	ID        string   `json:"id"`
	Party     string   `json:"party,omitempty"` // whose exchange it is
	Spec      string   `json:"spec,omitempty"`
	Operation string   `json:"operation,omitempty"`
	Started   string   `json:"started"`
	Millis    float64  `json:"ms"`
	Request   Message  `json:"request"`
	Response  *Message `json:"response,omitempty"`
	Error     string   `json:"error,omitempty"` // when there was no answer
	Notes     []string `json:"notes,omitempty"` // what it did at another party

	Findings []verdict.Finding `json:"findings,omitempty"`
}

// A Message is one half of an exchange.
type Message struct {
	Method    string              `json:"method,omitempty"`
	URL       string              `json:"url,omitempty"`
	Status    int                 `json:"status,omitempty"`
	Headers   map[string][]string `json:"headers,omitempty"`
	Body      string              `json:"body,omitempty"`
	Truncated bool                `json:"truncated,omitempty"`
}

// HeaderNames are the names of the headers, sorted.
func (m *Message) HeaderNames() []string {
	names := make([]string, 0, len(m.Headers))
	for name := range m.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A Recorder keeps what was exchanged. It belongs to one process and knows
// which spec is running.
type Recorder struct {
	masker *masking.Masker
	prefix string

	mu       sync.Mutex
	file     *os.File // nil records nothing to disk
	line     []byte   // what was written last, to be used again
	broken   error    // the first error of writing
	count    int
	spec     string
	ids      []string          // of the running spec
	findings []verdict.Finding // of the running spec
	last     *Response         // the latest answer of one of the eight operations
}

// NewRecorder returns a recorder that appends to file, which may be nil. The
// prefix makes the ids of parallel processes differ.
func NewRecorder(file *os.File, masker *masking.Masker, prefix string) *Recorder {
	return &Recorder{file: file, masker: masker, prefix: prefix}
}

// Begin tells the recorder which spec runs now.
func (r *Recorder) Begin(spec string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spec, r.ids, r.findings, r.last = spec, nil, nil, nil
}

// Seen returns the ids of the running spec's exchanges.
func (r *Recorder) Seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

// Findings returns what the running spec's exchanges showed.
func (r *Recorder) Findings() []verdict.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.findings)
}

// File adds a finding about the running spec's latest exchange.
func (r *Recorder) File(f verdict.Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.Spec = r.spec
	if f.Exchange == "" && len(r.ids) > 0 {
		f.Exchange = r.ids[len(r.ids)-1]
	}
	f.Message = r.masker.Mask(f.Message)
	r.findings = append(r.findings, f)
}

// Last returns the latest answer of one of the eight operations in the running
// spec, or nil.
func (r *Recorder) Last() *Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Err returns the first error of writing exchanges.jsonl.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

// Mask hides the secrets in a text that is about to leave the process.
func (r *Recorder) Mask(text string) string { return r.masker.Mask(r.masker.Fields(text)) }

// Secret makes a secret known before it is used.
func (r *Recorder) Secret(kind, value string) { r.masker.Register(kind, value) }

func (r *Recorder) add(a *Response, failure *NoAnswer, findings []verdict.Finding) {
	record := Record{
		Operation: a.Operation,
		Started:   a.started.UTC().Format(time.RFC3339Nano),
		Millis:    float64(a.Took.Microseconds()) / 1000,
	}
	// A secret may be echoed anywhere in the exchange that first shows it, so
	// all of them are learnt before anything is written.
	sent := r.learn(a.headers, string(a.Sent))
	r.masker.URL(a.URL)
	came := r.learn(a.Header, string(a.Body))
	if a.Status != 0 {
		record.Response = r.message(a.Header, came)
		record.Response.Status = a.Status
	}
	record.Request = *r.message(a.headers, sent)
	record.Request.Method, record.Request.URL = a.Method, r.masker.URL(a.URL)
	if failure != nil {
		failure.Why = r.masker.Mask(failure.Why)
		record.Error = failure.Why
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	record.ID = r.nextID()
	record.Spec = r.spec
	a.ID = record.ID
	for i := range findings {
		findings[i].Spec, findings[i].Exchange = r.spec, record.ID
		findings[i].Message = r.masker.Mask(findings[i].Message)
	}
	record.Findings = findings
	a.record = &record
	r.ids = append(r.ids, record.ID)
	r.findings = append(r.findings, findings...)
	if a.Operation != "" {
		r.last = a
	}
	r.write(&record)
}

func (r *Recorder) nextID() string {
	r.count++
	return r.prefix + strconv.Itoa(r.count)
}

// Witness records what came to another party while the running spec ran. The
// record comes with its secrets; those that only the caller can tell have to be
// registered before.
func (r *Recorder) Witness(record Record) {
	request, response := record.Request, record.Response
	sent := r.learn(request.Headers, request.Body)
	r.masker.URL(request.URL)
	if response != nil {
		came := r.learn(response.Headers, response.Body)
		record.Response = r.message(response.Headers, came)
		record.Response.Status = response.Status
	}
	record.Request = *r.message(request.Headers, sent)
	record.Request.Truncated = record.Request.Truncated || request.Truncated
	record.Request.Method, record.Request.URL = request.Method, r.masker.URL(request.URL)
	record.Error = r.masker.Mask(record.Error)
	for i, note := range record.Notes {
		record.Notes[i] = r.masker.Mask(note)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	record.ID, record.Spec = r.nextID(), r.spec
	r.ids = append(r.ids, record.ID)
	r.write(&record)
}

// write appends one line. A line is one write, so that processes that append to
// the same file do not mix theirs.
func (r *Recorder) write(record *Record) {
	if r.file == nil {
		return
	}
	line, err := appendLine(r.line[:0], record)
	if err == nil {
		r.line = line
		_, err = r.file.Write(line)
	}
	if err != nil && r.broken == nil {
		r.broken = fmt.Errorf("the exchange cannot be written to %s: %w", r.file.Name(), err)
	}
}

// learn makes the secrets of one half of an exchange known. It returns the body
// without those that its keys name, and in UTF-8.
func (r *Recorder) learn(h http.Header, body string) string {
	for name, values := range h {
		if !masking.Carries(name) {
			continue
		}
		for _, v := range values {
			r.masker.Header(name, v)
		}
	}
	body = strings.ToValidUTF8(body, "\uFFFD")
	if contentType(h) == "application/x-www-form-urlencoded" {
		return strings.TrimPrefix(r.masker.URL("?"+body), "?")
	}
	return r.masker.Fields(body)
}

// message is what a reader may see of one half, whose secrets are known.
func (r *Recorder) message(h http.Header, learnt string) *Message {
	m := &Message{Headers: make(map[string][]string, len(h))}
	all := make([]string, 0, len(h)) // most headers have one value
	for name, values := range h {
		from := len(all)
		for _, v := range values {
			all = append(all, r.masker.Header(name, v))
		}
		m.Headers[name] = all[from:len(all):len(all)]
	}
	text := r.masker.Mask(learnt)
	if len(text) > maxEvidence {
		text, m.Truncated = strings.ToValidUTF8(text[:maxEvidence], ""), true
	}
	m.Body = text
	return m
}

// String shows the exchange in a few lines.
func (r Record) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sent  %s %s", r.Request.Method, r.Request.URL)
	if r.Request.Body != "" {
		fmt.Fprintf(&b, "\n      %s", short(r.Request.Body))
	}
	switch {
	case r.Error != "":
		fmt.Fprintf(&b, "\ncame  %s", r.Error)
	case r.Response != nil:
		fmt.Fprintf(&b, "\ncame  %d %s in %.0f ms", r.Response.Status, http.StatusText(r.Response.Status), r.Millis)
		if r.Response.Body != "" {
			fmt.Fprintf(&b, "\n      %s", short(r.Response.Body))
		}
	}
	fmt.Fprintf(&b, "\n      (exchange %s in exchanges.jsonl)", r.ID)
	return b.String()
}

func short(s string) string {
	const limit = 600
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + " …"
	}
	return s
}
