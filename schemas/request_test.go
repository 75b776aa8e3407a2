package schemas

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestRequiredFields(t *testing.T) {
	for _, set := range embedded().sets {
		g := NewWithT(t)
		for operation, want := range map[string][]string{
			"post3PIDs": {"three_pid_creds object", "three_pid_creds.client_secret string", "three_pid_creds.id_access_token string",
				"three_pid_creds.id_server string", "three_pid_creds.sid string"},
			"add3PID":                  {"client_secret string", "sid string"},
			"bind3PID":                 {"client_secret string", "id_access_token string", "id_server string", "sid string"},
			"delete3pidFromAccount":    {"address string", "medium string"},
			"unbind3pidFromAccount":    {"address string", "medium string"},
			"requestTokenTo3PIDEmail":  {"client_secret string", "email string", "send_attempt integer"},
			"requestTokenTo3PIDMSISDN": {"client_secret string", "country string", "phone_number string", "send_attempt integer"},
		} {
			shape, ok := set.Request(operation)
			g.Expect(ok).To(BeTrue(), operation)
			var have []string
			for _, field := range shape.Required() {
				g.Expect(field.Path[len(field.Path)-1]).To(Equal(field.Name))
				have = append(have, strings.Join(field.Path, ".")+" "+field.Type)
			}
			g.Expect(have).To(Equal(want), "%s in %s", operation, set.Version)
		}
	}
}

func TestRequestsWithoutBody(t *testing.T) {
	g := NewWithT(t)
	for _, operation := range []string{"getAccount3PIDs", "common", "", "nosuch"} {
		shape, ok := For(nil).Request(operation)
		g.Expect(ok).To(BeFalse(), operation)
		g.Expect(shape.Fields).To(BeEmpty())
	}
}

func TestRequestShapeInFull(t *testing.T) {
	g := NewWithT(t)
	shape, _ := For([]string{"v1.6"}).Request("add3PID")
	g.Expect(shape).To(Equal(RequestShape{Fields: []RequestField{
		{Name: "auth", Path: []string{"auth"}, Type: "object", Fields: []RequestField{
			{Name: "session", Path: []string{"auth", "session"}, Type: "string"},
			{Name: "type", Path: []string{"auth", "type"}, Type: "string"},
		}},
		{Name: "client_secret", Path: []string{"client_secret"}, Type: "string", Required: true},
		{Name: "sid", Path: []string{"sid"}, Type: "string", Required: true},
	}}))

	shape, _ = For(nil).Request("delete3pidFromAccount")
	g.Expect(shape.Fields[2]).To(Equal(RequestField{
		Name: "medium", Path: []string{"medium"}, Type: "string", Required: true, Enum: []string{"email", "msisdn"}}))
}

// The formats of email and next_link came with spec v1.14.
func TestRequestFormatsByVersion(t *testing.T) {
	g := NewWithT(t)
	for version, formats := range map[string][]string{"v1.13": {"", ""}, "v1.14": {"email", "uri"}} {
		shape, _ := For([]string{version}).Request("requestTokenTo3PIDEmail")
		for _, field := range shape.Fields {
			switch field.Name {
			case "email":
				g.Expect(field.Format).To(Equal(formats[0]), version)
				g.Expect(field.Required).To(BeTrue())
			case "next_link":
				g.Expect(field.Format).To(Equal(formats[1]), version)
				g.Expect(field.Required).To(BeFalse())
			}
		}
		g.Expect(shape.Fields).To(HaveLen(6))
	}
}
