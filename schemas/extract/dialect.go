package extract

import "strings"

// dialect is what differs between Swagger 2.0 and OpenAPI 3.1 outside schemas.
type dialect interface {
	// basePath is what stands before every path of the document.
	basePath(root place) (string, error)
	// requestSchema finds the schema of the JSON body; nil without a body.
	requestSchema(pathItem, operation place) (*place, error)
	// responseSchema finds the schema of a response's JSON; nil without one.
	responseSchema(response place) (*place, error)
}

// dialectOf recognises a document by its version key.
func dialectOf(docs *library, root place) (dialect, error) {
	swagger, err := root.text("swagger")
	if err != nil {
		return nil, err
	}
	openapi, err := root.text("openapi")
	if err != nil {
		return nil, err
	}
	switch {
	case swagger == "2.0":
		return swagger2{docs}, nil
	case strings.HasPrefix(openapi, "3.1."):
		return openapi31{docs}, nil
	}
	return nil, root.errorf("want swagger: '2.0' or openapi: 3.1.x, got swagger %q and openapi %q", swagger, openapi)
}

type swagger2 struct{ docs *library }

func (swagger2) basePath(root place) (string, error) {
	base, err := root.text("basePath")
	return strings.TrimSuffix(base, "/"), err
}

// requestSchema looks for the parameter that is the body, first among the
// operation's own, then among those that its path gives to all operations.
func (d swagger2) requestSchema(pathItem, operation place) (*place, error) {
	for _, holder := range []place{operation, pathItem} {
		parameters, found, err := holder.get("parameters")
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		list, err := parameters.items()
		if err != nil {
			return nil, err
		}
		for _, parameter := range list {
			if parameter, err = d.docs.deref(parameter); err != nil {
				return nil, err
			}
			in, err := parameter.text("in")
			if err != nil {
				return nil, err
			}
			if in == "body" {
				return optional(parameter.get("schema"))
			}
		}
	}
	return nil, nil
}

func (swagger2) responseSchema(response place) (*place, error) {
	return optional(response.get("schema"))
}

type openapi31 struct{ docs *library }

func (openapi31) basePath(root place) (string, error) {
	servers, found, err := root.get("servers")
	if err != nil || !found {
		return "", err
	}
	list, err := servers.items()
	if err != nil || len(list) == 0 {
		return "", err
	}
	return serverPath(list[0])
}

func (d openapi31) requestSchema(_, operation place) (*place, error) {
	body, found, err := operation.get("requestBody")
	if err != nil || !found {
		return nil, err
	}
	if body, err = d.docs.deref(body); err != nil {
		return nil, err
	}
	return d.responseSchema(body) // the same content map as in a response
}

func (openapi31) responseSchema(response place) (*place, error) {
	return optional(response.find("content", "application/json", "schema"))
}

// optional turns the result of a search into a pointer, nil for not found.
func optional(p place, found bool, err error) (*place, error) {
	if err != nil || !found {
		return nil, err
	}
	return &p, nil
}
