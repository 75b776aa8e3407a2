package exchange

import (
	"net/http"
	"testing"
)

// One exchange with everything: sent, judged, masked, recorded.
func BenchmarkDo(b *testing.B) {
	c := connect(b, serve(b, canned{status: http.StatusOK, body: goodList}), modern, enough)
	list := call(b, "getAccount3PIDs")
	list.Token = "syt_c3BlYw_benchmark_0"
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%10 == 0 { // about as many as a spec sends
			c.recorder.Begin("getAccount3PIDs get-003-item-required-fields: lists what was added")
		}
		c.answer(b, list)
	}
}
