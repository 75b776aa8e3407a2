package mockidserver_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
)

// bindRequest asks to bind the session, whatever happens.
func (w *world) bindRequest(token string, session control.Session) (answer, error) {
	return w.try(http.MethodPost, "/_matrix/identity/v2/3pid/bind", token, bindBody(session, alice))
}

func TestFaultsOfAnswers(t *testing.T) {
	w := newWorld(t)
	token, session := w.token(), w.session()
	for _, c := range []struct {
		name    string
		fault   control.Fault
		status  int
		errcode string
		check   func(*testing.T, answer)
	}{
		{"Matrix error", control.MatrixError(418, "ORG.EXAMPLE_X", "teapot", object{"mxid": "@bob:hs.test", "n": 1.0}), 418, "ORG.EXAMPLE_X", func(t *testing.T, a answer) {
			if a.text("error") != "teapot" || a.text("mxid") != "@bob:hs.test" || a.object["n"] != 1.0 {
				t.Errorf("answer %s", a.body)
			}
		}},
		{"non-JSON", control.NonJSON(501), 501, "", func(t *testing.T, a answer) {
			if json.Valid([]byte(a.body)) || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %s", a.header.Get("Content-Type"), a.body)
			}
		}},
		{"empty", control.RawAnswer(404, "text/plain", ""), 404, "", func(t *testing.T, a answer) {
			if a.body != "" {
				t.Errorf("answer %q", a.body)
			}
		}},
		{"success of the wrong shape", control.RawAnswer(200, "application/json", `{"medium":1}`), 200, "", func(*testing.T, answer) {}},
		{"malformed JSON", control.MalformedJSON(), 200, "", func(t *testing.T, a answer) {
			if a.body == "" || json.Valid([]byte(a.body)) || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %s", a.header.Get("Content-Type"), a.body)
			}
		}},
		{"redirect", control.Fault{Kind: control.FaultStatus, Status: 307, Body: new(string), Headers: map[string]string{"Location": "https://elsewhere.test/"}}, 307, "", func(t *testing.T, a answer) {
			if a.header.Get("Location") != "https://elsewhere.test/" {
				t.Errorf("headers %v", a.header)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := w.fault(c.fault.On(control.Bind).Once())
			a := must(w.bindRequest(token, session))(t)
			a.want(t, c.status, c.errcode)
			c.check(t, a)
			entry := w.last(control.Bind)
			if entry.Fault != id || entry.Status != c.status || len(entry.Effects) != 0 || w.isBound() {
				t.Errorf("journal: %+v; bound %v", entry.Request, w.isBound())
			}
		})
	}
	// All faults were for once.
	must(w.bindRequest(token, session))(t).want(t, 200, "")
}

func TestFaultsOfConnections(t *testing.T) {
	w := newWorld(t)
	token, session := w.token(), w.session()
	stall := control.Duration(50 * time.Millisecond)
	for name, c := range map[string]struct {
		fault control.Fault
		err   error
	}{
		"truncated":    {control.Truncated(), io.ErrUnexpectedEOF},
		"reset":        {control.Reset(), syscall.ECONNRESET},
		"closed":       {control.Fault{Kind: control.FaultClosed}, io.EOF},
		"stalled":      {control.Fault{Kind: control.FaultStalled, Delay: stall}, syscall.ECONNRESET},
		"stalled body": {control.Fault{Kind: control.FaultStalledBody, Delay: stall}, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.fault(c.fault.On(control.Bind).Once())
			start := time.Now()
			a, err := w.bindRequest(token, session)
			// A reset may overtake the data before it.
			if !errors.Is(err, c.err) && !(errors.Is(c.err, syscall.ECONNRESET) && errors.Is(err, io.EOF)) {
				t.Errorf("the client saw %v, %+v; want %v", err, a, c.err)
			}
			if took := time.Since(start); took < time.Duration(c.fault.Delay) {
				t.Errorf("it took %s only", took)
			}
			if entry := w.last(control.Bind); entry.Fault != id || !entry.Answered || len(entry.Effects) != 0 {
				t.Errorf("journal: %+v", entry.Request)
			}
		})
	}
	if w.isBound() {
		t.Error("a fault without effect bound the address")
	}
}

func TestStalledTakesThreeSecondsUnlessToldOtherwise(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes three seconds")
	}
	w := newWorld(t)
	token, session := w.token(), w.session()
	w.fault(control.Stalled())
	start := time.Now()
	if a, err := w.bindRequest(token, session); err == nil {
		t.Errorf("an answer: %+v", a)
	}
	if took := time.Since(start); took < 3*time.Second || took > 6*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestSlowAnswersAreHonest(t *testing.T) {
	w := newWorld(t)
	token, session := w.token(), w.session()
	w.fault(control.Slow(200 * time.Millisecond))
	start := time.Now()
	must(w.bindRequest(token, session))(t).want(t, 200, "")
	if took := time.Since(start); took < 200*time.Millisecond || !w.isBound() {
		t.Errorf("it took %s, bound %v", took, w.isBound())
	}
}

func TestEffectWithoutItsAnswer(t *testing.T) {
	for name, fault := range map[string]control.Fault{
		"an error": control.NonJSON(502), "malformed": control.MalformedJSON(), "truncated": control.Truncated(), "a reset": control.Reset(),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token, session := w.token(), w.session()
			w.fault(fault.WithEffect())
			_, _ = w.bindRequest(token, session) // what the client sees is tested above
			if entry := w.last(control.Bind); !w.isBound() || !entry.Has(control.EffectBound) {
				t.Errorf("bound %v, journal %+v", w.isBound(), entry.Effects)
			}
		})
	}
}

func TestFaultsMatchWhatTheyAreFor(t *testing.T) {
	w := newWorld(t)
	token, other := w.token(), w.token()
	session, second := w.session(), w.session()
	status := func(token string, session control.Session) int {
		t.Helper()
		return must(w.bindRequest(token, session))(t).status
	}
	teapot := control.MatrixError(418, "M_TEAPOT", "", nil)
	for name, c := range map[string]struct {
		key               control.Key
		token             string
		session           control.Session
		otherTok, otherSe int
	}{
		"sid":           {control.SID(session.SID), token, session, 418, 200},
		"client_secret": {control.ClientSecret(session.ClientSecret), token, session, 418, 200},
		"token":         {control.Token(token), token, session, 200, 418},
		"address":       {control.Address("ALICE@example.org"), token, session, 418, 418}, // a sid has an address
		"mxid":          {control.MXID(alice), token, session, 418, 418},
	} {
		id := w.fault(teapot.For(c.key))
		if a, b, d := status(token, session), status(other, session), status(token, second); a != 418 || b != c.otherTok || d != c.otherSe {
			t.Errorf("%s: %d; another token %d, another session %d", name, a, b, d)
		}
		if err := w.scope.ClearFault(t.Context(), id); err != nil {
			t.Error(err)
		}
		if a := status(token, session); a != 200 {
			t.Errorf("%s: %d after it was cleared", name, a)
		}
	}

	// Endpoint, API version, order, and how often.
	w.fault(teapot.On(control.Unbind))
	v1 := teapot
	v1.API = "v1"
	w.fault(v1)
	skip := teapot.Once()
	skip.Skip = 1
	w.fault(skip)
	if a, b, c := status(token, session), status(token, session), status(token, session); a != 200 || b != 418 || c != 200 {
		t.Errorf("the second only: %d %d %d", a, b, c)
	}
	w.v1(http.MethodPost, "3pid/bind", bindBody(session, alice)).want(t, 418, "M_TEAPOT")
	first := w.fault(control.MatrixError(400, "FIRST", "", nil))
	w.fault(control.MatrixError(400, "SECOND", "", nil))
	must(w.bindRequest(token, session))(t).want(t, 400, "FIRST")
	if err := w.scope.ClearFault(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	must(w.bindRequest(token, session))(t).want(t, 400, "SECOND")
	if err := w.scope.ClearFault(t.Context(), first); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("clearing twice: %v", err)
	}
}

func TestFaultsStayInTheirScope(t *testing.T) {
	w := newWorld(t)
	const bob = "@bob:hs.test"
	bobs := w.open(control.MXID(bob))
	bobsToken := must(bobs.MintToken(t.Context(), bob))(t)
	w.fault(control.MatrixError(500, "M_BROKEN", "", nil))

	w.v2(http.MethodGet, "account", bobsToken, nil).want(t, 200, "")
	token := w.token()
	w.v2(http.MethodGet, "account", token, nil).want(t, 500, "M_BROKEN")
	// Nor can another scope get hold of this one's keys.
	if _, err := bobs.SetFault(t.Context(), control.Reset().For(control.MXID(alice))); !errors.Is(err, control.ErrConflict) {
		t.Errorf("a fault for another scope's key: %v", err)
	}

	// A fault that is being played ends with its scope, and then there is none.
	w.fault(control.Fault{Kind: control.FaultStalled, Delay: control.Duration(time.Hour)})
	if _, err := w.scope.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.scope = w.open(control.MXID(alice))
	token = w.token()
	w.v2(http.MethodGet, "account", token, nil).want(t, 200, "")
	w.fault(control.Fault{Kind: control.FaultStalled, Delay: control.Duration(time.Hour)})
	ended := make(chan error, 1)
	go func() {
		// A POST: Go's client repeats a GET that was reset.
		_, err := w.try(http.MethodPost, "/_matrix/identity/v2/terms", token, object{})
		ended <- err
	}()
	stalled := must(w.scope.Await(t.Context(), func(e control.Entry) bool { return e.Request != nil && e.Fault != "" }))(t)
	if stalled.Answered {
		t.Errorf("journal: %+v", stalled.Request)
	}
	if _, err := w.scope.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a stalled request was answered")
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	for name, fault := range map[string]control.Fault{
		"no kind":            {},
		"unknown kind":       {Kind: "explode"},
		"no status":          {Kind: control.FaultStatus, ErrCode: "M_X"},
		"impossible status":  {Kind: control.FaultStatus, Status: 42, ErrCode: "M_X"},
		"nothing to say":     {Kind: control.FaultStatus, Status: 400},
		"slow without delay": {Kind: control.FaultSlow},
		"negative delay":     {Kind: control.FaultStalled, Delay: -1},
		"negative times":     {Kind: control.FaultReset, Times: -1},
		"unknown API":        {Kind: control.FaultReset, API: "v3"},
		"unknown key":        {Kind: control.FaultReset, Key: &control.Key{Kind: "shoe", Value: "42"}},
		"empty key":          {Kind: control.FaultReset, Key: &control.Key{Kind: control.KindSID}},
	} {
		if _, err := w.scope.SetFault(t.Context(), fault); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
