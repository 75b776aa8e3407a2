package mockidserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/threepid"
)

// Algorithms of lookup. Spec: identity-service-api/#hashing-algorithms.
const (
	plainAlgorithm = "none"
	hashAlgorithm  = "sha256"
)

// maxLookup bounds the addresses of one lookup.
const maxLookup = 10_000

// hashDetails is GET hash_details. Every token has a pepper of its own.
func hashDetails(x *exchange) answer {
	return reply(map[string]any{"lookup_pepper": x.token.Pepper, "algorithms": []string{plainAlgorithm, hashAlgorithm}})
}

// lookup is POST lookup.
func lookup(x *exchange) answer {
	if missing := x.arguments.missing("algorithm", "pepper", "addresses"); missing != nil {
		return *missing
	}
	texts, wrong := x.arguments.text("algorithm", "pepper")
	if wrong != nil {
		return *wrong
	}
	list, ok := x.arguments.values["addresses"].([]any)
	if !ok || len(list) > maxLookup {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "addresses must be a list of at most %d strings", maxLookup)
	}
	algorithm, pepper := texts[0], texts[1]
	if algorithm != plainAlgorithm && algorithm != hashAlgorithm {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "the algorithm is none or sha256")
	}
	if pepper != x.token.Pepper {
		return failure(http.StatusBadRequest, "M_INVALID_PEPPER", "the pepper is not the one of hash_details")
	}

	var hashed map[string]string // hash → mxid
	if algorithm == hashAlgorithm {
		hashed = map[string]string{}
		for _, b := range x.store.Bindings(func(store.Binding) bool { return true }) {
			hashed[hash(b.ThreePID, pepper)] = b.MXID
		}
	}
	mappings := map[string]string{}
	for _, item := range list {
		asked, ok := item.(string)
		if !ok {
			return failure(http.StatusBadRequest, "M_INVALID_PARAM", "addresses must be a list of strings")
		}
		if algorithm == hashAlgorithm {
			if mxid, ok := hashed[asked]; ok {
				mappings[asked] = mxid
			}
			continue
		}
		// "address medium"; addresses compare exactly, as the spec says.
		if at := strings.LastIndexByte(asked, ' '); at > 0 {
			if b, ok := x.store.Binding(store.ThreePID{Medium: asked[at+1:], Address: asked[:at]}); ok {
				mappings[asked] = b.MXID
			}
		}
	}
	return reply(map[string]any{"mappings": mappings})
}

// hash is the sha256 form of an identifier.
func hash(pid store.ThreePID, pepper string) string {
	sum := sha256.Sum256([]byte(pid.Address + " " + pid.Medium + " " + pepper))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// lookupV1 is GET lookup of v1: the signed association, or an empty object.
func lookupV1(x *exchange) answer {
	texts, wrong := x.arguments.text("medium", "address")
	if wrong != nil {
		return *wrong
	}
	b, ok := x.store.Binding(store.ThreePID{Medium: texts[0], Address: threepid.Guess(texts[1])})
	if !ok {
		return reply(struct{}{})
	}
	return x.association(b)
}

// bulkLookup is POST bulk_lookup of v1.
func bulkLookup(x *exchange) answer {
	if missing := x.arguments.missing("threepids"); missing != nil {
		return *missing
	}
	list, ok := x.arguments.values["threepids"].([]any)
	if !ok || len(list) > maxLookup {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "threepids must be a list of at most %d pairs", maxLookup)
	}
	found := [][]string{}
	for _, item := range list {
		pair, _ := item.([]any)
		if len(pair) != 2 || slices.ContainsFunc(pair, func(v any) bool { _, ok := v.(string); return !ok }) {
			return failure(http.StatusBadRequest, "M_INVALID_PARAM", "each of threepids is [medium, address]")
		}
		medium, address := pair[0].(string), pair[1].(string)
		if b, ok := x.store.Binding(store.ThreePID{Medium: medium, Address: threepid.Guess(address)}); ok {
			found = append(found, []string{medium, address, b.MXID})
		}
	}
	return reply(map[string]any{"threepids": found})
}
