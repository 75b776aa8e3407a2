package schemas

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/schemas/extract"
)

func TestForChoosesByTheNewestAdvertisedVersion(t *testing.T) {
	versions := Versions()
	oldest, newest := versions[0], versions[len(versions)-1]
	for _, c := range []struct {
		advertised []string
		want       string
	}{
		{nil, oldest},
		{[]string{"r0.6.1"}, oldest},
		{[]string{oldest}, oldest},
		{[]string{"v1.6"}, "v1.6"},
		{[]string{"v1.11", "v1.2", "r0.6.1"}, "v1.11"},
		{[]string{newest}, newest},
		{[]string{"v1.99", "v1.1"}, newest},
		{[]string{"v1.1", "v1.100"}, newest},
		{[]string{"v2.50", "v1", "v1.", "v1.19-rc1", "v1.+19", " v1.19", "1.19", "v1.99999999999999999999"}, oldest},
	} {
		NewWithT(t).Expect(For(c.advertised).Version).To(Equal(c.want), "%q", c.advertised)
	}
}

// operations.json is generated: what the chapters declare is all in it, and
// nothing else. A difference says that `make schemas` has to run.
func TestOperationsAreThoseThatTheChaptersDeclare(t *testing.T) {
	g := NewWithT(t)
	declared, err := extract.ReadChapters(os.DirFS("../suites"))
	g.Expect(err).NotTo(HaveOccurred())
	var chapters []Chapter
	var want, have []Operation
	for _, chapter := range declared {
		chapters = append(chapters, Chapter{Name: chapter.Name, Title: chapter.Title})
		for _, op := range chapter.Operations {
			want = append(want, Operation{ID: op.ID, Chapter: chapter.Name, Medium: op.Medium, Needs: op.Needs})
		}
	}
	for _, op := range Operations() {
		have = append(have, Operation{ID: op.ID, Chapter: op.Chapter, Medium: op.Medium, Needs: op.Needs})
	}
	g.Expect(Chapters()).To(Equal(chapters))
	g.Expect(have).To(Equal(want))
}

func TestOperationsSayWhatTheSpecSays(t *testing.T) {
	g := NewWithT(t)
	const path = "/_matrix/client/v3/account/3pid"
	add := Operation{ID: "add3PID", Chapter: "contact", Method: "POST", Path: path + "/add",
		Authenticated: true, Body: true, UIA: true, Needs: []string{"mail"}, Statuses: []int{200, 401, 429}}
	token := Operation{ID: "requestTokenTo3PIDEmail", Chapter: "contact", Method: "POST", Path: path + "/email/requestToken",
		Medium: "email", Needs: []string{"mail"}, Body: true, Statuses: []int{200, 400, 403}}
	post := Operation{ID: "post3PIDs", Chapter: "contact", Method: "POST", Path: path,
		Needs: []string{"identity-server"}, Deprecated: true, Authenticated: true, Body: true, Statuses: []int{200, 403}}
	g.Expect(Operations()).To(ContainElements(add, token, post))
}

func TestPathsMayHaveParameters(t *testing.T) {
	const template = "/_matrix/client/v3/user/{userId}/openid/request_token"
	for path, want := range map[string]bool{
		template: true,
		"/_matrix/client/v3/user/%40a%3Aexample.org/openid/request_token":      true,
		"/base/_matrix/client/v3/user/@a:example.org/openid/request_token":     true,
		"/_matrix/client/v3/user//openid/request_token":                        false,
		"/_matrix/client/v3/user/@a:example.org/more/openid/request_token":     false,
		"/_matrix/client/v3/user/@a:example.org/openid/request_token/":         false,
		"_matrix/client/v3/user/@a:example.org/openid/request_token":           false,
		"/_matrix/client/v3/user/@a:example.org/openid/request_token/{userId}": false,
	} {
		NewWithT(t).Expect(endsWith(path, template)).To(Equal(want), path)
	}
}

func TestOperationLookup(t *testing.T) {
	g := NewWithT(t)
	for _, op := range Operations() {
		byID, ok := OperationByID(op.ID)
		g.Expect(ok).To(BeTrue())
		g.Expect(byID).To(Equal(op))
		for _, base := range []string{"", "/behind/a/proxy"} {
			addressed, ok := OperationFor(op.Method, base+op.Path)
			g.Expect(ok).To(BeTrue())
			g.Expect(addressed).To(Equal(op))
		}
	}
	_, ok := OperationByID("getaccount3pids")
	g.Expect(ok).To(BeFalse())
	for _, request := range [][2]string{
		{"DELETE", "/_matrix/client/v3/account/3pid"},
		{"get", "/_matrix/client/v3/account/3pid"},
		{"GET", "/_matrix/client/v3/account/3pid/"},
		{"GET", "/_matrix/client/v3/account/3pid/add"},
		{"POST", "/_matrix/client/r0/account/3pid/add"},
		{"POST", "/_matrix/client/v3/account/3pid/add/more"},
		{"POST", "/x_matrix/client/v3/account/3pid/add"},
		{"POST", "/3pid/add"},
		{"POST", ""},
	} {
		_, ok := OperationFor(request[0], request[1])
		g.Expect(ok).To(BeFalse(), "%v", request)
	}
}
