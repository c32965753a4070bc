package status

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"dagger/eval-images/redact"
)

// MaxBody is how much of an answer's body is worth reading for its [Error], in bytes: enough to
// recognize a page of HTML.
const MaxBody = 16 << 10

// reasonIn is the reason that a registry or a token server gives: in the specified form, in one of
// the other forms in use, or as plain text. It leaves out HTML.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes
func reasonIn(body []byte) string {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return redact.Line(strings.Join(reasonsIn(body), "; "))
	}
	if text := strings.ToLower(string(body[:min(len(body), MaxBody)])); strings.Contains(text, "</") || strings.HasPrefix(strings.TrimSpace(text), "<") {
		return ""
	}
	return redact.Line(string(body))
}

// reasonsIn reads {"errors":[{"code":…,"message":…}]}, or else {"details":…} (Docker Hub's token
// server), {"message":…} (GitHub) and {"error":…} (Quay, GitLab, Google).
func reasonsIn(body []byte) (reasons []string) {
	var said struct {
		Errors                          json.RawMessage
		Error, Message, Details, Detail any
		Description                     any `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil {
		return nil
	}
	var specified []struct{ Code, Message string }
	if json.Unmarshal(said.Errors, &specified) == nil {
		for _, one := range specified {
			reasons = append(reasons, strings.TrimSpace(one.Code+" "+one.Message))
		}
		return reasons
	}
	for _, other := range []any{said.Error, said.Description, said.Message, said.Details, said.Detail} {
		if object, ok := other.(map[string]any); ok {
			other = object["message"]
		}
		if text, ok := other.(string); ok && text != "" && !slices.Contains(reasons, text) {
			reasons = append(reasons, text)
		}
	}
	return reasons
}
