package endpoints

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// Algorithms of lookup. Spec: identity-service-api/#hashing-algorithms.
const (
	plainAlgorithm = "none"
	hashAlgorithm  = "sha256"
)

// maxLookup bounds the addresses of one lookup.
const maxLookup = 10_000

// hashDetails is GET hash_details. Every token has a pepper of its own.
func hashDetails(r *request) *response.Response {
	return response.OK(map[string]any{"lookup_pepper": r.token.Pepper, "algorithms": []string{plainAlgorithm, hashAlgorithm}})
}

// lookup is POST lookup.
func lookup(r *request) *response.Response {
	if missing := r.arguments.missing("algorithm", "pepper", "addresses"); missing != nil {
		return missing
	}
	texts, wrong := r.arguments.text("algorithm", "pepper")
	if wrong != nil {
		return wrong
	}
	list, ok := r.arguments.values["addresses"].([]any)
	if !ok || len(list) > maxLookup {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "addresses must be a list of at most %d strings", maxLookup)
	}
	algorithm, pepper := texts[0], texts[1]
	if algorithm != plainAlgorithm && algorithm != hashAlgorithm {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "the algorithm is none or sha256")
	}
	if pepper != r.token.Pepper {
		return response.Error(http.StatusBadRequest, "M_INVALID_PEPPER", "the pepper is not the one of hash_details")
	}

	var hashed map[string]string // hash → mxid
	if algorithm == hashAlgorithm {
		hashed = map[string]string{}
		for _, b := range r.Store.Bindings(func(store.Binding) bool { return true }) {
			hashed[hash(b.ThreePID, pepper)] = b.MXID
		}
	}
	mappings := map[string]string{}
	for _, item := range list {
		asked, ok := item.(string)
		if !ok {
			return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "addresses must be a list of strings")
		}
		if algorithm == hashAlgorithm {
			if mxid, ok := hashed[asked]; ok {
				mappings[asked] = mxid
			}
			continue
		}
		// "address medium"; addresses compare exactly, as the spec says.
		if at := strings.LastIndexByte(asked, ' '); at > 0 {
			if b, ok := r.Store.Binding(store.ThreePID{Medium: asked[at+1:], Address: asked[:at]}); ok {
				mappings[asked] = b.MXID
			}
		}
	}
	return response.OK(map[string]any{"mappings": mappings})
}

// hash is the sha256 form of an identifier.
func hash(pid store.ThreePID, pepper string) string {
	sum := sha256.Sum256([]byte(pid.Address + " " + pid.Medium + " " + pepper))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// lookupV1 is GET lookup of v1: the signed association, or an empty object.
func lookupV1(r *request) *response.Response {
	texts, wrong := r.arguments.text("medium", "address")
	if wrong != nil {
		return wrong
	}
	b, ok := r.Store.Binding(store.ThreePID{Medium: texts[0], Address: threepid.Guess(texts[1])})
	if !ok {
		return response.OK(struct{}{})
	}
	return r.association(b)
}

// bulkLookup is POST bulk_lookup of v1.
func bulkLookup(r *request) *response.Response {
	if missing := r.arguments.missing("threepids"); missing != nil {
		return missing
	}
	list, ok := r.arguments.values["threepids"].([]any)
	if !ok || len(list) > maxLookup {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "threepids must be a list of at most %d pairs", maxLookup)
	}
	found := [][]string{}
	for _, item := range list {
		pair, _ := item.([]any)
		if len(pair) != 2 || slices.ContainsFunc(pair, func(v any) bool { _, ok := v.(string); return !ok }) {
			return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "each of threepids is [medium, address]")
		}
		medium, address := pair[0].(string), pair[1].(string)
		if b, ok := r.Store.Binding(store.ThreePID{Medium: medium, Address: threepid.Guess(address)}); ok {
			found = append(found, []string{medium, address, b.MXID})
		}
	}
	return response.OK(map[string]any{"threepids": found})
}
