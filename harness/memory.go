package harness

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// memoryLimit is what Go's runtime may take: with the pages of the program itself a
// run stays below 150 MB.
const memoryLimit = 114 << 20

// leastGarbage is the share of what is alive that may be garbage, at least. With less,
// a run that is too large for the limit would do nothing but collect.
const leastGarbage = 0.22

// everySpecs is how often the limit is looked at again.
const everySpecs = 64

// limitMemory has the runtime collect more often instead of taking more memory. A
// homeserver in the same process has a memory of its own, which the limit is not for.
// Whoever sets GOMEMLIMIT or GOGC knows better.
func limitMemory() {
	if session.world.How == howEmbedded || os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	read := func(name string) float64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		if sample[0].Value.Kind() != metrics.KindUint64 {
			return 0 // a runtime that does not say
		}
		return float64(sample[0].Value.Uint64())
	}
	// What is neither an object nor free for one: stacks, tables, gaps.
	beside := read("/memory/classes/total:bytes") - read("/memory/classes/heap/released:bytes") -
		read("/memory/classes/heap/objects:bytes") - read("/memory/classes/heap/free:bytes")
	debug.SetMemoryLimit(int64(max(memoryLimit, beside+(1+leastGarbage)*read("/gc/heap/live:bytes"))))
}
