package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// FormToken is what a form must carry to be ours. It derives from the secret in
// the browser's cookie, so that every server can check it, nothing is stored,
// and another site, which cannot read the cookie, cannot make it. It looks
// different each time: pages are compressed, and how well would else tell
// somebody who can add to a page what its token is.
func FormToken(cookie string) string {
	token := make([]byte, 2*sha256.Size)
	mask, masked := token[:sha256.Size], token[sha256.Size:]
	_, _ = rand.Read(mask) // never fails
	subtle.XORBytes(masked, mask, formMAC(cookie))
	return base64.RawURLEncoding.EncodeToString(token)
}

// CheckFormToken reports whether the form's token belongs to the cookie.
func CheckFormToken(cookie, token string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if cookie == "" || err != nil || len(raw) != 2*sha256.Size {
		return false
	}
	mac := make([]byte, sha256.Size)
	subtle.XORBytes(mac, raw[:sha256.Size], raw[sha256.Size:])
	return hmac.Equal(mac, formMAC(cookie))
}

func formMAC(cookie string) []byte {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte("slipway form"))
	return mac.Sum(nil)
}

// NewDoorToken is the secret of a browser that nobody has signed in with yet:
// the sign-in form's token derives from it.
func NewDoorToken() string { return newToken() }
