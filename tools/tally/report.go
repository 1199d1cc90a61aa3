package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

type count struct{ passed, failed, skipped int }

func (c *count) add(other count) {
	c.passed += other.passed
	c.failed += other.failed
	c.skipped += other.skipped
}

// suite is what one runner reported, with the names of what did not pass.
type suite struct {
	name string
	count
	failures []string
	skips    []string
}

func (s *suite) fail(name string) {
	s.failed++
	s.failures = append(s.failures, name)
}

func (s *suite) skip(name string) {
	s.skipped++
	s.skips = append(s.skips, name)
}

// testCase is the element of JUnit XML that all runners agree on, but for classname, which some
// fill with the word test. Only whether the three inner
// elements are there matters, not what they hold.
type testCase struct {
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Error   *struct{} `xml:"error"`
	Skipped *struct{} `xml:"skipped"`
}

// readJUnit counts every <testcase>, however deep the runner nests its <testsuite>s.
func readJUnit(s *suite, data []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(data)) //nolint:gosec // a report that our own runner wrote
	seen := false
	var groups []string // the names of the open testsuites
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if !seen {
				return errors.New("no test was run")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch element := token.(type) {
		case xml.EndElement:
			if element.Name.Local == "testsuite" {
				groups = groups[:len(groups)-1]
			}
		case xml.StartElement:
			switch element.Name.Local {
			case "testsuite":
				groups = append(groups, attribute(element, "name"))
			case "testcase":
				seen = true
				if err := s.readCase(decoder, element, groups); err != nil {
					return err
				}
			}
		}
	}
}

func (s *suite) readCase(decoder *xml.Decoder, start xml.StartElement, groups []string) error {
	var c testCase
	if err := decoder.DecodeElement(&c, &start); err != nil {
		return err
	}
	name := c.Name
	if len(groups) > 0 {
		name = groups[len(groups)-1] + " " + name
	}
	switch {
	case c.Failure != nil || c.Error != nil:
		s.fail(name)
	case c.Skipped != nil:
		s.skip(name)
	default:
		s.passed++
	}
	return nil
}

func attribute(element xml.StartElement, name string) string {
	for _, attr := range element.Attr {
		if attr.Name.Local == name {
			return attr.Value
		}
	}
	return ""
}

// readOPA counts the answer of `opa test --format=json`.
func readOPA(s *suite, data []byte) error {
	var cases []struct {
		Package string          `json:"package"`
		Name    string          `json:"name"`
		Fail    bool            `json:"fail"`
		Skip    bool            `json:"skip"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		return err
	}
	if len(cases) == 0 {
		return errors.New("no test was run")
	}
	for _, c := range cases {
		name := c.Package + "." + c.Name
		switch {
		case c.Fail || len(c.Error) > 0:
			s.fail(name)
		case c.Skip:
			s.skip(name)
		default:
			s.passed++
		}
	}
	return nil
}

// readChecks reads what scripts/report.sh noted, a line each: outcome, suite, name, divided
// by tabs. Outcomes are pass, fail, skip, and exit: the runner of the suite ended with a status
// other than 0, which counts only if its report has no failure that explains it.
func readChecks(path string, of func(string) *suite) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(fields) != 3 {
			return fmt.Errorf("%s: %q is not three fields", path, line)
		}
		s := of(fields[1])
		switch fields[0] {
		case "pass":
			s.passed++
		case "fail":
			s.fail(fields[2])
		case "skip":
			s.skip(fields[2])
		case "exit":
			if s.failed == 0 {
				s.fail(fields[2])
			}
		default:
			return fmt.Errorf("%s: %q is not an outcome", path, fields[0])
		}
	}
	return nil
}
