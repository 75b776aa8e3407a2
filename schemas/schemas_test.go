package schemas

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestForChoosesByTheNewestAdvertisedVersion(t *testing.T) {
	for _, c := range []struct {
		advertised []string
		want       string
	}{
		{nil, "v1.6"},
		{[]string{"r0.6.1"}, "v1.6"},
		{[]string{"v1.1"}, "v1.6"},
		{[]string{"v1.6"}, "v1.6"},
		{[]string{"v1.11", "v1.2", "r0.6.1"}, "v1.6"},
		{[]string{"v1.18"}, "v1.6"},
		{[]string{"v1.19"}, "v1.19"},
		{[]string{"v1.20", "v1.1"}, "v1.19"},
		{[]string{"v1.1", "v1.100"}, "v1.19"},
		{[]string{"v2.50", "v1", "v1.", "v1.19-rc1", "v1.+19", " v1.19", "1.19", "v1.99999999999999999999"}, "v1.6"},
	} {
		NewWithT(t).Expect(For(c.advertised).Version).To(Equal(c.want), "%q", c.advertised)
	}
}

func TestTheEightOperationsInSpecOrder(t *testing.T) {
	g := NewWithT(t)
	const prefix = "/_matrix/client/v3/account/3pid"
	g.Expect(Operations()).To(Equal([]Operation{
		{ID: "getAccount3PIDs", Method: "GET", Path: prefix, Authenticated: true, Statuses: []int{200}},
		{ID: "post3PIDs", Method: "POST", Path: prefix, Deprecated: true, Authenticated: true, Statuses: []int{200, 403}},
		{ID: "add3PID", Method: "POST", Path: prefix + "/add", Authenticated: true, Statuses: []int{200, 401, 429}},
		{ID: "bind3PID", Method: "POST", Path: prefix + "/bind", Authenticated: true, Statuses: []int{200, 429}},
		{ID: "delete3pidFromAccount", Method: "POST", Path: prefix + "/delete", Authenticated: true, Statuses: []int{200}},
		{ID: "unbind3pidFromAccount", Method: "POST", Path: prefix + "/unbind", Authenticated: true, Statuses: []int{200}},
		{ID: "requestTokenTo3PIDEmail", Method: "POST", Path: prefix + "/email/requestToken", Statuses: []int{200, 400, 403}},
		{ID: "requestTokenTo3PIDMSISDN", Method: "POST", Path: prefix + "/msisdn/requestToken", Statuses: []int{200, 400, 403}},
	}))
}

// Operations has no version argument, which is right as long as all agree.
func TestAllVersionsDeclareTheSameOperations(t *testing.T) {
	g := NewWithT(t)
	for _, set := range embedded().sets {
		g.Expect(loadOperations(files, set.Version)).To(Equal(Operations()), set.Version)
	}
}

func TestCallersCannotChangeTheOperations(t *testing.T) {
	g := NewWithT(t)
	mine := Operations()
	mine[0].ID, mine[1].Statuses[0] = "changed", 599
	g.Expect(Operations()[0].ID).To(Equal("getAccount3PIDs"))
	g.Expect(Operations()[1].Statuses).To(Equal([]int{200, 403}))
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
