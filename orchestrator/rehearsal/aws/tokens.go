package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// byToken returns what an earlier create with the same client token made, or
// nil. The same token with other parameters is refused, as EC2 does.
func byToken[T any](r *request, s shelf[T], token *string, input any) (*document[T], error) {
	if aws.ToString(token) == "" {
		return nil, nil
	}
	key, ok, err := r.Get(Cloud, s.kind+" token", r.region+" "+*token)
	if err != nil || !ok {
		return nil, err
	}
	asked, err := fingerprint(input)
	if err != nil {
		return nil, err
	}
	if key.State != asked {
		return nil, rehearsal.Refuse(400, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	}
	earlier, err := s.look(r, key.Name)
	if err != nil {
		return nil, err
	}
	if earlier == nil {
		return nil, rehearsal.Refuse(400, s.missing, "The %s '%s' that this client token made no longer exists", s.prefix, key.Name)
	}
	return earlier, nil
}

// keepToken remembers what a token made.
func keepToken[T any](r *request, s shelf[T], made *document[T], token *string, input any) error {
	if aws.ToString(token) == "" {
		return nil
	}
	asked, err := fingerprint(input)
	if err != nil {
		return err
	}
	return r.Put(rehearsal.Object{
		Cloud: Cloud, Kind: s.kind + " token", ID: r.region + " " + *token,
		Name: aws.ToString(*s.id(&made.Thing)), State: asked, CreatedAt: r.now, UpdatedAt: r.now,
	})
}

// fingerprint names the parameters of a request without keeping them.
func fingerprint(input any) (string, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
