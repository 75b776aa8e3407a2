// Package preflight looks at the deployment before the first spec runs, so that
// a mis-setup is named once, in one sentence, instead of failing every spec.
//
// It never lowers what was declared: a homeserver that is declared to send mail
// and does not fails the specs about mail.
package preflight

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/schemas"
)

// Versions asks which versions of the spec the homeserver advertises. Its
// errors name the URL and what to check.
func Versions(ctx context.Context, client *exchange.Client) ([]string, error) {
	const path = "/_matrix/client/versions"
	answer, err := client.Do(ctx, exchange.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return nil, fmt.Errorf("the homeserver at %s does not answer (%w); start it, or correct url", client.Base(), err)
	}
	list, ok := answer.JSON["versions"].([]any)
	if answer.Status != http.StatusOK || !ok {
		return nil, fmt.Errorf("%s%s answers %d without a list of versions, so this is no homeserver's base URL; correct url", client.Base(), path, answer.Status)
	}
	var versions []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			versions = append(versions, s)
		}
	}
	if !requirements.Advertises(versions, "v1.1") {
		return nil, fmt.Errorf("the homeserver at %s advertises %v, none of which is v1.1 or later, so the suite does not apply to it", client.Base(), versions)
	}
	return versions, nil
}

// NotRouted returns the operations that the homeserver answers as paths it does
// not know, with these answers. Each is asked once, with an empty body and no
// token, which changes nothing on any server.
func NotRouted(ctx context.Context, client *exchange.Client, patience time.Duration) map[string]*exchange.Response {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		found = map[string]*exchange.Response{}
	)
	for _, op := range schemas.Operations() {
		wg.Go(func() {
			request := exchange.Request{Method: op.Method, Path: op.Path}
			if op.Method != http.MethodGet {
				request.Body = map[string]any{}
			}
			answer, err := client.Do(ctx, request)
			// No answer, or another refusal, is for the operation's specs to judge.
			if err != nil || answer.Status != http.StatusNotFound {
				return
			}
			if code := answer.Errcode(); code == "M_UNRECOGNIZED" || code == "" {
				mu.Lock()
				defer mu.Unlock()
				found[op.ID] = answer
			}
		})
	}
	wg.Wait()
	return found
}
