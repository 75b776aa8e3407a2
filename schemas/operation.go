package schemas

import (
	"slices"
	"strings"
)

// Operation is one of the eight operations of the Account Administrative
// Contact API.
type Operation struct {
	ID     string `json:"operationId"`
	Method string `json:"method"`
	// Path is complete, with the /_matrix/client/v3 prefix.
	Path       string `json:"path"`
	Deprecated bool   `json:"deprecated"`
	// Authenticated tells whether an access token is required.
	Authenticated bool `json:"authenticated"`
	// Statuses are the documented statuses, ascending. Others are possible:
	// standard errors may occur on every operation.
	Statuses []int `json:"statuses"`
	// Needs is what the deployment must have for a plain request to be granted.
	Needs []string `json:"needs"`
}

// Operations returns the eight operations in the order of the specification.
// They are the same in all spec versions with a set of schemas.
func Operations() []Operation {
	operations := slices.Clone(embedded().operations)
	for i := range operations {
		operations[i] = operations[i].clone()
	}
	return operations
}

// OperationByID returns the operation with this operationId.
func OperationByID(id string) (Operation, bool) {
	return findOperation(func(op Operation) bool { return op.ID == id })
}

// OperationFor returns the operation that a request addresses. The path is
// taken as sent, without query: it must end with the operation's path exactly,
// and may start with the path of the homeserver's base URL.
func OperationFor(method, path string) (Operation, bool) {
	return findOperation(func(op Operation) bool {
		return op.Method == method && strings.HasSuffix(path, op.Path)
	})
}

func findOperation(match func(Operation) bool) (Operation, bool) {
	for _, op := range embedded().operations {
		if match(op) {
			return op.clone(), true
		}
	}
	return Operation{}, false
}

// clone keeps callers from changing the catalogue.
func (op Operation) clone() Operation {
	op.Statuses = slices.Clone(op.Statuses)
	op.Needs = map[string][]string{"post3PIDs": {"identity-server"}, "add3PID": {"mail"}, "bind3PID": {"identity-server"}, "delete3pidFromAccount": {"mail"}, "unbind3pidFromAccount": {"identity-server"}, "requestTokenTo3PIDEmail": {"mail"}, "requestTokenTo3PIDMSISDN": {"sms"}}[op.ID]
	return op
}
