package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is what one guess costs: memory in KiB, passes, threads. It follows the
// second recommendation of RFC 9106, for servers that do more than sign-ins.
type cost struct {
	memory  uint32
	passes  uint32
	threads uint8
}

var standardCost = cost{memory: 64 * 1024, passes: 3, threads: 4}

// Bounds of a stored hash, so that a forged row cannot exhaust memory.
const (
	maxMemory = 1 << 20 // KiB
	maxPasses = 16
	keyLength = 32
	saltBytes = 16
)

// HashPassword returns the password's hash as a PHC string, with a fresh salt:
// $argon2id$v=19$m=65536,t=3,p=4$salt$key.
func HashPassword(password string) (string, error) {
	if password == "" {
		return "", errors.New("hash password: it is empty")
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	return encodeHash(standardCost, salt, derive(password, salt, standardCost)), nil
}

// CheckPassword reports whether the password has that hash. A hash that cannot
// be read fits no password.
func CheckPassword(hash, password string) bool {
	c, salt, key, err := decodeHash(hash)
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(derive(password, salt, c), key) == 1
}

func derive(password string, salt []byte, c cost) []byte {
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.threads, keyLength)
}

func encodeHash(c cost, salt, key []byte) string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.threads, encode(salt), encode(key))
}

func decodeHash(hash string) (c cost, salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("read password hash: not argon2id")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.threads); err != nil {
		return c, nil, nil, fmt.Errorf("read password hash: %w", err)
	}
	if c.memory > maxMemory || c.passes == 0 || c.passes > maxPasses || c.threads == 0 {
		return c, nil, nil, errors.New("read password hash: its cost is out of bounds")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("read password hash: %w", err)
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return c, nil, nil, fmt.Errorf("read password hash: %w", err)
	}
	if len(key) != keyLength {
		return c, nil, nil, errors.New("read password hash: its key has another length")
	}
	return c, salt, key, nil
}
