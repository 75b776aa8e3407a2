package schemas

import "testing"

func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct{ name, body string }{
		{"valid", goodList},
		{"4 violations", `{"threepids": [{}]}`},
		{"undecodable", `{"threepids": [`},
	} {
		b.Run(c.name, func(b *testing.B) {
			set, body := For(nil), []byte(c.body)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = set.Check("getAccount3PIDs", 200, body)
			}
		})
	}
}

func BenchmarkCheckStrict(b *testing.B) {
	set, body := For(nil), []byte(goodList)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = set.CheckStrict("getAccount3PIDs", 200, body)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(goodList)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
