package config

import "testing"

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	tests := []struct {
		name, text string
		line       int
	}{
		{"an open list in the first line", "a: [}", 1},
		{"an open list further down", "a: 1\nb: [}\nc: 1\n", 2},
		{"a key without a colon", "a: 1\nb\nc: 1\n", 2},
		{"a tab", "a:\n\tb: 1\n", 2},
		{"a mapping in a plain text", "a: 1\nb: c: d\n", 2},
		{"an unfinished quote", "a: 1\nb: \"c\n", 2},
		{"a wrong indent", "a: 1\n b: 2\n", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := new(parser).yaml([]byte(tt.text), "x.yaml")
			if err == nil {
				t.Fatal("no error")
			}
			if got := problemOf("x.yaml", err).Origin.Line; got != tt.line {
				t.Errorf("line %d, want %d: %v", got, tt.line, err)
			}
		})
	}
}
