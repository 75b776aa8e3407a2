package requirements

import (
	"slices"
	"testing"
)

func TestDecline(t *testing.T) {
	entry := Entry{Declines: []Decline{{Key: "first"}, {Key: "second", Status: []int{400}}}}
	if decline, ok := entry.Decline("second"); !ok || !slices.Equal(decline.Status, []int{400}) {
		t.Errorf("expected the second decline, got %v, %v", decline, ok)
	}
	if decline, ok := entry.Decline("third"); ok {
		t.Errorf("expected no decline, got %v", decline)
	}
}

// What a row demands comes before what its entry demands, and that before what its
// operation needs anyway.
func TestNeedsOf(t *testing.T) {
	entry := Entry{
		Needs:      []Need{IdentityServer},
		Conditions: map[string]Conditions{"add3PID": {Needs: []Need{Mail, IdentityServer}}, "post3PIDs": {Needs: []Need{}}},
	}
	for operation, want := range map[string][]Need{"add3PID": {Mail, IdentityServer}, "post3PIDs": {}, "bind3PID": {IdentityServer}} {
		if got := entry.NeedsOf(operation); !slices.Equal(got, want) {
			t.Errorf("%s: expected %v, got %v", operation, want, got)
		}
	}
	if got := (Entry{}).NeedsOf("add3PID"); !slices.Equal(got, []Need{Mail}) {
		t.Errorf("expected what /add needs, got %v", got)
	}
}

func TestVariantOfPrefersTheRow(t *testing.T) {
	entry := Entry{
		Variant:    RateLimited,
		Conditions: map[string]Conditions{"add3PID": {Variant: OAuth}, "bind3PID": {Needs: []Need{Mail}}},
	}
	for operation, want := range map[string]Variant{"add3PID": OAuth, "bind3PID": RateLimited, "post3PIDs": RateLimited} {
		if got := entry.VariantOf(operation); got != want {
			t.Errorf("%s: expected %q, got %q", operation, want, got)
		}
	}
}
