package threepid_test

import (
	"errors"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/internal/threepid"
)

func TestEmail(t *testing.T) {
	for in, want := range map[string]string{
		"alice@example.com":   "alice@example.com",
		"Strauß@Example.com":  "strauss@example.com",
		"ΑΣ@example.com":      "ασ@example.com",
		"a+b.c'd@EXAMPLE.ORG": "a+b.c'd@example.org",
	} {
		if got, err := threepid.Email(in); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "alice", "@example.com", "alice@", "a@b@c", "a b@c", "a@b\n", "<a@b.c>", "a\x00@b", strings.Repeat("a", 500) + "@b.c"} {
		if got, err := threepid.Email(in); err == nil {
			t.Errorf("%q was accepted as %q", in, got)
		}
	}
}

func TestMSISDN(t *testing.T) {
	for _, c := range []struct{ country, number, want string }{
		{"GB", "07700900001", "447700900001"},
		{"GB", "07700 900 001", "447700900001"},
		{"GB", "7700900001", "447700900001"},
		{"GB", "+447700900001", "447700900001"},
		{"US", "+44 7700 900001", "447700900001"},
		{"US", "(212) 555-0123", "12125550123"},
		{"US", "12125550123", "12125550123"},
		{"US", "1-212-555-0123", "12125550123"},
		{"CA", "604.555.0199", "16045550199"},
		{"GB", "+1 212 555 0123", "12125550123"},
		{"DE", "030 23125 000", "493023125000"},
	} {
		if got, err := threepid.MSISDN(c.country, c.number); err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v; want %s", c.country, c.number, got, err, c.want)
		}
	}
	// One number, two countries: never the same msisdn.
	gb, errGB := threepid.MSISDN("GB", "2125550123")
	us, errUS := threepid.MSISDN("US", "2125550123")
	if errGB != nil || errUS != nil || gb == us {
		t.Errorf("GB %s %v, US %s %v", gb, errGB, us, errUS)
	}
	for _, c := range []struct {
		country, number string
		want            error
	}{
		{"gb", "07700900001", threepid.ErrCountry}, {"GBR", "07700900001", threepid.ErrCountry},
		{"", "07700900001", threepid.ErrCountry}, {"44", "07700900001", threepid.ErrCountry},
		{"ZZ", "07700900001", threepid.ErrDestination},
		{"GB", "", nil}, {"GB", "abc", nil}, {"GB", "1", nil}, {"GB", "0770090000123", nil}, {"GB", "+", nil},
		{"US", "5550123", nil}, {"US", "0125550123", nil}, {"US", "2120550123", nil}, {"US", "+1", nil}, {"GB", "+0123456789", nil},
	} {
		got, err := threepid.MSISDN(c.country, c.number)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s %q: %q, %v", c.country, c.number, got, err)
		}
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"email", "A@B.C"}: "a@b.c", {"msisdn", "+447700900001"}: "447700900001", {"msisdn", "447700900001"}: "447700900001",
	} {
		if got, err := threepid.Canonical(in[0], in[1]); err != nil || got != want {
			t.Errorf("%v: %s, %v", in, got, err)
		}
	}
	for _, in := range [][2]string{{"phone", "447700900001"}, {"", "a@b.c"}, {"msisdn", "07700900001"}, {"msisdn", "a@b.c"}, {"email", "4477"}} {
		if got, err := threepid.Canonical(in[0], in[1]); err == nil {
			t.Errorf("%v was accepted as %s", in, got)
		}
	}
	for in, want := range map[string]string{"A@b.c": "a@b.c", "+447700900001": "447700900001", "nonsense": "nonsense", "": ""} {
		if got := threepid.Guess(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
