package replay

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// A Script is a tape made ready for being played: all that can be worked out
// before is, so that playing it is as little work as sending its requests.
type Script struct {
	clients []client
	acts    []act
	events  []event
}

// An act is a step with gaps for what differs from start to start.
type act struct {
	*step
	url     template
	body    template
	headers map[string][]template // those with gaps
	hands   []*value              // that later acts take from its answer
}

// An event is the beginning or the end of an act. The events say which acts may
// overlap: those that did.
type event struct {
	act  int
	ends bool
}

// NewScript makes a tape ready for a deployment that was started afresh. old and
// now are the addresses and tokens of both, by name.
func NewScript(t *Tape, old, now map[string]string) *Script {
	s := &Script{clients: t.clients, events: inOrder(t.steps)}
	for _, one := range t.steps {
		s.acts = append(s.acts, act{step: one})
	}
	l := newLedger(moved(old, now))
	for _, e := range s.events {
		a := &s.acts[e.act]
		switch {
		case a.wait != 0:
		case e.ends:
			l.receive(e.act, a.step)
		default:
			l.fill(a)
		}
	}
	for v, from := range l.taken {
		s.acts[from].hands = append(s.acts[from].hands, v)
	}
	return s
}

// inOrder are the beginnings and ends of steps as they came.
func inOrder(steps []*step) []event {
	events := make([]event, 0, 2*len(steps))
	for i := range steps {
		events = append(events, event{act: i}, event{act: i, ends: true})
	}
	at := func(e event) int64 {
		if s := steps[e.act]; e.ends && s.ended.After(s.began) {
			return s.ended.UnixNano()
		}
		return steps[e.act].began.UnixNano()
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(at(a), at(b)) })
	return events
}

// A ledger knows, at one point of the tape, what was handed out and what the suite
// had made up itself.
type ledger struct {
	always []*value            // of the deployment
	issued map[string]*value   // by what they are
	from   map[*value]int      // the act whose answer had it
	byWord map[string][]*value // by their longest word
	own    map[string]bool     // words that the suite wrote first
	taken  map[*value]int      // values that an act used
}

func newLedger(moved map[string]string) *ledger {
	l := &ledger{issued: map[string]*value{}, from: map[*value]int{}, byWord: map[string][]*value{}, own: map[string]bool{}, taken: map[*value]int{}}
	for old, now := range moved {
		l.always = append(l.always, &value{old: old, now: now})
	}
	slices.SortFunc(l.always, func(a, b *value) int { return cmp.Compare(a.old, b.old) })
	return l
}

// receive takes what an answer hands out that nobody has written before.
func (l *ledger) receive(from int, s *step) {
	for p, text := range texts(s.answered, s.answer) {
		news := false
		for n, word := range words(text) {
			if l.own[word] || plain(word) {
				continue
			}
			news = true
			if len(word) >= shortestWord && word != text {
				l.issue(from, place{header: p.header, path: p.path, word: n}, word)
			}
		}
		if news && len(text) >= shortestWhole && len(text) < 1<<10 {
			l.issue(from, p, text)
		}
	}
}

// plain says that a word is one of the language, which nobody issues: an errcode's
// explanation may list the keys of a body in any order.
func plain(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' })
}

func (l *ledger) issue(from int, p place, text string) {
	if l.issued[text] != nil {
		return
	}
	v := &value{old: text, now: text, place: p}
	l.issued[text], l.from[v] = v, from
	key := longest(text)
	l.byWord[key] = append(l.byWord[key], v)
}

// fill makes the templates of a request.
func (l *ledger) fill(a *act) {
	target := a.step.url.String()
	decoded := target
	if u, err := url.PathUnescape(decoded); err == nil {
		decoded = u
	}
	body := a.step.text()
	searched := decoded + "\n" + body
	if u, err := url.QueryUnescape(body); err == nil {
		searched += "\n" + u
	}
	for _, values := range a.header {
		for _, v := range values {
			searched += "\n" + v
		}
	}
	met := slices.Clone(l.always)
	for _, word := range words(searched) {
		if candidates := l.byWord[word]; candidates != nil {
			met = append(met, candidates...)
		} else {
			l.own[word] = true
		}
	}
	slices.SortStableFunc(met, func(x, y *value) int { return cmp.Compare(x.old, y.old) })
	met = slices.Compact(met)
	a.url, a.body, a.headers = newTemplate(target, met), newTemplate(body, met), map[string][]template{}
	l.take(a.url)
	l.take(a.body)
	for name, values := range a.header {
		var templates []template
		gaps := 0
		for _, v := range values {
			t := newTemplate(v, met)
			l.take(t)
			templates, gaps = append(templates, t), gaps+len(t.gaps)
		}
		if gaps > 0 {
			a.headers[name] = templates
		}
	}
}

func (l *ledger) take(t template) {
	for _, g := range t.gaps {
		if from, issued := l.from[g.value]; issued {
			l.taken[g.value] = from
		}
	}
}

// longest is the longest word of a text, by which a value is found again.
func longest(text string) string {
	best := ""
	for _, word := range words(text) {
		if len(word) > len(best) {
			best = word
		}
	}
	return best
}

// moved pairs the values that two deployments have under the same names.
func moved(old, now map[string]string) map[string]string {
	pairs := map[string]string{}
	for name, was := range old {
		if now[name] != "" && now[name] != was {
			pairs[was] = now[name]
		}
	}
	return pairs
}
