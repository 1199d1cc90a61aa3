package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/rawjson"
)

// analyzeLocation serves POST /analyze-location: the entities of a descriptor,
// or what a descriptor for the place could say.
func analyzeLocation(ctx context.Context, r *sdk.Request) (*sdk.Response, error) {
	var p place
	err := body(r, func(key string, value []byte) (err error) {
		if key == "location" {
			p, err = readPlace(value)
		}
		return err
	})
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, err
	}
	l, err := sdk.Viewer(ctx).Catalog().AddLocation(p.target, true)
	switch {
	case err == nil:
		entities, err := l.Handle.Bytes()
		if err != nil {
			return nil, err
		}
		return ok().Bytes(analysis(p, l.Exists, entities, l.Problems)), nil
	case unread(err):
		why := sdk.CatalogProblem{Name: "InputError", Message: message(err), Warning: true}
		return ok().Bytes(analysis(p, false, []byte("[]"), []sdk.CatalogProblem{why})), nil
	}
	return nil, err
}

// analysis is the entities that are there already, or else a component named
// after the place. problems are ours: what of the descriptor would be refused,
// and why nothing was read.
func analysis(p place, registered bool, entities []byte, problems []sdk.CatalogProblem) []byte {
	b := []byte(`{"existingEntityFiles":[`)
	found := 0
	_ = rawjson.Each(entities, func(entity []byte) { // the host wrote it
		if found++; found > 1 {
			b = append(b, ',')
		}
		b = rawjson.AppendQuote(append(b, `{"location":{"type":`...), p.kind)
		b = rawjson.AppendQuote(append(b, `,"target":`...), p.target)
		b = append(append(b, `},"isRegistered":`...), truth(registered)...)
		b = append(append(append(b, `,"entity":`...), entity...), '}')
	})
	b = append(b, `],"generateEntities":[`...)
	if found == 0 {
		b = append(b, `{"entity":{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":`...)
		b = append(rawjson.AppendQuote(b, nameOf(p.target)), `},"spec":{"type":"other","lifecycle":"unknown"}},"fields":[]}`...)
	}
	b = append(b, `],"problems":[`...)
	for i, problem := range problems {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"line":`...), int64(problem.Line), 10)
		b = rawjson.AppendQuote(append(b, `,"entityRef":`...), problem.Ref)
		b = rawjson.AppendQuote(append(b, `,"name":`...), problem.Name)
		b = rawjson.AppendQuote(append(b, `,"message":`...), problem.Message)
		b = append(append(append(b, `,"warning":`...), truth(problem.Warning)...), '}')
	}
	return append(b, "]}"...)
}

// nameOf makes an entity's name of the last part of a URL's path.
func nameOf(target string) string {
	target, _, _ = strings.Cut(target, "?")
	target, _, _ = strings.Cut(target, "#")
	_, path, _ := strings.Cut(target, "://")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	name := strings.TrimSuffix(parts[len(parts)-1], ".git")
	b := []byte(name)
	for i, c := range b {
		if !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' {
			b[i] = '-'
		}
	}
	name = strings.Trim(string(b[:min(len(b), 63)]), "-_.")
	if name == "" {
		return "unnamed"
	}
	return name
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// describe says where a problem is, and what it is.
func describe(p sdk.CatalogProblem) string {
	s := p.Name + ": " + p.Message
	if p.Line > 0 {
		s = "line " + strconv.Itoa(p.Line) + ": " + s
	}
	return s
}
