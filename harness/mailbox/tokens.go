package mailbox

import (
	"slices"
	"strings"
)

// hasShape reports whether a word is made like a validation code. Those have up to
// 255 characters; longer ones are offered, too, so that it can be seen when a
// homeserver sends one. The lower bound is ours: it keeps most words of ordinary text
// out, and nobody mails a code of three.
func hasShape(word string) bool {
	foreign := func(r rune) bool { return !isDigit(r) && !isLetter(r) && !strings.ContainsRune(".=_-", r) }
	return 4 <= len(word) && len(word) <= 1000 && !strings.ContainsFunc(word, foreign)
}

func isDigit(r rune) bool  { return '0' <= r && r <= '9' }
func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func hasDigit(word string) bool { return strings.ContainsFunc(word, isDigit) }

// Tokens are the words of the mail that may be the validation code which a user
// is to type: those alone on a line and those after a colon. Words with a digit
// come first, being the likelier ones; apart from that the order is the mail's.
// A full stop at the end may belong to the sentence or to the code, so such a
// word is given without and then with it.
func (m Mail) Tokens() []string {
	var tokens []string
	consider := func(word string) {
		word = strings.Trim(word, "*`'\"()[]<>,;!?")
		for _, candidate := range []string{strings.TrimRight(word, "."), word} {
			isToken := hasShape(candidate) && (hasDigit(candidate) || strings.ContainsFunc(candidate, isLetter))
			if isToken && !slices.Contains(tokens, candidate) {
				tokens = append(tokens, candidate)
			}
		}
	}
	for _, text := range []string{m.Text, readHTML(m.HTML).text} {
		for line := range strings.Lines(text) {
			for _, word := range candidates(line) {
				consider(word)
			}
		}
	}
	slices.SortStableFunc(tokens, func(a, b string) int {
		return rank(a) - rank(b)
	})
	return tokens
}

// candidates are the word that a line consists of, and the first word after each
// colon.
func candidates(line string) []string {
	var found []string
	if words := strings.Fields(line); len(words) == 1 {
		found = words
	}
	for _, rest := range strings.Split(line, ":")[1:] {
		if words := strings.Fields(rest); len(words) > 0 {
			found = append(found, words[0])
		}
	}
	return found
}

func rank(token string) int {
	if hasDigit(token) {
		return 0
	}
	return 1
}
