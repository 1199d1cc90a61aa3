package blob

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
)

// Bounds of one request.
const (
	MaxKey      = 512      // bytes
	MaxBytes    = 1 << 20  // of content in the request itself
	MaxBlob     = 64 << 20 // of content behind a handle
	MaxList     = 1000
	maxFields   = 32
	maxMetadata = 4 << 10 // bytes of names and values
)

// checkKey refuses what is no name. Keys become part of no path, so that
// slashes and dots in them mean nothing.
func checkKey(key string) error {
	switch {
	case key == "" || len(key) > MaxKey:
		return fault.New(fault.Invalid, "a key has 1 to %d bytes, not %d", MaxKey, len(key))
	case !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl):
		return fault.New(fault.Invalid, "key %q is not UTF-8 text without control characters", key)
	}
	return nil
}

// checkMediaType returns a media type as it is kept.
func checkMediaType(text string) (string, error) {
	if text == "" {
		return "application/octet-stream", nil
	}
	name, parameters, err := mime.ParseMediaType(text)
	if err != nil || len(text) > 255 || !strings.Contains(name, "/") {
		return "", fault.New(fault.Invalid, "%.100q is not a media type", text)
	}
	return mime.FormatMediaType(name, parameters), nil
}

// encodeMetadata returns fields as they are kept, nil for none.
func encodeMetadata(fields []contract.BlobField) ([]byte, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	if len(fields) > maxFields {
		return nil, fault.New(fault.Invalid, "%d fields of metadata, at most %d", len(fields), maxFields)
	}
	size, byName := 0, make(map[string]string, len(fields))
	for _, f := range fields {
		if f.Name == "" || !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Name, unicode.IsControl) {
			return nil, fault.New(fault.Invalid, "metadata %.100q is not UTF-8 text with a name", f.Name)
		}
		if _, twice := byName[f.Name]; twice {
			return nil, fault.New(fault.Invalid, "metadata %q stands there twice", f.Name)
		}
		byName[f.Name] = f.Value
		size += len(f.Name) + len(f.Value)
	}
	if size > maxMetadata {
		return nil, fault.New(fault.Invalid, "the metadata has %d bytes, at most %d", size, maxMetadata)
	}
	b, err := json.Marshal(byName)
	if err != nil {
		return nil, fmt.Errorf("encoding metadata: %w", err)
	}
	return b, nil
}

func infoOf(row store.BlobRow) (contract.BlobInfo, error) {
	info := contract.BlobInfo{
		Key: row.Key, Digest: row.Digest, Size: uint64(max(row.Size, 0)), MediaType: row.MediaType, Revision: row.Revision,
		CreatedAt: row.CreatedAt.UnixMilli(), UpdatedAt: row.UpdatedAt.UnixMilli(),
	}
	if len(row.Metadata) == 0 {
		return info, nil
	}
	var byName map[string]string
	if err := json.Unmarshal(row.Metadata, &byName); err != nil {
		return info, fmt.Errorf("decoding the metadata of blob %q: %w", row.Key, err)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		info.Metadata = append(info.Metadata, contract.BlobField{Name: name, Value: byName[name]})
	}
	return info, nil
}
