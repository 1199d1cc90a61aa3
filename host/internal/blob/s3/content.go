package s3

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// blockSize is how much one request reads ahead of small reads: guests read
// handles in pieces of some KiB.
const blockSize = 256 << 10

// content is one object. It keeps the block that was read last.
type content struct {
	ctx     context.Context //nolint:containedctx // that of Open, which counts for the reads: io.ReaderAt takes none
	backend *Backend
	key     *string
	size    int64

	mu    sync.Mutex
	start int64 // of block
	block []byte
}

// Size implements blob.Content.
func (c *content) Size() int64 { return c.size }

// Close implements blob.Content.
func (c *content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.block = nil
	return nil
}

// ReadAt implements blob.Content.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= c.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), c.size-off)
	n, err := c.fill(p[:want], off)
	if err == nil && int64(n) < int64(len(p)) {
		err = io.EOF
	}
	return n, err
}

func (c *content) fill(p []byte, off int64) (int, error) {
	if len(p) >= blockSize {
		return c.get(p, off)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if off < c.start || off+int64(len(p)) > c.start+int64(len(c.block)) {
		block := make([]byte, min(blockSize, c.size-off))
		if _, err := c.get(block, off); err != nil {
			return 0, err
		}
		c.start, c.block = off, block
	}
	return copy(p, c.block[off-c.start:]), nil
}

// get reads a range whole.
func (c *content) get(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	span := fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1)
	answer, err := c.backend.client.GetObject(c.ctx, &s3.GetObjectInput{Bucket: &c.backend.bucket, Key: c.key, Range: &span})
	if err != nil {
		return 0, classify(c.ctx, err, "the blob cannot be read")
	}
	defer func() { _ = answer.Body.Close() }()
	n, err := io.ReadFull(answer.Body, p)
	if err != nil {
		return n, classify(c.ctx, err, "the blob cannot be read")
	}
	return n, nil
}
