package extract

import (
	"net/url"
	"strings"
)

// document is an API document, with what differs between Swagger 2.0 and
// OpenAPI 3.1 outside schemas.
type document struct {
	docs    *library
	root    place
	swagger bool
}

// newDocument recognises a document's dialect by its version key.
func newDocument(docs *library, root place) document {
	swagger, openapi := root.text("swagger"), root.text("openapi")
	if swagger != "2.0" && !strings.HasPrefix(openapi, "3.1.") {
		root.fail("want swagger: '2.0' or openapi: 3.1.x, got swagger %q and openapi %q", swagger, openapi)
	}
	return document{docs, root, swagger == "2.0"}
}

// basePath is what stands before every path of the document.
func (d document) basePath() string {
	if d.swagger {
		return strings.TrimSuffix(d.root.text("basePath"), "/")
	}
	servers := d.root.find("servers")
	if !servers.found() || len(servers.items()) == 0 {
		return ""
	}
	server := servers.items()[0]
	address := server.text("url")
	if variables := server.find("variables"); variables.found() {
		for _, variable := range variables.entries() {
			address = strings.ReplaceAll(address, "{"+variable.key+"}", variable.value.text("default"))
		}
	}
	parsed, err := url.Parse(address)
	if err != nil {
		server.fail("server URL %q: %w", address, err)
	}
	return strings.TrimSuffix(parsed.Path, "/")
}

// requestSchema finds the schema of the JSON body. In Swagger that is a parameter,
// one of the operation's own or of those that its path gives to all operations.
func (d document) requestSchema(pathItem, operation place) place {
	if !d.swagger {
		if body := operation.find("requestBody"); body.found() {
			return d.responseSchema(body) // the same content map as in a response
		}
		return place{}
	}
	for _, holder := range []place{operation, pathItem} {
		if parameters := holder.find("parameters"); parameters.found() {
			for _, parameter := range parameters.items() {
				if parameter = d.docs.deref(parameter); parameter.text("in") == "body" {
					return parameter.find("schema")
				}
			}
		}
	}
	return place{}
}

// responseSchema finds the schema of a response's JSON.
func (d document) responseSchema(response place) place {
	response = d.docs.deref(response)
	if d.swagger {
		return response.find("schema")
	}
	return response.find("content", "application/json", "schema")
}
