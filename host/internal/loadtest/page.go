package loadtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// GoVersion returns the version of the Go toolchain that is on the path, which
// built what is measured; this program may be built by go run.
func GoVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return runtime.Version()
	}
	return strings.TrimSpace(string(out))
}

// Machine describes where figures come from: processor, cores, kernel.
func Machine() string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		lines := bufio.NewScanner(bytes.NewReader(b))
		for lines.Scan() {
			if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel := runtime.GOOS
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = "Linux " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%s, %d cores, %s", model, runtime.NumCPU(), kernel)
}

// ReplaceSections puts each section that is not empty between its markers in
// a page, <!-- bench:NAME --> and <!-- /bench:NAME -->. Others stay as they are.
func ReplaceSections(page string, sections map[string]string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		text := sections[name]
		if text == "" {
			continue
		}
		begin, end := "<!-- bench:"+name+" -->", "<!-- /bench:"+name+" -->"
		before, rest, found := strings.Cut(page, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("the page has no section between %s and %s", begin, end)
		}
		page = before + begin + "\n" + text + end + after
	}
	return page, nil
}
