package harness

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	. "github.com/onsi/gomega"
)

func TestMemoryIsBoundedUnlessSomebodyKnowsBetter(t *testing.T) {
	g := NewWithT(t)
	before := session
	t.Cleanup(func() { session = before; debug.SetMemoryLimit(math.MaxInt64) })
	none := int64(math.MaxInt64)
	for _, c := range []struct{ how, gomemlimit, gogc string }{{how: howEmbedded}, {how: "url", gomemlimit: "1GiB"}, {how: "url", gogc: "200"}} {
		t.Setenv("GOMEMLIMIT", c.gomemlimit)
		t.Setenv("GOGC", c.gogc)
		session.world.How = c.how
		debug.SetMemoryLimit(none)
		limitMemory()
		g.Expect(debug.SetMemoryLimit(-1)).To(Equal(none), "%+v", c)
	}
	t.Setenv("GOGC", "")
	debug.FreeOSMemory() // what another test had is no longer alive
	limitMemory()
	g.Expect(debug.SetMemoryLimit(-1)).To(BeEquivalentTo(memoryLimit))
}

// A run that needs more is not starved: it would do nothing but collect.
func TestTheLimitOnMemoryGrowsWithWhatIsAlive(t *testing.T) {
	g := NewWithT(t)
	before := session
	t.Cleanup(func() { session = before; debug.SetMemoryLimit(math.MaxInt64) })
	t.Setenv("GOMEMLIMIT", "")
	t.Setenv("GOGC", "")
	session.world.How = "url"
	alive := make([]byte, 2*memoryLimit)
	debug.FreeOSMemory() // collects, so that the runtime knows what is alive
	limitMemory()
	g.Expect(debug.SetMemoryLimit(-1)).To(BeNumerically(">", float64(len(alive))*(1+leastGarbage)))
	runtime.KeepAlive(alive)
}
