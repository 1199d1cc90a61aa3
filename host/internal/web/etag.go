package web

import (
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/gofiber/fiber/v2"
)

// etag answers 304 where the client holds the same answer. An answer that
// comes with a tag keeps it; any other successful GET gets a weak one.
func etag(c *fiber.Ctx) error {
	if err := c.Next(); err != nil {
		return err
	}
	res := c.Response()
	if (c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead) || res.StatusCode() != fiber.StatusOK || c.Locals(localNoETag) != nil {
		return nil
	}
	tag := string(res.Header.Peek(fiber.HeaderETag))
	if tag == "" {
		body := res.Body()
		tag = `W/"` + strconv.FormatInt(int64(len(body)), 36) + "-" + strconv.FormatUint(xxhash.Sum64(body), 36) + `"`
		res.Header.Set(fiber.HeaderETag, tag)
	}
	if matches(c.Get(fiber.HeaderIfNoneMatch), tag) {
		res.ResetBody()
		c.Status(fiber.StatusNotModified)
		res.Header.Del(fiber.HeaderContentType)
	}
	return nil
}

// matches compares weakly, as RFC 9110 asks for If-None-Match.
func matches(header, tag string) bool {
	if header == "" {
		return false
	}
	tag = strings.TrimPrefix(tag, "W/")
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
