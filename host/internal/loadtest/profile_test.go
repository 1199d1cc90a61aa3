package loadtest_test

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// parked stands in a stack until it is released.
func parked(standing chan<- struct{}, release <-chan struct{}) {
	standing <- struct{}{}
	<-release
}

func TestParseProfileReadsWhatTheRuntimeWrites(t *testing.T) {
	standing, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	for range 3 {
		go parked(standing, release)
		<-standing
	}
	// Having sent is not yet waiting; the profile shows where it is.
	var found loadtest.Sample
	for found.Value != 3 {
		runtime.Gosched()
		var b bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&b, 0); err != nil {
			t.Fatal(err)
		}
		samples, err := loadtest.ParseProfile(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if slices.ContainsFunc(s.Stack, func(f string) bool { return strings.HasSuffix(f, "loadtest_test.parked") }) &&
				slices.Contains(s.Stack, "runtime.chanrecv1") {
				found = s
			}
		}
	}
	recv := slices.Index(found.Stack, "runtime.chanrecv1")
	own := slices.IndexFunc(found.Stack, func(f string) bool { return strings.HasSuffix(f, ".parked") })
	if recv > own {
		t.Errorf("the innermost function is not first: %v", found.Stack)
	}
}

func TestParseProfileRefusesWhatIsNoProfile(t *testing.T) {
	pack := func(content string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(content))
		_ = z.Close()
		return b.String()
	}
	for name, content := range map[string]string{
		"not packed":                    "hello",
		"a field that ends early":       pack("\x12\x7f"),
		"a sample that names no string": pack("\x12\x04\x08\x01\x10\x01" + "\x22\x06\x08\x01\x22\x02\x08\x01" + "\x2a\x04\x08\x01\x10\x63"),
	} {
		t.Run(name, func(t *testing.T) {
			if samples, err := loadtest.ParseProfile(strings.NewReader(content)); err == nil {
				t.Errorf("no error but %v", samples)
			}
		})
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte("\x12\x04\x08\x01\x10\x01" + "\x22\x06\x08\x01\x22\x02\x08\x01" + "\x2a\x04\x08\x01\x10\x00" + "\x32\x01f"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(content)
		_ = z.Close()
		if samples, err := loadtest.ParseProfile(&b); err != nil && samples != nil {
			t.Errorf("samples beside the error %v", err)
		}
	})
}

func TestAttribute(t *testing.T) {
	stages := []loadtest.Stage{
		{Name: "guest", Functions: []string{"runtime._ExternalCode"}},
		{Name: "index", Functions: []string{"example.org/index."}},
		{Name: "HTTP", Functions: []string{"example.org/web.", "net."}},
	}
	samples := []loadtest.Sample{
		{Stack: []string{"runtime._ExternalCode", "runtime._ExternalCode"}, Value: 40},
		{Stack: []string{"runtime.mallocgc", "example.org/index.Get", "example.org/web.serve"}, Value: 30},
		{Stack: []string{"syscall.write", "net.write", "example.org/web.serve"}, Value: 20},
		{Stack: []string{"runtime.gcDrain", "runtime.gcBgMarkWorker"}, Value: 10},
	}
	got := loadtest.Attribute(samples, stages, 1)
	want := []loadtest.Share{
		{Stage: "guest", Share: 0.4, Top: []loadtest.FunctionShare{{Function: "runtime._ExternalCode", Share: 0.4}}},
		{Stage: "index", Share: 0.3, Top: []loadtest.FunctionShare{{Function: "example.org/index.Get", Share: 0.3}}},
		{Stage: "HTTP", Share: 0.2, Top: []loadtest.FunctionShare{{Function: "net.write", Share: 0.2}}},
		{Stage: "rest", Share: 0.1, Top: []loadtest.FunctionShare{{Function: "runtime.gcBgMarkWorker", Share: 0.1}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := loadtest.Attribute(nil, stages, 1); len(got) != 4 || got[0].Share != 0 {
		t.Errorf("of an empty profile: %+v", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []float64
		want float64
	}{
		{"of nothing", nil, 0},
		{"of one", []float64{7}, 7},
		{"of an odd count", []float64{9, 1, 5}, 5},
		{"of an even count", []float64{4, 1, 2, 100}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := loadtest.Median(c.in); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
