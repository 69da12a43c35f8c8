package event

import "github.com/goccy/go-json"

// Cause is what led to an event: the id of the event before it and the trace it belongs to. Zero for a request.
type Cause struct {
	ID          string
	TraceParent string
}

// Marshal encodes a payload. One place, so that the codec can be changed by measurement (docs/decisions).
func Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// Unmarshal decodes a payload. Unknown fields are ignored: a newer producer may send more.
func Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
