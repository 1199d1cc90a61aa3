package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/callboard/callboard/host/internal/catalog/model"
)

// Described is the effective model as JSON.
type Described struct {
	JSON []byte
	ETag string // changes with it
}

// describe writes a model down, once.
func describe(m *model.Model) Described {
	text, err := json.Marshal(m.Describe())
	if err != nil {
		panic(fmt.Sprintf("ingest: describing the model: %v", err)) // what was compiled was JSON
	}
	sum := sha256.Sum256(text)
	return Described{text, hex.EncodeToString(sum[:16])}
}

// Model returns the effective model: that of the plugins that are current,
// though the catalog may still be made anew for it.
func (e *Engine) Model() Described {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		return e.next.described
	}
	return e.pipe.described
}
