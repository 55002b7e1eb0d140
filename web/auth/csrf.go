package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// FormToken is what a form must carry to be ours. It derives from the secret in
// the browser's cookie, so that every server can check it, nothing is stored,
// and another site, which cannot read the cookie, cannot make it.
func FormToken(cookie string) string {
	mac := hmac.New(sha256.New, []byte(cookie))
	mac.Write([]byte("slipway form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckFormToken reports whether the form's token belongs to the cookie.
func CheckFormToken(cookie, token string) bool {
	if cookie == "" || token == "" {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(FormToken(cookie)), []byte(token)) == 1
}

// NewDoorToken is the secret of a browser that nobody has signed in with yet:
// the sign-in form's token derives from it.
func NewDoorToken() string { return newToken() }
