package mockidserver_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/faults"
)

// bindRequest asks to bind the session, whatever happens.
func (is *identityServer) bindRequest(token string, session control.Session) (response, error) {
	return is.try(http.MethodPost, "/_matrix/identity/v2/3pid/bind", token, bindBody(session, alice))
}

func TestFaultsOfResponses(t *testing.T) {
	is := start(t)
	token, session := is.token(), is.session()
	for name, c := range map[string]struct {
		fault       control.Fault
		status      int
		errcode     string
		contentType string
		body        string // "" is half a JSON text
	}{
		"Matrix error": {control.MatrixError(418, "ORG.EXAMPLE_X", "teapot", object{"n": 1}), 418, "ORG.EXAMPLE_X", "application/json", `{"errcode":"ORG.EXAMPLE_X","error":"teapot","n":1}`},
		"no JSON":      {control.NonJSON(501), 501, "", "text/html; charset=utf-8", "<html><body><h1>501</h1></body></html>"},
		"wrong shape":  {control.RawAnswer(200, "application/json", `{"medium":1}`), 200, "", "application/json", `{"medium":1}`},
		"malformed":    {control.MalformedJSON(), 200, "", "application/json", ""},
		"redirect": {control.Fault{Kind: control.FaultStatus, Status: 307, Body: new(" "), Headers: map[string]string{"Location": "https://elsewhere.test/"}},
			307, "", "text/html; charset=utf-8", " "},
	} {
		t.Run(name, func(t *testing.T) {
			id := is.fault(c.fault.On(control.Bind).Once())
			r := must(is.bindRequest(token, session))(t).want(t, c.status, c.errcode)
			if r.header.Get("Content-Type") != c.contentType || r.header.Get("Location") != c.fault.Headers["Location"] || c.body != "" && r.body != c.body || c.body == "" && json.Valid([]byte(r.body)) {
				t.Errorf("%v: %s", r.header, r.body)
			}
			entry := is.last(control.Bind)
			if entry.Fault != id || entry.Status != c.status || len(entry.Effects) != 0 || is.isBound() {
				t.Errorf("journal: %+v; bound %v", entry.Request, is.isBound())
			}
		})
	}
	// All faults were for once. A slow response is honest.
	is.fault(control.Slow(200 * time.Millisecond).Once())
	begun := time.Now()
	must(is.bindRequest(token, session))(t).want(t, 200, "")
	if took := time.Since(begun); took < 200*time.Millisecond || !is.isBound() {
		t.Errorf("it took %s, bound %v", took, is.isBound())
	}
}

func TestFaultsOfConnections(t *testing.T) {
	is := start(t)
	token, session := is.token(), is.session()
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
			id := is.fault(c.fault.On(control.Bind).Once())
			start := time.Now()
			a, err := is.bindRequest(token, session)
			// A reset may overtake the data before it.
			if !errors.Is(err, c.err) && !(errors.Is(c.err, syscall.ECONNRESET) && errors.Is(err, io.EOF)) {
				t.Errorf("the client saw %v, %+v; want %v", err, a, c.err)
			}
			if took := time.Since(start); took < time.Duration(c.fault.Delay) {
				t.Errorf("it took %s only", took)
			}
			if entry := is.last(control.Bind); entry.Fault != id || !entry.Answered || len(entry.Effects) != 0 {
				t.Errorf("journal: %+v", entry.Request)
			}
		})
	}
	if is.isBound() {
		t.Error("a fault without effect bound the address")
	}
}

func TestEffectsWithoutTheirResponse(t *testing.T) {
	is := start(t)
	token := is.token()
	for name, fault := range map[string]control.Fault{
		"an error": control.NonJSON(502), "malformed": control.MalformedJSON(), "truncated": control.Truncated(), "a reset": control.Reset(),
	} {
		is.fault(fault.On(control.Bind).WithEffect().Once())
		_, _ = is.bindRequest(token, is.session()) // what the client sees is tested above
		if entry := is.last(control.Bind); !is.isBound() || !entry.Has(control.EffectBound) {
			t.Errorf("%s: bound %v, journal %+v", name, is.isBound(), entry.Effects)
		}
		if err := is.client.Unbind(t.Context(), control.Email, address); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFaultsMatchWhatTheyAreFor(t *testing.T) {
	is := start(t)
	token, other := is.token(), is.token()
	session, second := is.session(), is.session()
	status := func(token string, session control.Session) int {
		t.Helper()
		return must(is.bindRequest(token, session))(t).status
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
		id := is.fault(teapot.For(c.key))
		if a, b, d := status(token, session), status(other, session), status(token, second); a != 418 || b != c.otherTok || d != c.otherSe {
			t.Errorf("%s: %d; another token %d, another session %d", name, a, b, d)
		}
		if err := is.scope.ClearFault(t.Context(), id); err != nil {
			t.Error(err)
		}
		if a := status(token, session); a != 200 {
			t.Errorf("%s: %d after it was cleared", name, a)
		}
	}

	// Endpoint, API version, order, and how often.
	is.fault(teapot.On(control.Unbind))
	v1 := teapot
	v1.API = "v1"
	is.fault(v1)
	skip := teapot.Once()
	skip.Skip = 1
	is.fault(skip)
	if a, b, c := status(token, session), status(token, session), status(token, session); a != 200 || b != 418 || c != 200 {
		t.Errorf("the second only: %d %d %d", a, b, c)
	}
	is.v1(http.MethodPost, "3pid/bind", bindBody(session, alice)).want(t, 418, "M_TEAPOT")
	first := is.fault(control.MatrixError(400, "FIRST", "", nil))
	is.fault(control.MatrixError(400, "SECOND", "", nil))
	must(is.bindRequest(token, session))(t).want(t, 400, "FIRST")
	if err := is.scope.ClearFault(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	must(is.bindRequest(token, session))(t).want(t, 400, "SECOND")
	if err := is.scope.ClearFault(t.Context(), first); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("clearing twice: %v", err)
	}
}

func TestFaultsStayInTheirScope(t *testing.T) {
	is := start(t)
	const bob = "@bob:hs.test"
	bobs := is.open(control.MXID(bob))
	bobsToken := must(bobs.MintToken(t.Context(), bob))(t)
	is.fault(control.MatrixError(500, "M_BROKEN", "", nil))

	is.get("account", bobsToken).want(t, 200, "")
	token := is.token()
	is.get("account", token).want(t, 500, "M_BROKEN")
	// Nor can another scope get hold of this one's keys.
	if _, err := bobs.SetFault(t.Context(), control.Reset().For(control.MXID(alice))); !errors.Is(err, control.ErrConflict) {
		t.Errorf("a fault for another scope's key: %v", err)
	}

	// A fault that is being played ends with its scope, and then there is none.
	is.fault(control.Fault{Kind: control.FaultStalled, Delay: control.Duration(time.Hour)})
	must(is.scope.Close(t.Context()))(t)
	is.scope = is.open(control.MXID(alice))
	token = is.token()
	is.get("account", token).want(t, 200, "")
	is.fault(control.Fault{Kind: control.FaultStalled, Delay: control.Duration(time.Hour)})
	ended := make(chan error, 1)
	go func() {
		// A POST: Go's client repeats a GET that was reset.
		_, err := is.try(http.MethodPost, "/_matrix/identity/v2/terms", token, object{})
		ended <- err
	}()
	stalled := must(is.scope.Await(t.Context(), func(e control.Entry) bool { return e.Request != nil && e.Fault != "" }))(t)
	if stalled.Answered {
		t.Errorf("journal: %+v", stalled.Request)
	}
	must(is.scope.Close(t.Context()))(t)
	if err := <-ended; err == nil {
		t.Error("a stalled request was answered")
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	is := start(t)
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
		if _, err := is.scope.SetFault(t.Context(), fault); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if stalled := must(faults.Check(control.Stalled()))(t); time.Duration(stalled.Delay) != control.DefaultStall {
		t.Errorf("it stalls for %v", stalled.Delay)
	}
}
