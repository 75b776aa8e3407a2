package signing_test

import (
	"strings"
	"testing"

	"threepid-conformance/mockidserver/internal/signing"
)

func TestHeadersThatAreRead(t *testing.T) {
	want := signing.Header{Origin: "hs:80", Destination: "is:443", HasDestination: true, KeyID: "ed25519:a", Signature: "ab/+c"}
	for name, value := range map[string]string{
		"quoted":                 `X-Matrix origin="hs:80",destination="is:443",key="ed25519:a",sig="ab/+c"`,
		"unquoted, with colons":  `X-Matrix origin=hs:80,destination=is:443,key=ed25519:a,sig=ab/+c`,
		"another order":          `X-Matrix sig="ab/+c",key="ed25519:a",destination="is:443",origin="hs:80"`,
		"space around":           "X-Matrix  origin = \"hs:80\" ,\tdestination=\"is:443\" , key=\"ed25519:a\",  sig=\"ab/+c\" ",
		"upper-case names":       `X-Matrix ORIGIN="hs:80",Destination="is:443",Key="ed25519:a",SIG="ab/+c"`,
		"lower-case scheme":      `x-matrix origin="hs:80",destination="is:443",key="ed25519:a",sig="ab/+c"`,
		"escapes":                `X-Matrix origin="h\s:80",destination="is:443",key="ed25519\:a",sig="ab/+c"`,
		"empty elements":         `X-Matrix ,origin="hs:80",,destination="is:443",key="ed25519:a",sig="ab/+c",`,
		"unknown parameter":      `X-Matrix origin="hs:80",junk="a,origin=evil",destination="is:443",key="ed25519:a",sig="ab/+c"`,
		"escaped quote in junk":  `X-Matrix junk="\",origin=\"evil",origin="hs:80",destination="is:443",key="ed25519:a",sig="ab/+c"`,
		"no space after commas":  `X-Matrix origin=hs:80,key=ed25519:a,sig=ab/+c,destination=is:443`,
		"spaces instead of tabs": "X-Matrix origin=hs:80 , key=ed25519:a , sig=ab/+c , destination=is:443",
	} {
		got, err := signing.ParseAuthorization(value)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}

	padded, err := signing.ParseAuthorization(`X-Matrix origin=hs,key=k,sig="abc=="`)
	if err != nil || padded.Signature != "abc==" || padded.HasDestination {
		t.Errorf("padded: %+v, %v", padded, err)
	}
	empty, err := signing.ParseAuthorization(`X-Matrix origin=hs,key=k,sig=s,destination=""`)
	if err != nil || !empty.HasDestination || empty.Destination != "" {
		t.Errorf("empty destination: %+v, %v", empty, err)
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	for _, value := range []string{
		``, `X-Matrix`, `X-Matrix `, `Bearer abc`, `XMatrix origin=a,key=k,sig=s`,
		`X-Matrix origin=a,key=k`, `X-Matrix origin=a,sig=s`, `X-Matrix key=k,sig=s`, `X-Matrix origin="",key=k,sig=s`,
		`X-Matrix origin="a,key=k,sig=s`, `X-Matrix origin="a\`, `X-Matrix origin=,key=k,sig=s`,
		`X-Matrix origin=a,origin=b,key=k,sig=s`, `X-Matrix origin=a,ORIGIN=a,key=k,sig=s`,
		`X-Matrix origin a,key=k,sig=s`, `X-Matrix origin="a"key="k",sig=s`, `X-Matrix origin=a key=k,sig=s`, `X-Matrix =a,key=k,sig=s`,
		`X-Matrix origin=a,key=k,signature=s`,
	} {
		if got, err := signing.ParseAuthorization(value); err == nil {
			t.Errorf("%s was read as %+v", value, got)
		}
	}
}

// FuzzParseAuthorization: whatever is read survives being written with quotes.
func FuzzParseAuthorization(f *testing.F) {
	for _, seed := range []string{synapseHeader, `X-Matrix a=b`, `x-matrix origin=hs:80,key="ed\"25519:a",sig=x/+=,junk="a,origin=evil"`, `X-Matrix ,,=`, "X-Matrix origin=\"\\"} {
		f.Add(seed)
	}
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	f.Fuzz(func(t *testing.T, value string) {
		header, err := signing.ParseAuthorization(value)
		if err != nil {
			return
		}
		if !signing.IsXMatrix(value) || header.Origin == "" || header.KeyID == "" || header.Signature == "" {
			t.Fatalf("%q was read as %+v", value, header)
		}
		again := "X-Matrix sig=" + quote(header.Signature) + ",key=" + quote(header.KeyID) + ",origin=" + quote(header.Origin)
		if header.HasDestination {
			again += ",destination=" + quote(header.Destination)
		}
		if reread, err := signing.ParseAuthorization(again); err != nil || reread != header {
			t.Fatalf("%q was read as %+v, then as %+v, %v", value, header, reread, err)
		}
	})
}
