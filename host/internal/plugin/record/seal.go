package record

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/callboard/callboard/host/internal/fault"
)

// A file is a magic line, the id of its key, and two sealed parts: what a list
// shows, and the recording itself, packed. Each part is a nonce and AES-256-GCM
// with plugin, id and part as additional data, so that parts cannot change
// places.
//
//	"callboard recording 1\n" | key id (8) | length of the first part (4, little endian) | part | part
const magic = "callboard recording 1\n"

const (
	keyIDSize = 8
	maxFile   = 64 << 20
	maxMeta   = 64 << 10
)

// errSealed is about a file that is not ours, or sealed with a key that is not at hand.
var errSealed = errors.New("it cannot be opened: it is damaged, or was written with another key")

// Key opens and seals files.
type Key struct {
	id   [keyIDSize]byte
	aead cipher.AEAD
}

// NewKey derives a key from a secret of any length.
func NewKey(secret []byte) (Key, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, "callboard recordings 1", 32+keyIDSize)
	if err != nil {
		return Key{}, fmt.Errorf("deriving the key of recordings: %w", err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return Key{}, fmt.Errorf("deriving the key of recordings: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Key{}, fmt.Errorf("deriving the key of recordings: %w", err)
	}
	k := Key{aead: aead}
	copy(k.id[:], derived[32:])
	return k, nil
}

// FileKey returns the key in a file of mode 0600, which is made when it is
// missing. Fault: Denied (others can read it).
func FileKey(name string, random io.Reader) (Key, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return Key{}, fmt.Errorf("making the folder of recordings: %w", err)
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return Key{}, fmt.Errorf("drawing the key of recordings: %w", err)
	}
	// Written beside and linked, so that two processes end up with one key and
	// a killed one leaves no half of it.
	half := name + ".new"
	if err := os.WriteFile(half, secret, 0o600); err != nil {
		return Key{}, fmt.Errorf("writing the key of recordings: %w", err)
	}
	err := os.Link(half, name)
	_ = os.Remove(half)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("writing the key of recordings: %w", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return Key{}, fmt.Errorf("reading the key of recordings: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return Key{}, fault.New(fault.Denied, "%s can be read by others; chmod 600 it, or remove it and the recordings with it", name)
	}
	if secret, err = os.ReadFile(name); err != nil {
		return Key{}, fmt.Errorf("reading the key of recordings: %w", err)
	}
	return NewKey(secret)
}

// seal makes a file.
func (k Key) seal(random io.Reader, name string, meta, body []byte) ([]byte, error) {
	out := append([]byte(magic), k.id[:]...)
	first, err := k.part(random, name+" meta", meta)
	if err != nil {
		return nil, err
	}
	second, err := k.part(random, name+" body", body)
	if err != nil {
		return nil, err
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(first))) //nolint:gosec // far below
	return append(append(out, first...), second...), nil
}

func (k Key) part(random io.Reader, name string, plain []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	return k.aead.Seal(nonce, nonce, plain, []byte(name)), nil
}

func (k Key) open(name string, sealed []byte) ([]byte, error) {
	if len(sealed) < k.aead.NonceSize() {
		return nil, errSealed
	}
	nonce := sealed[:k.aead.NonceSize()]
	plain, err := k.aead.Open(nil, nonce, sealed[len(nonce):], []byte(name))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// prefix reads the part of a file that a list needs: the key's id and the
// first sealed part. r is left at the second.
func prefix(r io.Reader) (id [keyIDSize]byte, meta []byte, err error) {
	head := make([]byte, len(magic)+keyIDSize+4)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte(magic)) {
		return id, nil, errSealed
	}
	copy(id[:], head[len(magic):])
	n := binary.LittleEndian.Uint32(head[len(magic)+keyIDSize:])
	if n > maxMeta {
		return id, nil, errSealed
	}
	meta = make([]byte, n)
	if _, err := io.ReadFull(r, meta); err != nil {
		return id, nil, errSealed
	}
	return id, meta, nil
}
