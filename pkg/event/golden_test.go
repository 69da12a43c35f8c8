package event_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
)

// TestGolden_RoundTrip decodes and encodes the golden file of every type ever published: renaming a tag, dropping a
// field or changing a type's meaning on the wire fails it. Golden files are added, never edited, except for a new
// optional field.
func TestGolden_RoundTrip(t *testing.T) {
	t.Parallel()
	for _, e := range event.Catalogue() {
		t.Run(string(e.Type), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join("testdata", string(e.Type)+".json"))
			if err != nil {
				t.Fatalf("every published type has a golden file: %v", err)
			}
			var env event.Envelope
			if err := event.Unmarshal(raw, &env); err != nil {
				t.Fatal(err)
			}
			if env.Type != e.Type || env.Source != event.SourceOf(e.Owner) {
				t.Fatalf("golden says %s from %s", env.Type, env.Source)
			}
			data := reflect.New(reflect.TypeOf(e.Payload))
			if err := event.Unmarshal(env.Data, data.Interface()); err != nil {
				t.Fatal(err)
			}
			assertNoZero(t, data.Elem(), string(e.Type))
			if env.Data, err = event.Marshal(data.Elem().Interface()); err != nil {
				t.Fatal(err)
			}
			again, err := event.Marshal(env)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(normal(t, raw), normal(t, again)); diff != "" {
				t.Errorf("the wire form changed (-golden +now):\n%s", diff)
			}
		})
	}
}

// assertNoZero makes sure that a golden fills every field: one it leaves out would not be protected.
func assertNoZero(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		if v.Type().PkgPath() != "dtks/pkg/event" {
			break
		}
		for i := range v.NumField() {
			assertNoZero(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
		return
	case reflect.Pointer:
		if !v.IsNil() {
			assertNoZero(t, v.Elem(), path)
			return
		}
	case reflect.Slice:
		if v.Len() > 0 {
			assertNoZero(t, v.Index(0), path+"[0]")
			return
		}
	}
	if v.IsZero() {
		t.Errorf("golden leaves %s empty", path)
	}
}

func normal(t *testing.T, raw []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzParseSubject: whatever parses spells itself again.
func FuzzParseSubject(f *testing.F) {
	f.Add("registry.registrant.updated.v1.family.32.04.0198a2f0-0000-7000-8000-000000000001")
	f.Add("nik-match.match.decided.v1.all.00.00.x")
	f.Add("a.b.c.d.e.f.g.")
	f.Add("........")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := event.ParseSubject(s)
		if err == nil && got.String() != s {
			t.Errorf("got %q, want %q", got.String(), s)
		}
	})
}

// FuzzEnvelope: no input may panic a reader, and what decodes encodes again.
func FuzzEnvelope(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"version":9223372036854775808}`))
	f.Add([]byte(`{"data":{"sealed":{"identity":{"ct":"%"}}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var env event.Envelope
		if err := event.Unmarshal(raw, &env); err != nil {
			return
		}
		var payload event.RegistrantUpdated
		_ = event.Unmarshal(env.Data, &payload)
	})
}
