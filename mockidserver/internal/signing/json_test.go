package signing_test

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver/internal/signing"
)

// The key of the spec's test vectors, appendices/#cryptographic-test-vectors.
const specSeed = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"

func keyFromSeed(t *testing.T, seed string) ed25519.PrivateKey {
	t.Helper()
	raw, err := signing.Decode(seed)
	if err != nil {
		t.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(raw)
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func TestSpecVectorsOfSignedJSON(t *testing.T) {
	key := keyFromSeed(t, specSeed)
	for in, signature := range map[string]string{
		`{}`:                    "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ",
		`{"one":1,"two":"Two"}`: "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
	} {
		signed, err := signing.SignJSON(json.RawMessage(in), "domain", "ed25519:1", key)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(signed), signature) {
			t.Errorf("%s became %s\nwant signature %s", in, signed, signature)
		}
		if err := signing.VerifyJSON(signed, "domain", "ed25519:1", public(key)); err != nil {
			t.Errorf("%s does not verify: %v", signed, err)
		}
	}
}

func TestSignedJSONThatDoesNotVerify(t *testing.T) {
	key := keyFromSeed(t, specSeed)
	good, err := signing.SignJSON(map[string]any{"a": 1, "unsigned": map[string]any{"age": 1}}, "domain", "ed25519:1", key)
	if err != nil {
		t.Fatal(err)
	}
	aged := strings.Replace(string(good), `"age":1`, `"age":2`, 1)
	if err := signing.VerifyJSON([]byte(aged), "domain", "ed25519:1", public(key)); err != nil {
		t.Errorf("unsigned is covered by the signature: %v", err)
	}
	for name, bad := range map[string]string{
		"changed":       strings.Replace(string(good), `"a":1`, `"a":2`, 1),
		"added":         strings.Replace(string(good), `{"a":1`, `{"a":1,"b":2`, 1),
		"duplicate key": strings.Replace(string(good), `{"a":1`, `{"a":2,"a":1`, 1),
		"no signatures": `{"a":1}`,
		"short":         `{"a":1,"signatures":{"domain":{"ed25519:1":"AAAA"}}}`,
		"not base64":    `{"a":1,"signatures":{"domain":{"ed25519:1":"***"}}}`,
		"no object":     `[1]`,
	} {
		if err := signing.VerifyJSON([]byte(bad), "domain", "ed25519:1", public(key)); err == nil {
			t.Errorf("%s verifies: %s", name, bad)
		}
	}
	for _, who := range [][2]string{{"other", "ed25519:1"}, {"domain", "ed25519:2"}} {
		if err := signing.VerifyJSON(good, who[0], who[1], public(key)); err == nil {
			t.Errorf("verifies as %v", who)
		}
	}
}

func TestServerKeys(t *testing.T) {
	key := keyFromSeed(t, specSeed)
	now := time.Now()
	document := func(change func(map[string]any)) []byte {
		object := map[string]any{
			"server_name": "hs.test", "valid_until_ts": now.Add(time.Hour).UnixMilli(), "old_verify_keys": map[string]any{},
			"verify_keys": map[string]any{"ed25519:a": map[string]any{"key": signing.Encode(public(key))}},
		}
		change(object)
		signed, err := signing.SignJSON(object, "hs.test", "ed25519:a", key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}

	keys, err := signing.ParseServerKeys(document(func(map[string]any) {}), "hs.test", now)
	if err != nil || !keys.Keys["ed25519:a"].Equal(public(key)) {
		t.Fatalf("good document: %v, %v", keys, err)
	}

	for name, raw := range map[string][]byte{
		"another server": document(func(o map[string]any) { o["server_name"] = "evil.test" }),
		"expired":        document(func(o map[string]any) { o["valid_until_ts"] = now.Add(-time.Second).UnixMilli() }),
		"no key":         document(func(o map[string]any) { o["verify_keys"] = map[string]any{} }),
		"key of nobody": document(func(o map[string]any) {
			o["verify_keys"].(map[string]any)["ed25519:b"] = map[string]any{"key": signing.Encode(public(key))}
		}),
		"short key": document(func(o map[string]any) {
			o["verify_keys"] = map[string]any{"ed25519:a": map[string]any{"key": "AAAA"}}
		}),
		"tampered": []byte(strings.Replace(string(document(func(map[string]any) {})), `"old_verify_keys":{}`, `"old_verify_keys":{"x":1}`, 1)),
		"HTML":     []byte("<html>"),
	} {
		if _, err := signing.ParseServerKeys(raw, "hs.test", now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
