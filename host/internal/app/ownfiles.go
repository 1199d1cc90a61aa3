package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// ownFiles keeps the portal's own files out of the catalog: a descriptor may
// read what lies beside it, and so may lie the configuration with its secrets.
type ownFiles struct {
	ingest.Reader
	configuration []string // files that configuration was read from
	data          string   // the data folder
}

// Read implements ingest.Reader. Fault: Denied for a file of the portal's own.
func (o ownFiles) Read(ctx context.Context, req source.Request) (source.Content, error) {
	if req.Location.Type == source.File && o.owns(req.Location.Target) {
		return source.Content{}, fault.New(fault.Denied, "%s belongs to the portal itself and is not read", req.Location.Target)
	}
	return o.Reader.Read(ctx, req) //nolint:wrapcheck // a decorator says what is decorated
}

// Touches implements ingest.Pushable.
func (o ownFiles) Touches(p source.Push, l source.Location) bool {
	r, ok := o.Reader.(ingest.Pushable)
	return ok && r.Touches(p, l)
}

// owns follows links of either kind.
func (o ownFiles) owns(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false // the reader says what is wrong with it
	}
	for _, own := range o.configuration {
		if other, err := os.Stat(own); err == nil && os.SameFile(info, other) {
			return true
		}
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return true
	}
	data, err := filepath.EvalSymlinks(o.data)
	if err != nil {
		return false
	}
	if data, err = filepath.Abs(data); err != nil {
		return true
	}
	return strings.HasPrefix(real, data+string(filepath.Separator))
}
