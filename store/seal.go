package store

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/slipwayhq/slipway/store/keeper"
)

// Sealer makes values unreadable at rest. The binding names the place of the
// value; what was sealed for one place does not open at another, so rows cannot
// be swapped behind our back.
type Sealer interface {
	Seal(plain, binding []byte) ([]byte, error)
	Open(sealed, binding []byte) ([]byte, error)
	// Fingerprint names the key without telling it.
	Fingerprint() string
}

// Envelope is the Sealer of a running server. Each process draws a data key,
// has it wrapped once by the keeper and puts the wrapped key in front of every
// value it seals; so the keeper, which may be a service far away, is asked once
// for each data key and not for each value, and its own key never leaves it.
type Envelope struct {
	keeper  keeper.Keeper
	aead    cipher.AEAD
	wrapped []byte

	mu    sync.Mutex
	known map[string]cipher.AEAD // by wrapped key
}

// envelopeVersion is the first byte of a sealed value:
// version | length of the wrapped key (2 bytes) | wrapped key | nonce | box.
const envelopeVersion = 1

// unwrapTimeout bounds how long a value waits for the keeper.
const unwrapTimeout = 10 * time.Second

// NewEnvelope draws a data key and has it wrapped.
func NewEnvelope(ctx context.Context, k keeper.Keeper) (*Envelope, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw data key: %w", err)
	}
	wrapped, err := k.Encrypt(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("wrap data key: %w", err)
	}
	if len(wrapped) > 1<<16-1 {
		return nil, fmt.Errorf("wrap data key: the keeper's answer has %d bytes, at most 65535 fit", len(wrapped))
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("use data key: %w", err)
	}
	return &Envelope{keeper: k, aead: aead, wrapped: wrapped, known: map[string]cipher.AEAD{string(wrapped): aead}}, nil
}

// Fingerprint names the keeper's key.
func (e *Envelope) Fingerprint() string { return e.keeper.Fingerprint() }

// Seal encrypts plain for the place that binding names.
func (e *Envelope) Seal(plain, binding []byte) ([]byte, error) {
	head := 3 + len(e.wrapped)
	out := make([]byte, head+chacha20poly1305.NonceSizeX, head+chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	out[0] = envelopeVersion
	binary.BigEndian.PutUint16(out[1:], uint16(len(e.wrapped))) // NewEnvelope checked that it fits
	copy(out[3:], e.wrapped)
	nonce := out[head:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	return e.aead.Seal(out, nonce, plain, binding), nil
}

var errNotSealed = errors.New("not a sealed value")

// Open decrypts what a Seal with the same binding and the same keeper made.
func (e *Envelope) Open(sealed, binding []byte) ([]byte, error) {
	if len(sealed) < 3 || sealed[0] != envelopeVersion {
		return nil, errNotSealed
	}
	rest := sealed[3:]
	size := int(binary.BigEndian.Uint16(sealed[1:]))
	if len(rest) < size+chacha20poly1305.NonceSizeX {
		return nil, errNotSealed
	}
	aead, err := e.dataKey(rest[:size])
	if err != nil {
		return nil, err
	}
	nonce, box := rest[size:size+chacha20poly1305.NonceSizeX], rest[size+chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(nil, nonce, box, binding)
	if err != nil {
		return nil, errors.New("sealed for another place, or damaged")
	}
	return plain, nil
}

// dataKey finds the key behind its wrapped form, asking the keeper the first time.
func (e *Envelope) dataKey(wrapped []byte) (cipher.AEAD, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if aead, ok := e.known[string(wrapped)]; ok {
		return aead, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), unwrapTimeout)
	defer cancel()
	key, err := e.keeper.Decrypt(ctx, wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("use data key: %w", err)
	}
	e.known[string(wrapped)] = aead
	return aead, nil
}
