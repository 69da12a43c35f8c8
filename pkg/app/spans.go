package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Span is one line of a TRACE_FILE, as far as a reader needs it to follow a trace.
type Span struct {
	Service, Name             string
	TraceID, SpanID, ParentID string // hexadecimal; ParentID is empty for the first span of a trace
}

// ReadSpans reads a TRACE_FILE. A last line that is still being written is left out.
func ReadSpans(path string) ([]Span, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening spans: %w", err)
	}
	defer file.Close()
	var out []Span
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line otlpTraces
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			break
		}
		out = append(out, line.spans()...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading spans: %w", err)
	}
	return out, nil
}

func (t otlpTraces) spans() []Span {
	var out []Span
	for _, r := range t.ResourceSpans {
		service := ""
		for _, a := range r.Resource.Attributes {
			if a.Key == "service.name" {
				service, _ = a.Value["stringValue"].(string)
			}
		}
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				out = append(out, Span{service, s.Name, s.TraceID, s.SpanID, s.ParentSpanID})
			}
		}
	}
	return out
}
