package mailbox

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is what a reader gets out of an HTML part.
type page struct {
	links []string // in order, with repetitions
	text  string   // a new line where an element starts or ends
}

// readHTML goes through an HTML part as far as it can be read; entities are
// decoded, in text and in attributes.
func readHTML(source string) page {
	var (
		links  []string
		text   strings.Builder
		hidden int  // depth in elements whose text nobody sees
		inLink bool // the text of a link is not a URL of its own, and often a shortened one
	)
	for tokens := html.NewTokenizer(strings.NewReader(source)); ; {
		switch tokens.Next() {
		case html.ErrorToken: // the end, as a rule
			return page{links: links, text: text.String()}
		case html.TextToken:
			if hidden > 0 {
				continue
			}
			piece := string(tokens.Text())
			text.WriteString(piece)
			if !inLink {
				links = append(links, linksInText(piece)...)
			}
		case html.StartTagToken:
			text.WriteByte('\n')
			switch tag := tokens.Token(); tag.DataAtom {
			case atom.Style, atom.Script, atom.Title:
				hidden++
			case atom.A, atom.Area:
				target, ok := webTarget(tag)
				inLink = ok && tag.DataAtom == atom.A
				if ok {
					links = append(links, target)
				}
			}
		case html.SelfClosingTagToken:
			text.WriteByte('\n')
		case html.EndTagToken:
			text.WriteByte('\n')
			switch tokens.Token().DataAtom {
			case atom.Style, atom.Script, atom.Title:
				hidden = max(hidden-1, 0)
			case atom.A:
				inLink = false
			}
		}
	}
}

// webTarget is the http or https URL that a link leads to.
func webTarget(tag html.Token) (target string, ok bool) {
	for _, attribute := range tag.Attr {
		if attribute.Key != "href" {
			continue
		}
		target = strings.TrimSpace(attribute.Val)
		scheme, rest, _ := strings.Cut(target, "://")
		isWeb := strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
		return target, isWeb && rest != ""
	}
	return "", false
}
