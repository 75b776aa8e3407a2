package threepid

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCountry is returned for a country code that is not two capital letters.
var ErrCountry = errors.New("the country is not a two-letter ISO 3166-1 code in capitals")

// ErrDestination is returned for a country to which no message can be sent.
var ErrDestination = errors.New("messages cannot be sent to this country")

// A plan is how a country writes its numbers.
type plan struct {
	code     string // country calling code
	trunk    string // prefix of a national number, dropped in the international form
	min, max int    // digits of a national number without trunk prefix
}

// plans of the countries whose regulators reserve numbers for fiction or tests,
// and some neighbours.
var plans = map[string]plan{
	"AU": {"61", "0", 9, 9},
	"CA": {"1", "1", 10, 10},
	"CH": {"41", "0", 9, 9},
	"DE": {"49", "0", 6, 11},
	"FR": {"33", "0", 9, 9},
	"GB": {"44", "0", 9, 10},
	"IE": {"353", "0", 7, 9},
	"NL": {"31", "0", 9, 9},
	"SE": {"46", "0", 7, 9},
	"US": {"1", "1", 10, 10},
}

// MSISDN returns the E.164 digits, without plus, of a number as it is dialled
// in a country (ISO 3166-1 alpha-2, upper case). A number that begins with a
// plus is international, wherever it is dialled.
func MSISDN(country, number string) (string, error) {
	if len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", ErrCountry
	}
	digits, plus, err := dialled(number)
	if err != nil {
		return "", err
	}
	if plus {
		return international(digits)
	}
	p, ok := plans[country]
	if !ok {
		return "", ErrDestination
	}
	// The prefix may be left out; no national number begins with it.
	national := strings.TrimPrefix(digits, p.trunk)
	if err := p.check(national); err != nil {
		return "", err
	}
	return p.code + national, nil
}

// dialled strips what people put between digits.
func dialled(number string) (digits string, plus bool, err error) {
	number = strings.TrimSpace(number)
	number, plus = strings.CutPrefix(number, "+")
	digits = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(number)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false, errors.New("the phone number holds something other than digits")
	}
	return digits, plus, nil
}

// international checks E.164 digits.
func international(digits string) (string, error) {
	if strings.Trim(digits, "0123456789") != "" {
		return "", errors.New("an msisdn is made of digits")
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return "", errors.New("an msisdn has 7 to 15 digits and begins with the country calling code")
	}
	for _, p := range plans {
		if national, ok := strings.CutPrefix(digits, p.code); ok {
			return digits, p.check(national)
		}
	}
	return digits, nil
}

func (p plan) check(national string) error {
	if len(national) < p.min || len(national) > p.max {
		return fmt.Errorf("a number with country calling code +%s has %d to %d digits after it, not %d", p.code, p.min, p.max, len(national))
	}
	// Area code and exchange begin with 2 to 9.
	if p.code == "1" && (national[0] < '2' || national[3] < '2') {
		return errors.New("the number is outside the North American numbering plan")
	}
	return nil
}
