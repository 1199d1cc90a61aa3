package payload

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
)

// said is how the contract says what a type is for.
var said = regexp.MustCompile(`(?m)^// (\w+) is the (payload of|reply to|answer to) ([a-z.-]+/\d+)`)

// What the comments of the contract say of a type is what the table says. So a
// type that is added with its operation is missed here until it has its row.
func TestTheTableIsTheContracts(t *testing.T) {
	files, err := filepath.Glob("../contract/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no contract: %v", err)
	}
	guests := map[string]abi.Op{}
	for _, op := range abi.Ops() {
		guests[op.String()] = op
	}
	host := map[string]Operation{}
	for _, o := range Operations() {
		host[o.Name] = o
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_gen.go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			found++
			name, role, operation := m[1], m[2], m[3]
			var request, answer Type
			if op, ok := guests[operation]; ok {
				request, answer = Guest(op)
			} else if o, ok := host[operation]; ok {
				request, answer = o.Request, o.Answer
			} else {
				t.Errorf("%s: %s is of %s, which has no row", filepath.Base(file), name, operation)
				continue
			}
			typ := answer
			if role == "payload of" {
				typ = request
			}
			if typ == nil {
				t.Errorf("%s: %s is the %s %s, which has none in the table", filepath.Base(file), name, role, operation)
			} else if got := reflect.TypeOf(typ()).Elem().Name(); got != name {
				t.Errorf("%s: %s is the %s %s, where the table has %s", filepath.Base(file), name, role, operation, got)
			}
		}
	}
	if found < 20 {
		t.Errorf("the contract says it only %d times", found)
	}
}

// The table has one row an operation, whose name names its capability.
func TestTheTableIsConsistent(t *testing.T) {
	names, numbers := map[string]bool{}, map[[2]uint32]string{}
	for _, o := range Operations() {
		key := [2]uint32{uint32(o.Capability), o.Op}
		if other, twice := numbers[key]; twice {
			t.Errorf("%s and %s have the same numbers", other, o.Name)
		}
		if names[o.Name] {
			t.Errorf("%s has two rows", o.Name)
		}
		names[o.Name], numbers[key] = true, o.Name
		capability, _, _ := strings.Cut(o.Name, ".")
		if capability != o.Capability.String() {
			t.Errorf("%s is an operation of %s", o.Name, o.Capability)
		}
		if got, ok := Host(o.Capability, o.Op); !ok || got.Name != o.Name {
			t.Errorf("Host finds %q for %s", got.Name, o.Name)
		}
	}
}
