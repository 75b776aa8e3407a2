package schemas

import (
	"slices"
	"strings"
)

// Chapter is a part of the specification that is judged together.
type Chapter struct {
	Name  string `json:"name"` // of the folder below suites/
	Title string `json:"title"`
}

// Operation is an operation that a chapter declares, as the newest version of
// the specification that knows it has it.
type Operation struct {
	ID      string `json:"operationId"`
	Chapter string `json:"chapter"`
	Method  string `json:"method"`
	// Path is complete, with its prefix such as /_matrix/client/v3. It may have
	// {parameters}, each of which stands for one segment.
	Path string `json:"path"`
	// Medium is the kind of address the operation is about, "email" or "msisdn";
	// empty if it takes any or none.
	Medium     string `json:"medium"`
	Deprecated bool   `json:"deprecated"`
	// Authenticated tells whether an access token is required.
	Authenticated bool `json:"token"`
	// Body tells whether a request has a JSON body.
	Body bool `json:"body"`
	// UIA tells whether the operation asks for user-interactive auth.
	UIA bool `json:"uia"`
	// Statuses are the documented statuses, ascending. Others are possible:
	// standard errors may occur on every operation.
	Statuses []int `json:"statuses"`
	// Needs is what the deployment must have for a plain request to be granted:
	// "mail", "sms", "identity-server".
	Needs []string `json:"needs"`
	// Since and Until are the first and the last version that know the operation;
	// empty if the oldest and the newest version do.
	Since string `json:"since"`
	Until string `json:"until"`
}

// Chapters returns the chapters, by name.
func Chapters() []Chapter { return slices.Clone(embedded().chapters) }

// Operations returns the operations of all chapters, as the chapters list them.
func Operations() []Operation { return slices.Clone(embedded().operations) }

// OperationByID returns the operation with this operationId.
func OperationByID(id string) (Operation, bool) {
	return findOperation(func(op Operation) bool { return op.ID == id })
}

// OperationFor returns the operation that a request addresses. The path is
// taken as sent, escaped and without query: it must end with the operation's path
// exactly, and may start with the path of the homeserver's base URL.
func OperationFor(method, path string) (Operation, bool) {
	return findOperation(func(op Operation) bool {
		return op.Method == method && endsWith(path, op.Path)
	})
}

// endsWith compares paths from their ends, segment by segment.
func endsWith(path, template string) bool {
	have, want := strings.Split(path, "/"), strings.Split(template, "/")[1:]
	surplus := len(have) - len(want)
	if surplus < 1 { // not even the slash before the first segment
		return false
	}
	for i, segment := range want {
		parameter := strings.HasPrefix(segment, "{")
		if got := have[surplus+i]; parameter && got == "" || !parameter && got != segment {
			return false
		}
	}
	return true
}

func findOperation(match func(Operation) bool) (Operation, bool) {
	for _, op := range embedded().operations {
		if match(op) {
			return op, true
		}
	}
	return Operation{}, false
}
