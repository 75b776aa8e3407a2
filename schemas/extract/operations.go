package extract

import (
	"net/http"
	"net/url"
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

	request   *place        // nil: no JSON body
	responses map[int]place // statuses that declare a JSON body
}

// methods are the keys of a path item that declare an operation.
var methods = map[string]string{
	"delete": http.MethodDelete, "get": http.MethodGet, "head": http.MethodHead,
	"options": http.MethodOptions, "patch": http.MethodPatch, "post": http.MethodPost,
	"put": http.MethodPut, "trace": http.MethodTrace,
}

// readOperations returns the wanted operations of an API document.
func readOperations(docs *library, name string, wanted func(operationID string) bool) ([]operation, error) {
	root, err := docs.open(name)
	if err != nil {
		return nil, err
	}
	d, err := dialectOf(docs, root)
	if err != nil {
		return nil, err
	}
	base, err := d.basePath(root)
	if err != nil {
		return nil, err
	}
	paths, found, err := root.get("paths")
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, root.errorf("the document declares no paths")
	}
	pathItems, err := paths.entries()
	if err != nil {
		return nil, err
	}
	var list []operation
	for _, pathItem := range pathItems {
		members, err := pathItem.value.entries()
		if err != nil {
			return nil, err
		}
		for _, member := range members {
			method, ok := methods[member.key]
			if !ok {
				continue // parameters, summary and the like
			}
			id, err := member.value.text("operationId")
			if err != nil {
				return nil, err
			}
			if !wanted(id) {
				continue
			}
			op, err := readOperation(docs, d, root, pathItem.value, member.value)
			if err != nil {
				return nil, err
			}
			op.ID, op.Method, op.Path = id, method, base+pathItem.key
			if slices.ContainsFunc(list, func(other operation) bool { return other.ID == op.ID }) {
				return nil, member.value.errorf("operationId %q appears twice", op.ID)
			}
			list = append(list, op)
		}
	}
	return list, nil
}

func readOperation(docs *library, d dialect, root, pathItem, at place) (op operation, err error) {
	if op.Deprecated, err = at.boolean("deprecated"); err != nil {
		return op, err
	}
	if op.Token, err = needsSecurity(root, at); err != nil {
		return op, err
	}
	if op.request, err = d.requestSchema(pathItem, at); err != nil {
		return op, err
	}
	op.Body = op.request != nil
	responses, found, err := at.get("responses")
	if err != nil {
		return op, err
	}
	if !found {
		return op, at.errorf("the operation declares no responses")
	}
	entries, err := responses.entries()
	if err != nil {
		return op, err
	}
	op.responses = map[int]place{}
	for _, e := range entries {
		if strings.HasPrefix(e.key, "x-") {
			continue
		}
		status, err := strconv.Atoi(e.key)
		if err != nil || status < 100 || status > 599 {
			return op, e.value.errorf("the response %q is not an HTTP status", e.key)
		}
		op.Statuses = append(op.Statuses, status)
		response, err := docs.deref(e.value)
		if err != nil {
			return op, err
		}
		schema, err := d.responseSchema(response)
		if err != nil {
			return op, err
		}
		if schema != nil {
			op.responses[status] = *schema
		}
	}
	slices.Sort(op.Statuses)
	return op, nil
}

// needsSecurity tells whether a request without credentials is refused. An
// operation's own security replaces the document's; an empty list, or an empty
// alternative in it, lets anybody in.
func needsSecurity(root, at place) (bool, error) {
	security, found, err := at.get("security")
	if err == nil && !found {
		security, found, err = root.get("security")
	}
	if err != nil || !found {
		return false, err
	}
	alternatives, err := security.items()
	if err != nil {
		return false, err
	}
	for _, alternative := range alternatives {
		schemes, err := alternative.entries()
		if err != nil {
			return false, err
		}
		if len(schemes) == 0 {
			return false, nil
		}
	}
	return len(alternatives) > 0, nil
}

// serverPath returns the path of a server URL after its {variables} have been
// given their default values.
func serverPath(server place) (string, error) {
	address, err := server.text("url")
	if err != nil {
		return "", err
	}
	variables, found, err := server.get("variables")
	if err != nil {
		return "", err
	}
	if found {
		list, err := variables.entries()
		if err != nil {
			return "", err
		}
		for _, variable := range list {
			value, err := variable.value.text("default")
			if err != nil {
				return "", err
			}
			address = strings.ReplaceAll(address, "{"+variable.key+"}", value)
		}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", server.errorf("server URL %q: %w", address, err)
	}
	return strings.TrimSuffix(parsed.Path, "/"), nil
}
