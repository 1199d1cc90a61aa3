package loadtest

import (
	"slices"
	"strings"
)

// Stage is a part of the work on a request, known by its functions.
type Stage struct {
	Name string
	// Functions are prefixes of full names, "runtime._ExternalCode" or
	// "github.com/gofiber/".
	Functions []string
}

// Share is how much of a profile belongs to a stage.
type Share struct {
	Stage string  `json:"stage"`
	Share float64 `json:"share"` // of the whole, 0 to 1
	// Top are the functions in which the most time was spent, what they
	// called included, the heaviest first.
	Top []FunctionShare `json:"top,omitempty"`
}

// FunctionShare is one function of a stage.
type FunctionShare struct {
	Function string  `json:"function"`
	Share    float64 `json:"share"` // of the whole profile
}

// rest is the stage of stacks that belong to none.
const rest = "rest"

// Attribute divides a profile between stages. A stack belongs to the stage of
// the innermost function that any stage knows, so that memory which the index
// allocates is the index's. The last share is the rest.
func Attribute(samples []Sample, stages []Stage, top int) []Share {
	var whole float64
	byStage := map[string]float64{}
	functions := map[string]map[string]float64{}
	for _, s := range samples {
		value := float64(s.Value)
		name, at := stageOf(s.Stack, stages)
		whole += value
		byStage[name] += value
		if functions[name] == nil {
			functions[name] = map[string]float64{}
		}
		// Up to the function that decided, each counted once however deep
		// it recurses.
		seen := map[string]bool{}
		for _, f := range s.Stack[:at] {
			if !seen[f] {
				seen[f] = true
				functions[name][f] += value
			}
		}
	}
	var out []Share
	names := make([]string, 0, len(stages)+1)
	for _, stage := range stages {
		if !slices.Contains(names, stage.Name) {
			names = append(names, stage.Name)
		}
	}
	for _, name := range append(names, rest) {
		share := Share{Stage: name}
		if whole > 0 {
			share.Share = byStage[name] / whole
			share.Top = heaviest(functions[name], whole, top)
		}
		out = append(out, share)
	}
	return out
}

// stageOf returns the stage of a stack and how many functions lie inside of it.
func stageOf(stack []string, stages []Stage) (name string, inside int) {
	for i, f := range stack {
		for _, stage := range stages {
			for _, prefix := range stage.Functions {
				if strings.HasPrefix(f, prefix) {
					return stage.Name, i + 1
				}
			}
		}
	}
	return rest, len(stack)
}

func heaviest(functions map[string]float64, whole float64, count int) []FunctionShare {
	var out []FunctionShare
	for f, value := range functions {
		out = append(out, FunctionShare{f, value / whole})
	}
	slices.SortFunc(out, func(a, b FunctionShare) int {
		switch {
		case a.Share != b.Share && a.Share > b.Share:
			return -1
		case a.Share != b.Share:
			return 1
		}
		return strings.Compare(a.Function, b.Function)
	})
	return out[:min(count, len(out))]
}
