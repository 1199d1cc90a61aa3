package history

import (
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
)

// differ walks two values and notes where they differ.
type differ struct {
	fields []field
	more   int
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer returns the JSON pointer of a key below a path.
func pointer(path, key string) string { return path + "/" + pointerEscape.Replace(key) }

// values notes what differs between two values at a path; nil is absence.
func (w *differ) values(path string, before, after *descriptor.Value) {
	switch {
	case before == nil && after == nil:
	case before == nil || after == nil || before.Type != after.Type:
		w.note(path, before, after)
	case before.Type == descriptor.Object:
		w.objects(path, before, after)
	case before.Type == descriptor.Array && len(before.Items) == len(after.Items):
		for i := range before.Items {
			w.values(path+"/"+strconv.Itoa(i), &before.Items[i], &after.Items[i])
		}
	case before.Type == descriptor.Array:
		w.note(path, before, after)
	case before.Text != after.Text:
		w.note(path, before, after)
	}
}

// objects goes through the keys of two objects: those of the one before
// first, in their order. Keys in another order make no difference.
func (w *differ) objects(path string, before, after *descriptor.Value) {
	next := make(map[string]*descriptor.Value, len(after.Members))
	for i := range after.Members {
		next[after.Members[i].Key] = &after.Members[i].Value
	}
	for i := range before.Members {
		m := &before.Members[i]
		w.values(pointer(path, m.Key), &m.Value, next[m.Key])
		delete(next, m.Key)
	}
	for i := range after.Members {
		if m := &after.Members[i]; next[m.Key] != nil {
			w.values(pointer(path, m.Key), nil, &m.Value)
		}
	}
}

func (w *differ) note(path string, before, after *descriptor.Value) {
	if len(w.fields) >= maxFields {
		w.more++
		return
	}
	f := field{Path: path}
	if after != nil {
		if f.After, f.Is = shown(after); f.Is != nil {
			f.After = nil
		}
	}
	if before != nil {
		if f.Before, f.Was = shown(before); f.Was != nil && f.Was.Bytes > longText && after != nil &&
			before.Type == descriptor.String && after.Type == descriptor.String {
			f.Before, f.Splice = nil, cut(before.Text, after.Text)
		}
	}
	w.fields = append(w.fields, f)
}
