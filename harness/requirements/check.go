package requirements

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Statements are printed in every failure: long enough to say something, short
// enough to be read there.
const (
	shortestStatement = 20
	longestStatement  = 400
)

var (
	idPattern         = regexp.MustCompile(`^[a-z]+-\d{3}(-[a-z0-9]+)+$`)
	keyPattern        = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	errcodePattern    = regexp.MustCompile(`^[A-Z][A-Z0-9.]*_[A-Z0-9._]+$`)
	introducedPattern = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	linkPattern       = regexp.MustCompile(
		`^(client-server-api|identity-service-api|server-server-api|application-service-api|appendices)/(#[a-z0-9_-]+)?$`)
)

// Known words, strongest first where there is an order.
var (
	kinds        = []Kind{PerOperation, Scenario}
	levels       = []Level{Must, Should, May}
	enforcements = []Enforcement{Hard, Strict, Info}
	needs        = []Need{Mail, SMS, IdentityServer}
	variants     = []Variant{
		RateLimited, NoMail, NoSMS, ChangesDisabled, TwoStageUIA, DummyUIA,
		EmailSubmitURL, DeniedAddresses, ShortTokenLifetime, Admin,
		ApplicationService, ResourceLimited, OAuth,
	}
)

// Variants are the names of all variants.
func Variants() []string {
	var names []string
	for _, v := range variants {
		names = append(names, string(v))
	}
	return names
}

// Capabilities are the names of all needs.
func Capabilities() []string {
	var names []string
	for _, n := range needs {
		names = append(names, string(n))
	}
	return names
}

// mistakes collects what is wrong with one entry.
type mistakes struct {
	id   string
	list []error
}

func (m *mistakes) addf(format string, args ...any) {
	m.list = append(m.list, fmt.Errorf("%s: %s", m.id, fmt.Sprintf(format, args...)))
}

// check lists what is wrong with an entry, given all entries by id.
func check(e Entry, byID map[string]Entry) []error {
	m := &mistakes{id: e.ID}
	oneOf(m, "kind", e.Kind, kinds)
	oneOf(m, "level", e.Level, levels)
	oneOf(m, "enforcement", e.Enforcement, enforcements)
	m.checkOperations(e)
	m.checkEnforcement(e, byID)
	m.checkVersions(e)
	m.checkSurroundings(e)
	m.checkUncovered(e)
	m.checkDeclines(e.Declines)
	m.checkBrokenBy(e, byID)
	m.checkStatement("statement", e.Statement)
	if e.TypicalBug == "" || strings.Contains(e.TypicalBug, "\n") {
		m.addf("typical_bug: expected one line, got %q", e.TypicalBug)
	}
	if !linkPattern.MatchString(e.Link) {
		m.addf("link: expected page/#fragment of the specification without host and version, got %q", e.Link)
	}
	if !introducedPattern.MatchString(e.Introduced) {
		m.addf("introduced: expected a version of the suite such as 0.1.0, got %q", e.Introduced)
	}
	return m.list
}

func (m *mistakes) checkOperations(e Entry) {
	listOf(m, "operations", e.Operations, Operations())
	listOf(m, "touches", e.Touches, Operations())
	if len(e.Operations) == 0 {
		m.addf("operations: expected at least one")
	}
	if e.Kind == Scenario && len(e.Operations) > 1 {
		m.addf("operations: a scenario is owned by one operation, got %v; list the others under touches", e.Operations)
	}
	for _, operation := range e.Touches {
		if slices.Contains(e.Operations, operation) {
			m.addf("touches: %s is among the operations already", operation)
		}
	}
}

func (m *mistakes) checkEnforcement(e Entry, byID map[string]Entry) {
	switch {
	case e.Level == May && e.Enforcement != Info:
		m.addf("enforcement: a MAY is info, got %s", e.Enforcement)
	case e.Level == Should && e.Enforcement == Hard && e.HardBecause == "":
		m.addf("enforcement: a SHOULD is strict at most, unless hard_because names the MUST that demands the same")
	case e.HardBecause != "" && (e.Level != Should || e.Enforcement != Hard):
		m.addf("hard_because: only for a SHOULD with enforcement hard, got %s with %s", e.Level, e.Enforcement)
	}
	if e.HardBecause != "" {
		if reason, ok := byID[e.HardBecause]; !ok || reason.Level != Must || reason.Enforcement != Hard {
			m.addf("hard_because: expected the id of a MUST with enforcement hard, got %q", e.HardBecause)
		}
	}
	if e.Strictly == nil {
		return
	}
	oneOf(m, "strictly: enforcement", e.Strictly.Enforcement, enforcements)
	m.checkStatement("strictly: statement", e.Strictly.Statement)
	first := slices.Index(enforcements, e.Enforcement)
	second := slices.Index(enforcements, e.Strictly.Enforcement)
	if second == 0 || second < first || second == first && e.Strictly.Since == e.Since {
		m.addf("strictly: expected a half that is enforced more weakly or from a later version on, and never hard")
	}
}

func (m *mistakes) checkVersions(e Entry) {
	since, ok := minorOf(e.Since)
	if !ok {
		m.addf("since: expected a version such as v1.6, got %q", e.Since)
	}
	if e.Until != "" {
		if until, ok := minorOf(e.Until); !ok || until < since {
			m.addf("until: expected a version such as v1.19 that is not before %s, got %q", e.Since, e.Until)
		}
	}
	if e.Strictly != nil {
		if later, ok := minorOf(e.Strictly.Since); !ok || later < since {
			m.addf("strictly: since: expected a version such as v1.13 that is not before %s, got %q", e.Since, e.Strictly.Since)
		}
	}
}

func (m *mistakes) checkSurroundings(e Entry) {
	listOf(m, "needs", e.Needs, needs)
	listOf(m, "also_on", e.AlsoOn, variants)
	if e.Variant != "" {
		oneOf(m, "variant", e.Variant, variants)
	}
	for operation, conditions := range e.Conditions {
		if !slices.Contains(e.Operations, operation) {
			m.addf("conditions: %q is not among the operations", operation)
		}
		if conditions.Needs == nil && conditions.Variant == "" {
			m.addf("conditions of %s: expected needs or a variant", operation)
		}
		listOf(m, "needs of "+operation, conditions.Needs, needs)
		if conditions.Variant != "" {
			oneOf(m, "variant of "+operation, conditions.Variant, variants)
		}
	}
}

func (m *mistakes) checkUncovered(e Entry) {
	for operation, sentence := range e.Uncovered {
		if !slices.Contains(e.Operations, operation) {
			m.addf("uncovered: %q is not among the operations", operation)
		}
		if sentence == "" || !strings.HasSuffix(sentence, ".") {
			m.addf("uncovered of %s: expected a sentence", operation)
		}
	}
}

func (m *mistakes) checkDeclines(declines []Decline) {
	var keys []string
	for _, decline := range declines {
		if !keyPattern.MatchString(decline.Key) || slices.Contains(keys, decline.Key) {
			m.addf("declines: expected distinct keys in kebab case, got %q", decline.Key)
		}
		keys = append(keys, decline.Key)
		m.checkStatement("decline "+decline.Key, decline.Means)
		for _, status := range decline.Status {
			if status < 200 || status > 599 {
				m.addf("decline %s: %d is no HTTP status of an answer", decline.Key, status)
			}
		}
		for _, errcode := range decline.ErrCodes {
			if !errcodePattern.MatchString(errcode) {
				m.addf("decline %s: %q is no errcode", decline.Key, errcode)
			}
		}
	}
}

func (m *mistakes) checkStatement(key, text string) {
	length := utf8.RuneCountInString(text)
	if length < shortestStatement || length > longestStatement {
		m.addf("%s: expected %d to %d characters, got %d", key, shortestStatement, longestStatement, length)
	}
	if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || strings.TrimSpace(text) != text {
		m.addf("%s: expected sentences on one line that end in a full stop, got %q", key, text)
	}
}

// checkNumbering expects the ids of a file to begin with its name and to ascend. A
// gap is fine: a withdrawn entry leaves its number unused.
func checkNumbering(file string, entries []Entry) []error {
	group := strings.TrimSuffix(path.Base(file), ".yaml")
	var list []error
	last := ""
	for _, entry := range entries {
		number, ok := strings.CutPrefix(entry.ID, group+"-")
		if !ok || !idPattern.MatchString(entry.ID) {
			list = append(list, fmt.Errorf("%s: expected an id such as %s-001-what-it-is-about, got %q", file, group, entry.ID))
			continue
		}
		if number = number[:3]; number <= last {
			list = append(list, fmt.Errorf("%s: %s does not come after number %s", file, entry.ID, last))
		}
		last = number
	}
	return list
}

// oneOf expects a known word.
func oneOf[T ~string](m *mistakes, key string, got T, known []T) {
	if !slices.Contains(known, got) {
		m.addf("%s: expected one of %v, got %q", key, known, got)
	}
}

// listOf expects known words, each at most once and in their usual order.
func listOf[T ~string](m *mistakes, key string, got, known []T) {
	last := -1
	for _, word := range got {
		at := slices.Index(known, word)
		switch {
		case at < 0:
			oneOf(m, key, word, known)
		case at <= last:
			m.addf("%s: %q is repeated or out of order; the order is %v", key, word, known)
		}
		last = max(last, at)
	}
}
