package endpoints

import (
	"encoding/json"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// Where arguments came from, as the journal calls it.
const (
	fromJSON  = "json"
	fromForm  = "form"
	fromQuery = "query"
	fromNone  = "none"
	malformed = "malformed"
)

// Arguments are the parameters of a request, whatever way they came.
type arguments struct {
	values map[string]any // strings only, from form and query
	source string
}

// readArguments parses body and query. A body that is a form says so in its
// content type; any other is taken for JSON, since some clients omit the type.
func readArguments(r *http.Request, body []byte) arguments {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return fromValues(r.URL.Query(), fromQuery)
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if mediaType == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return arguments{source: malformed}
		}
		return fromValues(form, fromForm)
	}
	if len(body) == 0 {
		if query := r.URL.Query(); len(query) > 0 {
			return fromValues(query, fromQuery)
		}
		return arguments{source: fromNone}
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil {
		return arguments{source: malformed}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return arguments{source: malformed}
	}
	return arguments{values: object, source: fromJSON}
}

func fromValues(values url.Values, source string) arguments {
	a := arguments{values: map[string]any{}, source: source}
	for name := range values {
		a.values[name] = values.Get(name)
	}
	if len(values) == 0 {
		a.source = fromNone
	}
	return a
}

// peek returns a string argument, "" if it is absent or no string.
func (a arguments) peek(name string) string {
	text, _ := a.values[name].(string)
	return text
}

// text returns required string arguments, in the order of their names.
func (a arguments) text(names ...string) ([]string, *response.Response) {
	if missing := a.missing(names...); missing != nil {
		return nil, missing
	}
	var texts []string
	for _, name := range names {
		text, ok := a.values[name].(string)
		if !ok {
			return nil, response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "%s must be a string", name)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// missing complains about all arguments that are not there.
func (a arguments) missing(names ...string) *response.Response {
	var absent []string
	for _, name := range names {
		if _, ok := a.values[name]; !ok {
			absent = append(absent, name)
		}
	}
	if absent == nil {
		return nil
	}
	return response.Error(http.StatusBadRequest, "M_MISSING_PARAMS", "missing: %s", strings.Join(absent, ", "))
}

// integer returns an integer argument; forms and queries write it as text.
func (a arguments) integer(name string) (int64, *response.Response) {
	var text string
	switch value := a.values[name].(type) {
	case json.Number:
		text = value.String()
	case string:
		if a.source != fromJSON {
			text = value
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > math.MaxInt64/2 {
		return 0, response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "%s must be an integer", name)
	}
	return n, nil
}

// threepidOf returns the object threepid of an unbind, or the flat form of it.
func (a arguments) threepidOf() arguments {
	if nested, ok := a.values["threepid"].(map[string]any); ok {
		return arguments{values: nested, source: a.source}
	}
	return arguments{source: a.source}
}

// keys finds the identifying values in a request, whatever the endpoint: even
// on a path that does not exist it has to be clear whose request it was.
func (a arguments) keys() control.Keys {
	keys := control.Keys{
		SID: a.peek("sid"), ClientSecret: a.peek("client_secret"), MXID: a.peek("mxid"),
		Medium: a.peek("medium"), Address: a.peek("address"), PublicKey: a.peek("public_key"),
	}
	if keys.MXID == "" {
		keys.MXID = a.peek("sender")
	}
	if nested := a.threepidOf(); nested.values != nil {
		keys.Medium, keys.Address = nested.peek("medium"), nested.peek("address")
	}
	if email := a.peek("email"); email != "" {
		keys.Medium, keys.Address = control.Email, email
	}
	if number := a.peek("phone_number"); number != "" {
		keys.Medium, keys.Address = control.MSISDN, number
		if canonical, err := threepid.MSISDN(a.peek("country"), number); err == nil {
			keys.Address = canonical
		}
	}
	keys.Address = threepid.Guess(keys.Address)
	return keys
}

// derive adds what the server knows about the values: a session's address, a
// token's owner, an ephemeral key's invitation.
func derive(keys control.Keys, memory *store.Store) control.Keys {
	if session, ok := memory.Session(keys.SID); ok && keys.Address == "" {
		keys.Medium, keys.Address = session.Medium, session.Address
	}
	if invite, ok := memory.InviteOfKey(keys.PublicKey); ok && keys.Address == "" {
		keys.Medium, keys.Address = control.Email, invite.Address
	}
	if token, ok := memory.Token(keys.Token); ok && keys.MXID == "" {
		keys.MXID = token.MXID
	}
	return keys
}
