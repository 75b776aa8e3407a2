package signing_test

import (
	"strings"
	"testing"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

// A vector made with Synapse's recipe and Python's signedjson.
const (
	synapseSeed      = "qvioDNmfExFBRPgdTU+wtFYKq4JfwFRv7sYVgWvmgJg"
	synapsePublic    = "BOOXdz6UCbZdEoZ8QDt5f0amn6CS56C7eh7JMBDSuSY"
	synapseSignature = "n0dfsKtEUDncedYbpx/UbHiEtwbU+ywVlb2N7nb3Apw6TvgEww2fEnNsrNJjCV7d5cx9AiB5qiazlrswLgXHAA"
	synapseHeader    = `X-Matrix origin="hs.test",key="ed25519:a_test",sig="` + synapseSignature + `",destination="127.0.0.1:8443"`
)

func unbindRequest() signing.Request {
	return signing.Request{
		Method: "POST", URI: "/_matrix/identity/v2/3pid/unbind", Origin: "hs.test",
		Content: []byte(`{"mxid": "@alice:hs.test", "threepid": {"medium": "email", "address": "alice@example.com"}}`),
	}
}

func TestSynapseVector(t *testing.T) {
	key := keyFromSeed(t, synapseSeed)
	if got := signing.Encode(public(key)); got != synapsePublic {
		t.Fatalf("public key %s", got)
	}
	header, err := signing.ParseAuthorization(synapseHeader)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := unbindRequest().Verify(header, nil, public(key))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"content":{"mxid":"@alice:hs.test","threepid":{"address":"alice@example.com","medium":"email"}},"destination_is":"127.0.0.1:8443","method":"POST","origin":"hs.test","uri":"/_matrix/identity/v2/3pid/unbind"}`
	if verified.Dialect != control.DialectDestinationIs || string(verified.Object) != want {
		t.Errorf("dialect %s, object %s", verified.Dialect, verified.Object)
	}
	if got, err := unbindRequest().Sign(control.DialectDestinationIs, "127.0.0.1:8443", key); err != nil || got != synapseSignature {
		t.Errorf("signed %s, %v", got, err)
	}
}

func TestDialects(t *testing.T) {
	key := keyFromSeed(t, specSeed)
	own := []string{"localhost:1", "127.0.0.1:1"}
	for _, dialect := range []control.Dialect{control.DialectDestination, control.DialectDestinationIs, control.DialectOmitted} {
		signature, err := unbindRequest().Sign(dialect, "127.0.0.1:1", key)
		if err != nil {
			t.Fatal(err)
		}
		// Without a destination in the header, the own names are tried.
		verified, err := unbindRequest().Verify(signing.Header{Signature: signature}, own, public(key))
		if err != nil || verified.Dialect != dialect {
			t.Errorf("%s, header without destination: %v as %q", dialect, err, verified.Dialect)
		}
		named := signing.Header{Signature: signature, HasDestination: true, Destination: "127.0.0.1:1"}
		verified, err = unbindRequest().Verify(named, own, public(key))
		if dialect == control.DialectOmitted {
			if err == nil {
				t.Error("a destination outside the signature was accepted")
			}
		} else if err != nil || verified.Dialect != dialect {
			t.Errorf("%s: %v as %q", dialect, err, verified.Dialect)
		}
		named.Destination = "localhost:1"
		if _, err := unbindRequest().Verify(named, own, public(key)); err == nil {
			t.Errorf("%s: verifies for a destination that was not signed", dialect)
		}
	}
}

func TestTamperedRequestDoesNotVerify(t *testing.T) {
	key := keyFromSeed(t, specSeed)
	signature, err := unbindRequest().Sign(control.DialectDestination, "is", key)
	if err != nil {
		t.Fatal(err)
	}
	header := signing.Header{Signature: signature, HasDestination: true, Destination: "is"}
	if _, err := unbindRequest().Verify(header, nil, public(key)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*signing.Request){
		"method": func(r *signing.Request) { r.Method = "PUT" },
		"uri":    func(r *signing.Request) { r.URI += "?x" },
		"origin": func(r *signing.Request) { r.Origin = "evil.test" },
		"body": func(r *signing.Request) {
			r.Content = []byte(strings.Replace(string(r.Content), "alice@", "bob@", 1))
		},
		"no body":       func(r *signing.Request) { r.Content = nil },
		"duplicate key": func(r *signing.Request) { r.Content = []byte(`{"mxid":"@eve:hs.test",` + string(r.Content[1:])) },
		"not JSON":      func(r *signing.Request) { r.Content = []byte("mxid=@alice:hs.test") },
	} {
		request := unbindRequest()
		change(&request)
		if _, err := request.Verify(header, nil, public(key)); err == nil {
			t.Errorf("%s: still verifies", name)
		}
	}
	if _, err := unbindRequest().Verify(header, nil, public(keyFromSeed(t, synapseSeed))); err == nil {
		t.Error("verifies with another key")
	}
}
