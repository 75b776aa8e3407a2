package control_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
)

func TestFaultsInJSON(t *testing.T) {
	fault := control.Slow(1500 * time.Millisecond).On(control.Bind).For(control.SID("s")).Once()
	raw, err := json.Marshal(fault)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"key":{"kind":"sid","value":"s"},"endpoint":"3pid/bind","times":1,"kind":"slow","delay":"1.5s"}`; string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	var again control.Fault
	if err := json.Unmarshal(raw, &again); err != nil || again.Delay != fault.Delay || *again.Key != *fault.Key {
		t.Errorf("%+v, %v", again, err)
	}
	for _, wrong := range []string{`{"delay":3}`, `{"delay":"soon"}`} {
		if err := json.Unmarshal([]byte(wrong), &again); err == nil {
			t.Errorf("%s was accepted", wrong)
		}
	}
}

func TestKeys(t *testing.T) {
	keys := control.Keys{SID: "1", ClientSecret: "2", Token: "3", Address: "4", MXID: "5"}
	for i, kind := range control.Kinds() {
		value := string(rune('1' + i))
		if keys.Of(kind) != value || !keys.Has(control.Key{Kind: kind, Value: value}) || keys.Has(control.Key{Kind: kind, Value: "x"}) {
			t.Errorf("%s: %q", kind, keys.Of(kind))
		}
	}
	if (control.Keys{}).Has(control.SID("")) || keys.Of("shoe") != "" {
		t.Error("there is a key where there is none")
	}
}

func TestEntriesAsLines(t *testing.T) {
	request := control.Entry{Seq: 7, Listener: "identity", Request: &control.Request{
		Method: "GET", Target: "/x?access_token=secret", Status: 400, ErrCode: "M_X", Credentials: control.Credentials{Kind: control.BearerQuery},
	}}
	if got := request.String(); got != "#7 identity: GET /x (bearer-query) → 400 M_X" {
		t.Errorf("%s", got)
	}
	connection := control.Entry{Seq: 8, Listener: "sms", Connection: control.Connection{Remote: "127.0.0.1:1", Handshake: control.HandshakeRefused}}
	if got := connection.String(); got != "#8 sms: connection from 127.0.0.1:1, handshake refused, 0 requests" {
		t.Errorf("%s", got)
	}
}

func TestBodies(t *testing.T) {
	number, err := (&control.Request{Body: `{"n":9007199254740993}`}).JSON()
	if err != nil || number["n"] != json.Number("9007199254740993") {
		t.Errorf("%v, %v", number, err)
	}
	if _, err := (&control.Request{Body: `a=b`, Method: "POST", Target: "/x"}).JSON(); err == nil || !strings.Contains(err.Error(), "POST /x") {
		t.Errorf("a form: %v", err)
	}
	if raw := (&control.Request{BodyBase64: "/w=="}).BodyRaw(); string(raw) != "\xff" {
		t.Errorf("%q", raw)
	}
}
