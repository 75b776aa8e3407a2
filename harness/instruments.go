package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// Instruments look into a run from inside. Only suites/cmd/bench has any; the
// zero value looks at nothing. Their functions may be called from several
// goroutines.
type Instruments struct {
	// Times is how often each spec is put into the tree; less than 2 is once.
	Times int
	// Wrap is given what carries a client's requests, by the name of the client,
	// and returns what carries them instead.
	Wrap func(client string, next http.RoundTripper) http.RoundTripper
	// Ready is told what the specs will use when it has been started.
	Ready func(Deployment)
	// FirstSpec is called when a process begins its first spec.
	FirstSpec func()
	// Over is called when the last spec and all that follows it are done, before
	// what the run uses is stopped.
	Over func()
	// Waited is told of each wait of a fixed length when it is over.
	Waited func(Wait)
}

// A Wait is time that passes because a requirement, or the homeserver, asks for
// it.
type Wait struct {
	Spec   string // "" outside of specs
	Reason string
	Began  time.Time
	Lasted time.Duration
}

// A Deployment is what a run uses, by name: addresses as host:port and the tokens
// that the homeserver was started with. Started again, the same names have other
// values.
type Deployment map[string]string

var instruments Instruments

// LookInside has the run that follows looked at. It is called before [Run].
func LookInside(i Instruments) { instruments = i }

// StartAgain starts afresh what the last run used, and stops it when use is done.
func StartAgain(ctx context.Context, out io.Writer, use func(Deployment) error) error {
	st, err := setUp(ctx, run.selection, nil, out)
	if err != nil {
		return err
	}
	err = use(st.world.deployment())
	if closed := st.Close(); err == nil {
		err = closed
	}
	return err
}

// deployment names what the world has that differs from start to start.
func (w world) deployment() Deployment {
	d := Deployment{}
	add := func(name, address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			address = u.Host
		}
		if address != "" {
			d[name] = address
		}
	}
	for variant, hs := range w.Homeservers {
		add("homeserver "+variant, hs.URL)
		add("public homeserver "+variant, hs.PublicURL)
		add("administrator "+variant, hs.Credentials.Admin)
		add("application service "+variant, hs.Credentials.ApplicationService)
	}
	for n, at := range w.Identity {
		add(fmt.Sprintf("control %d", n), at)
	}
	for n, name := range w.IdentityServers {
		add(fmt.Sprintf("identity server %d", n), name)
	}
	add("mailbox", w.MailAPI)
	add("smtp", w.SMTP)
	add("sms", w.SMSDelegate)
	return d
}

// observe puts the instruments between the suite's clients and the network.
func observe(s *sessionState) {
	for _, client := range s.clients {
		client.OnWait(func(began time.Time) { noteWait(SpecName(), "the homeserver asked to wait", began) })
	}
	if instruments.Wrap == nil {
		return
	}
	wrap := func(name string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper { return instruments.Wrap(name, next) }
	}
	for variant, client := range s.clients {
		client.Wrap(wrap("homeserver " + variant))
	}
	for n, client := range s.identity {
		client.Wrap(wrap(fmt.Sprintf("control %d", n)))
	}
	if s.mail != nil {
		s.mail.Wrap(wrap("mailbox"))
	}
}

// noteWait tells the instruments of a wait that is over.
func noteWait(spec, reason string, began time.Time) {
	if instruments.Waited != nil {
		instruments.Waited(Wait{Spec: spec, Reason: reason, Began: began, Lasted: time.Since(began)})
	}
}

// announce calls FirstSpec, once.
func announce() {
	if instruments.FirstSpec != nil {
		instruments.FirstSpec()
		instruments.FirstSpec = nil
	}
}

// growing is true while the contents of an outermost container are built.
var growing bool

// What an outermost container holds is put into the tree as often as the
// instruments ask for, once unless a run is measured.
var _ = ginkgo.AddTreeConstructionNodeArgsTransformer(func(kind types.NodeType, _ ginkgo.Offset, text string, args []any) (string, []any, []error) {
	if !kind.Is(types.NodeTypeContainer) || growing {
		return text, args, nil
	}
	grown := make([]any, len(args))
	for i, arg := range args {
		grown[i] = arg
		if build, ok := arg.(func()); ok {
			grown[i] = func() {
				growing = true
				defer func() { growing = false }()
				for range max(1, instruments.Times) {
					build()
				}
			}
		}
	}
	return text, grown, nil
})
