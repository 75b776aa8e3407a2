package contact

// The operations that change what identity servers know, by the end of their paths.
var paths = map[string]string{
	"bind3PID":              "/account/3pid/bind",
	"delete3pidFromAccount": "/account/3pid/delete",
	"unbind3pidFromAccount": "/account/3pid/unbind",
}
