// Package threepid brings third-party identifiers into the one form in which
// they are stored and compared. Spec: appendices/#3pid-types.
package threepid

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/cases"

	"threepid-conformance/mockidserver/control"
)

// maxEmailLength in bytes; real servers draw the line here, too.
const maxEmailLength = 500

// Email returns the canonical form of an email address: case-folded as a whole,
// by Unicode's rules, so that Strauß@Example.com is strauss@example.com.
func Email(address string) (string, error) {
	local, domain, found := strings.Cut(address, "@")
	switch {
	case !found || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "", errors.New("an email address is local@domain")
	case len(address) > maxEmailLength:
		return "", fmt.Errorf("an email address has at most %d bytes", maxEmailLength)
	case strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "", errors.New("an email address holds no space and no control character")
	case strings.ContainsAny(domain, "<>,;:\"()"):
		return "", errors.New("the domain of the email address holds a special character")
	}
	return cases.Fold().String(address), nil
}

// Canonical returns the canonical form of an address that is stated without a
// country: an email address, or an international number with or without plus.
func Canonical(medium, address string) (string, error) {
	switch medium {
	case control.Email:
		return Email(address)
	case control.MSISDN:
		return international(strings.TrimPrefix(address, "+"))
	}
	return "", fmt.Errorf("the medium %q is neither email nor msisdn", medium)
}

// Guess returns the canonical form of an address of unknown medium, or the
// address itself if it is none. It serves to compare addresses.
func Guess(address string) string {
	medium := control.MSISDN
	if strings.Contains(address, "@") {
		medium = control.Email
	}
	if canonical, err := Canonical(medium, address); err == nil {
		return canonical
	}
	return address
}
