package extract

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// operation is one entry of operations.json, and the places of its schemas.
type operation struct {
	ID         string   `json:"operationId"`
	Chapter    string   `json:"chapter"`
	Method     string   `json:"method"`
	Path       string   `json:"path"` // with the prefix, such as /_matrix/client/v3
	Medium     string   `json:"medium,omitempty"`
	Needs      []string `json:"needs,omitempty"`
	Deprecated bool     `json:"deprecated"`
	Token      bool     `json:"token"`           // is an access token required?
	Body       bool     `json:"body"`            // has a request a JSON body?
	UIA        bool     `json:"uia"`             // may a 401 ask for user-interactive auth?
	Statuses   []int    `json:"statuses"`        // documented, ascending
	Since      string   `json:"since,omitempty"` // the first version that knows it, unless the oldest does
	Until      string   `json:"until,omitempty"` // the last version that knows it, unless the newest does

	request   place         // not found: no JSON body
	responses map[int]place // statuses that declare a JSON body
}

// methods are the keys of a path item that declare an operation.
var methods = []string{
	http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
	http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace,
}

// readOperations returns the wanted operations of an API document.
func readOperations(docs *library, root place, wanted func(operationID string) bool) []operation {
	d := newDocument(docs, root)
	paths := root.find("paths")
	if !paths.found() {
		root.fail("the document declares no paths")
	}
	var list []operation
	for _, pathItem := range paths.entries() {
		for _, member := range pathItem.value.entries() {
			method := strings.ToUpper(member.key)
			if !slices.Contains(methods, method) {
				continue // parameters, summary and the like
			}
			id := member.value.text("operationId")
			if !wanted(id) {
				continue
			}
			if slices.ContainsFunc(list, func(other operation) bool { return other.ID == id }) {
				member.value.fail("operationId %q appears twice", id)
			}
			op := d.readOperation(pathItem.value, member.value)
			op.ID, op.Method, op.Path = id, method, d.basePath()+pathItem.key
			list = append(list, op)
		}
	}
	return list
}

func (d document) readOperation(pathItem, at place) operation {
	op := operation{
		Deprecated: at.boolean("deprecated"),
		Token:      d.needsSecurity(at),
		request:    d.requestSchema(pathItem, at),
		responses:  map[int]place{},
	}
	op.Body = op.request.found()
	responses := at.find("responses")
	if !responses.found() {
		at.fail("the operation declares no responses")
	}
	for _, e := range responses.entries() {
		if strings.HasPrefix(e.key, "x-") {
			continue
		}
		status, err := strconv.Atoi(e.key)
		if err != nil || status < 100 || status > 599 {
			e.value.fail("the response %q is not an HTTP status", e.key)
		}
		op.Statuses = append(op.Statuses, status)
		if schema := d.responseSchema(e.value); schema.found() {
			op.responses[status] = schema
		}
	}
	slices.Sort(op.Statuses)
	return op
}

// needsSecurity tells whether a request without credentials is refused. An
// operation's own security replaces the document's; an empty list, or an empty
// alternative in it, lets anybody in.
func (d document) needsSecurity(at place) bool {
	security := at.find("security")
	if !security.found() {
		security = d.root.find("security")
	}
	if !security.found() {
		return false
	}
	alternatives := security.items()
	open := func(alternative place) bool { return len(alternative.entries()) == 0 }
	return len(alternatives) > 0 && !slices.ContainsFunc(alternatives, open)
}
