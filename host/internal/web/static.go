package web

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
)

// noncePlaceholder in index.html is replaced for each answer.
const noncePlaceholder = "__CSP_NONCE__"

// static serves the built UI from memory: the files of /assets/ carry their
// content's hash in their names and never change; every other path is a page
// of the app and gets index.html.
type static struct {
	files  map[string]file
	index  []byte
	origin func(*fiber.Ctx) string // of our pages; its host was checked by guard
}

type file struct {
	content   []byte
	mediaType string
}

func newStatic(ui fs.FS, title string, origin func(*fiber.Ctx) string) (*static, error) {
	s := &static{files: map[string]file{}, origin: origin}
	err := fs.WalkDir(ui, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name) == ".gitkeep" {
			return err
		}
		content, err := fs.ReadFile(ui, name)
		if err != nil {
			return err
		}
		mediaType := mime.TypeByExtension(path.Ext(name))
		if mediaType == "" {
			mediaType = "application/octet-stream"
		}
		s.files["/"+name] = file{content, mediaType}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the UI: %w", err)
	}
	if index, ok := s.files["/index.html"]; ok {
		s.index = bytes.ReplaceAll(index.content, []byte("__APP_TITLE__"), []byte(html.EscapeString(title)))
		delete(s.files, "/index.html")
	}
	return s, nil
}

func (s *static) serve(c *fiber.Ctx) error {
	name := c.Path()
	if f, ok := s.files[name]; ok {
		c.Locals(localRoute, "/assets")
		c.Set(fiber.HeaderContentType, f.mediaType)
		if strings.HasPrefix(name, "/assets/") {
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		} else {
			c.Set(fiber.HeaderCacheControl, "no-cache")
		}
		c.Response().SetBodyRaw(f.content)
		return nil
	}
	if strings.HasPrefix(name, "/assets/") {
		c.Locals(localRoute, "/assets")
		return fault.New(fault.NotFound, "there is no file %s; a newer version may be running: reload the page", path.Base(name))
	}
	return s.page(c)
}

// page answers index.html with a nonce of its own.
func (s *static) page(c *fiber.Ctx) error {
	c.Locals(localRoute, "/")
	c.Locals(localNoETag, true)
	if s.index == nil {
		return fault.Wrap(fault.Unavailable, errors.New("no index.html"), "this binary was built without the UI; run make build")
	}
	raw := make([]byte, 18)
	if _, err := rand.Read(raw); err != nil {
		return fault.Wrap(fault.Internal, err, "making a nonce")
	}
	nonce := base64.StdEncoding.EncodeToString(raw)
	assets := s.origin(c) + "/assets/"
	c.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "script-src 'nonce-" + nonce + "' " + assets, "style-src 'nonce-" + nonce + "' " + assets,
		"img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'",
		"base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'",
	}, "; "))
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(bytes.ReplaceAll(s.index, []byte(noncePlaceholder), []byte(nonce)))
}
