package rawjson

import (
	"bytes"
	"testing"
)

// Every byte at every place, alone and with another behind it, ends a run
// where the byte-wise rule says.
func TestPlainEndsAtTheFirstByteThatIsNot(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				b := bytes.Repeat([]byte("x"), length)
				b[at] = byte(c)
				if at+1 < length {
					b[at+1] = '"'
				}
				for from := range at + 1 {
					want := from
					for want < len(b) && isPlain(b[want]) {
						want++
					}
					if got := plain(b, from); got != want {
						t.Fatalf("plain(%q, %d) = %d, want %d", b, from, got, want)
					}
				}
			}
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte(`component:default/brisk-payment "x"`), 3)
	f.Add([]byte("é\x1f\x20\x7f\x80\xff"), 0)
	f.Fuzz(func(t *testing.T, b []byte, from int) {
		if from < 0 || from > len(b) {
			return
		}
		want := from
		for want < len(b) && isPlain(b[want]) {
			want++
		}
		if got := plain(b, from); got != want {
			t.Errorf("plain(%q, %d) = %d, want %d", b, from, got, want)
		}
	})
}

func BenchmarkUnquote(b *testing.B) {
	raw := []byte(`"component:default/brisk-payment-gateway-000123"`)
	for b.Loop() {
		if _, ok := Unquote(raw); !ok {
			b.Fatal("not a string")
		}
	}
}
