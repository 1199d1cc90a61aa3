package ingest

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Backstage's names and etags are sha1; nothing relies on it being strong
	"encoding/hex"
	"slices"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/sdk/entity"
)

// The annotations that the engine sets: where an entity is from whatever a
// descriptor says of it, links unless it says otherwise.
const (
	annotationLocation = "backstage.io/managed-by-location"
	annotationOrigin   = "backstage.io/managed-by-origin-location"
	annotationViewURL  = "backstage.io/view-url"
	annotationEditURL  = "backstage.io/edit-url"
	annotationSource   = "backstage.io/source-location"
	annotationOrphan   = "backstage.io/orphan"
)

// parts is an entity as JSON around the place of its uid and etag, which
// close metadata: head, uid and etag, tail.
type parts struct{ head, tail []byte }

// assemble writes an entity as Backstage does: metadata first, in it the
// default namespace and the annotations of the engine before the rest.
func assemble(root *descriptor.Value, at, origin source.Location, links source.Links) parts {
	metadata := root.Get("metadata")
	out := descriptor.Value{Type: descriptor.Object}
	if metadata.Get("namespace") == nil {
		out.Set("namespace", descriptor.Str(entity.DefaultNamespace))
	}
	annotations := descriptor.Value{Type: descriptor.Object}
	annotations.Set(annotationLocation, descriptor.Str(at.String()))
	annotations.Set(annotationOrigin, descriptor.Str(origin.String()))
	for _, link := range []struct{ key, value string }{{annotationViewURL, links.View}, {annotationEditURL, links.Edit}, {annotationSource, links.Source}} {
		if link.value != "" {
			annotations.Set(link.key, descriptor.Str(link.value))
		}
	}
	if own := metadata.Get("annotations"); own != nil {
		for _, m := range own.Members {
			switch m.Key {
			case annotationLocation, annotationOrigin, annotationOrphan:
			default:
				annotations.Set(m.Key, m.Value)
			}
		}
	}
	out.Set("annotations", annotations)
	for _, m := range metadata.Members {
		switch m.Key {
		case "annotations", "uid", "etag":
		default:
			out.Members = append(out.Members, m)
		}
	}
	var p parts
	p.head = out.AppendJSON(append(make([]byte, 0, 1024), `{"metadata":`...))
	p.head = p.head[:len(p.head)-1] // uid and etag come before the brace
	p.tail = append(p.tail, '}')
	for i := range root.Members {
		if m := &root.Members[i]; m.Key != "metadata" {
			p.tail = descriptor.AppendString(append(p.tail, ','), m.Key)
			p.tail = m.Value.AppendJSON(append(p.tail, ':'))
		}
	}
	p.tail = append(p.tail, '}')
	return p
}

// body joins the parts with uid and etag.
func (p parts) body(uid, etag string, orphan bool) []byte {
	p = p.withOrphan(orphan)
	b := make([]byte, 0, len(p.head)+len(p.tail)+len(uid)+len(etag)+24)
	b = append(b, p.head...)
	b = append(b, `,"uid":"`...)
	b = append(b, uid...)
	b = append(b, `","etag":"`...)
	b = append(b, etag...)
	b = append(b, '"')
	return append(b, p.tail...)
}

// orphanMark follows the two annotations that every entity begins with.
const orphanMark = `,"` + annotationOrphan + `":"true"`

// withOrphan puts the annotation in or takes it out.
func (p parts) withOrphan(orphan bool) parts {
	// The value of the origin annotation ends at the first quote that is not escaped.
	at := bytes.Index(p.head, []byte(`"`+annotationOrigin+`":"`)) + len(annotationOrigin) + 4
	for at < len(p.head) && p.head[at] != '"' {
		if p.head[at] == '\\' {
			at++
		}
		at++
	}
	at = min(at+1, len(p.head))
	switch has := bytes.HasPrefix(p.head[at:], []byte(orphanMark)); {
	case has && !orphan:
		p.head = slices.Concat(p.head[:at], p.head[at+len(orphanMark):])
	case !has && orphan:
		p.head = slices.Concat(p.head[:at], []byte(orphanMark), p.head[at:])
	}
	return p
}

// split undoes body. It reports false for bytes that body did not make.
func split(body []byte, uid string) (parts, bool) {
	end := metadataEnd(body)
	suffix := len(`,"uid":"","etag":""`) + len(uid) + 2*sha1.Size
	if end < suffix || !bytes.HasPrefix(body[end-suffix:], []byte(`,"uid":"`+uid+`","etag":"`)) {
		return parts{}, false
	}
	p := parts{head: body[: end-suffix : end-suffix], tail: body[end:]}
	return p.withOrphan(false), true
}

// metadataEnd returns where the brace is that closes the first member.
func metadataEnd(body []byte) int {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 1 {
				return i
			}
		}
	}
	return -1
}

// etagOf changes with everything that a reader sees of an entity but its uid,
// so that equal content has an equal etag wherever it is.
func etagOf(p parts, relations []catalog.Relation, status []byte, orphan bool) string {
	h := sha1.New() //nolint:gosec // see above
	h.Write(p.head)
	h.Write(p.tail)
	for _, r := range relations {
		direction := "\x00>" // who may see it depends on it
		if r.Incoming {
			direction = "\x00<"
		}
		h.Write([]byte(direction + r.Type + "\x00" + r.TargetRef))
	}
	h.Write([]byte{0})
	h.Write(status)
	if orphan {
		h.Write([]byte{1})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// generatedName is the name of the Location entity of a configured or
// registered location, as Backstage names it.
func generatedName(l source.Location) string {
	sum := sha1.Sum([]byte(l.String())) //nolint:gosec // see above
	return "generated-" + hex.EncodeToString(sum[:])
}

// generatedRef is the ref of that Location entity.
func generatedRef(l source.Location) string {
	return entity.Ref{Kind: "Location", Namespace: entity.DefaultNamespace, Name: generatedName(l)}.String()
}

// generatedEntity is that Location entity.
func generatedEntity(l source.Location) descriptor.Value {
	object := func(members ...descriptor.Member) descriptor.Value {
		return descriptor.Value{Type: descriptor.Object, Members: members}
	}
	m := func(key string, v descriptor.Value) descriptor.Member { return descriptor.Member{Key: key, Value: v} }
	return object(
		m("apiVersion", descriptor.Str("backstage.io/v1alpha1")),
		m("kind", descriptor.Str("Location")),
		m("metadata", object(m("name", descriptor.Str(generatedName(l))))),
		m("spec", object(m("type", descriptor.Str(l.Type)), m("target", descriptor.Str(l.Target)))),
	)
}
