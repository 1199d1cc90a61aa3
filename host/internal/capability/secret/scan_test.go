package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/secret"
)

func scanner(values ...string) *secret.Scanner {
	s := &secret.Scanner{}
	for _, v := range values {
		s.Add([]secret.Used{{Name: "name-of-" + v[:3], Value: v}})
	}
	return s
}

// slow reads in pieces of the sizes given, over and over.
type slow struct {
	from  io.Reader
	sizes []byte
	n     int
}

func (s *slow) Read(p []byte) (int, error) {
	size := 1
	if len(s.sizes) > 0 {
		size = int(s.sizes[s.n%len(s.sizes)])%64 + 1
		s.n++
	}
	return s.from.Read(p[:min(size, len(p))])
}

// FuzzScanner holds the scanner to finding a value in every encoding, whatever
// is around it and however the stream is cut.
func FuzzScanner(f *testing.F) {
	f.Add("canary-of-the-test", "before", "after", []byte{1, 7, 30}, uint8(0))
	f.Add(`a"b\c/d+e=f&g<h`, "%zz\\", "&amp", []byte{63}, uint8(5))
	f.Fuzz(func(t *testing.T, value, before, after string, sizes []byte, how uint8) {
		if len(value) < 8 || strings.Trim(value, " ") == "" {
			return
		}
		for i := range len(value) {
			if value[i] < ' ' || value[i] >= 0x7f {
				return
			}
		}
		text := value
		switch how % 9 {
		case 1:
			text = base64.StdEncoding.EncodeToString([]byte(before + value + after))
		case 2:
			text = base64.URLEncoding.EncodeToString([]byte(before + value + after))
		case 3:
			text = hex.EncodeToString([]byte(value))
		case 4:
			text = strings.ToUpper(hex.EncodeToString([]byte(value)))
		case 5:
			text = url.PathEscape(value)
		case 6:
			b, _ := json.Marshal(value)
			text = string(b)
		case 7:
			text = html.EscapeString(value)
		case 8:
			text = url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(before + value)))
		}
		// A % or \ right before a text could make an escape of its first letters.
		body := strings.TrimRight(before, `\%&0123456789abcdefABCDEFux#;`) + " " + text + " " + after
		_, err := io.ReadAll(scanner(value).Reader(&slow{from: strings.NewReader(body), sizes: sizes}, "host"))
		if err == nil {
			t.Fatalf("%q is not found in %q", value, body)
		}
		if strings.Contains(err.Error(), value) {
			t.Fatalf("the refusal tells it: %v", err)
		}
	})
}

func TestTheScannerPassesEverythingElseOn(t *testing.T) {
	body := strings.Repeat("canary-of-the-tes canary-of-the-TEST Y2FuYXJ5 63616e617279 %63anary \\u0063 &#99; ", 1000)
	for name, from := range map[string]io.Reader{
		"whole": strings.NewReader(body), "by bytes": iotest.OneByteReader(strings.NewReader(body)), "with its end": iotest.DataErrReader(strings.NewReader(body)),
	} {
		got, err := io.ReadAll(scanner("canary-of-the-test").Reader(from, "host"))
		if err != nil || string(got) != body {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	cut := errors.New("cut off")
	if _, err := io.ReadAll(scanner("canary-of-the-test").Reader(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(cut)), "host")); !errors.Is(err, cut) {
		t.Errorf("an error of the body: %v", err)
	}
}

func TestTheScannerNamesTheSecretThatItFound(t *testing.T) {
	s := scanner("one-canary", "two-canary")
	if name, found := s.Find("x two-canary"); !found || name != "name-of-two" {
		t.Errorf("%q, %v", name, found)
	}
	_, err := io.ReadAll(s.Reader(strings.NewReader("one-canary"), "api.example.com"))
	var d *capability.Denial
	if !errors.As(err, &d) || d.Missing != "secret: reveal name-of-one" || !strings.Contains(d.Why, "api.example.com") {
		t.Errorf("%v", err)
	}
	if _, found := (&secret.Scanner{}).Find("anything"); found {
		t.Error("a scanner of nothing finds something")
	}
}

func BenchmarkScanner(b *testing.B) {
	body := bytes.Repeat([]byte(`{"id": 17, "title": "A build of the repository web", "state": "passed"}, `), 1<<20/74)
	for name, s := range map[string]*secret.Scanner{"no secret": {}, "one secret": scanner("canary-of-the-benchmark"), "two secrets": scanner("canary-of-the-benchmark", "another-of-the-benchmark")} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := io.Copy(io.Discard, s.Reader(bytes.NewReader(body), "host")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
