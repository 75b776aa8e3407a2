package mailbox

import (
	"regexp"
	"slices"
	"strings"
)

// urlInText finds what starts like a web address and goes on without a blank or
// a character that cannot be in one.
var urlInText = regexp.MustCompile("(?i)\\bhttps?://[^\\s\\p{Z}<>\"`\\\\^{|}]+")

// Links are the http and https URLs of the mail, each of them once: those in
// the text first, then those of the HTML part (the targets of its links, and
// URLs that can be read in it), in the order in which a reader meets them.
//
// They are the homeserver's, with its public base URL.
func (m Mail) Links() []string {
	var links []string
	add := func(link string) {
		if !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	for _, link := range linksInText(m.Text) {
		add(link)
	}
	for _, link := range readHTML(m.HTML).links {
		add(link)
	}
	return links
}

func linksInText(text string) []string {
	var links []string
	for _, match := range urlInText.FindAllString(text, -1) {
		if link := withoutPunctuation(match); !strings.HasSuffix(link, "://") {
			links = append(links, link)
		}
	}
	return links
}

// withoutPunctuation cuts off what belongs to the sentence around a URL: full
// stops and the like, closing quotes, and a closing bracket that the URL does
// not open. It leaves - _ = alone, which a token may end with.
func withoutPunctuation(url string) string {
	for {
		shorter := strings.TrimRight(url, ".,:;!?'*’”»…")
		for _, brackets := range []string{"()", "[]"} {
			if strings.HasSuffix(shorter, brackets[1:]) &&
				strings.Count(shorter, brackets[1:]) > strings.Count(shorter, brackets[:1]) {
				shorter = shorter[:len(shorter)-1]
			}
		}
		if shorter == url {
			return url
		}
		url = shorter
	}
}
