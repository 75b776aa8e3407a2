package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// A Recorder keeps what was exchanged. It belongs to one process and knows
// which spec is running.
type Recorder struct {
	masker *masking.Masker
	prefix string

	mu       sync.Mutex
	file     *os.File // nil records nothing to disk
	broken   error    // the first error of writing
	count    int
	spec     string
	ids      []string          // of the running spec
	findings []verdict.Finding // of the running spec
	last     *Response         // the latest response of an operation
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

// Last returns the latest response of an operation in the running
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

// add records an exchange of the client, and fills in what its response says about
// the record.
func (r *Recorder) add(response *Response, failure *NoResponse, findings []verdict.Finding) {
	record := Record{
		Operation: response.Operation,
		Started:   response.started.UTC().Format(time.RFC3339Nano),
		Millis:    float64(response.Took.Microseconds()) / 1000,
		Request:   Message{Method: response.Method, URL: response.URL, Headers: response.headers, Body: string(response.Sent)},
	}
	if response.Status != 0 {
		record.Response = &Message{Status: response.Status, Headers: response.Header, Body: string(response.Body)}
	}
	if failure != nil {
		record.Error = failure.Why
	}
	r.hideSecrets(&record)
	if failure != nil {
		failure.Why = record.Error
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.number(&record)
	for i := range findings {
		findings[i].Spec, findings[i].Exchange = record.Spec, record.ID
		findings[i].Message = r.masker.Mask(findings[i].Message)
	}
	record.Findings = findings
	response.ID, response.record = record.ID, &record
	r.findings = append(r.findings, findings...)
	if response.Operation != "" {
		r.last = response
	}
	r.write(&record)
}

// Witness records what came to another party while the running spec ran. The
// record comes with its secrets; those that only the caller can tell have to be
// registered before.
func (r *Recorder) Witness(record Record) {
	r.hideSecrets(&record)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number(&record)
	r.write(&record)
}

// number makes a record one of the running spec's.
func (r *Recorder) number(record *Record) {
	r.count++
	record.ID, record.Spec = r.prefix+strconv.Itoa(r.count), r.spec
	r.ids = append(r.ids, record.ID)
}

// write appends one line. A line is one write, so that processes that append to
// the same file do not mix theirs.
func (r *Recorder) write(record *Record) {
	if r.file == nil {
		return
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // readers search for "<access_token 1>"
	err := encoder.Encode(record)
	if err == nil {
		_, err = r.file.Write(line.Bytes())
	}
	if err != nil && r.broken == nil {
		r.broken = fmt.Errorf("the exchange cannot be written to %s: %w", r.file.Name(), err)
	}
}

// hideSecrets makes a record what a reader may see. A secret may be echoed anywhere
// in the exchange that first shows it, so all of them are learnt before any is
// replaced.
func (r *Recorder) hideSecrets(record *Record) {
	r.learn(&record.Request)
	if record.Response != nil {
		response := *record.Response
		record.Response = &response
		r.learn(record.Response)
		r.hide(record.Response)
	}
	r.hide(&record.Request)
	record.Error = r.masker.Mask(record.Error)
	for i, note := range record.Notes {
		record.Notes[i] = r.masker.Mask(note)
	}
}

// learn makes the secrets of one half of an exchange known. Its body is then in
// UTF-8 and without the secrets that its keys name.
func (r *Recorder) learn(m *Message) {
	m.URL = r.masker.URL(m.URL)
	for name, values := range m.Headers {
		for _, v := range values {
			r.masker.Header(name, v)
		}
	}
	m.Body = strings.ToValidUTF8(m.Body, "\uFFFD")
	if contentType(m.Headers) == "application/x-www-form-urlencoded" {
		m.Body = strings.TrimPrefix(r.masker.URL("?"+m.Body), "?")
	} else {
		m.Body = r.masker.Fields(m.Body)
	}
}

// hide replaces the secrets of one half of an exchange that are known.
func (r *Recorder) hide(m *Message) {
	m.URL = r.masker.Mask(m.URL)
	headers := make(map[string][]string, len(m.Headers))
	for name, values := range m.Headers {
		for _, v := range values {
			headers[name] = append(headers[name], r.masker.Header(name, v))
		}
	}
	m.Headers = headers
	m.Body = r.masker.Mask(m.Body)
	if len(m.Body) > maxEvidence {
		m.Body, m.Truncated = strings.ToValidUTF8(m.Body[:maxEvidence], ""), true
	}
}
