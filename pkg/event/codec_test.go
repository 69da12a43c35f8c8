package event_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/pkg/event"
)

// TestCodec_AgreesWithStandardLibrary: the fast decoder must read every golden file as the standard library does.
func TestCodec_AgreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, e := range event.Catalogue() {
		t.Run(string(e.Type), func(t *testing.T) {
			t.Parallel()
			raw := golden(t, e.Type)
			var fast, standard event.Envelope
			if err := event.Unmarshal(raw, &fast); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &standard); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(normal(t, standard.Data), normal(t, fast.Data)); diff != "" {
				t.Errorf("data (-standard +fast):\n%s", diff)
			}
			fast.Data, standard.Data = nil, nil
			if diff := cmp.Diff(standard, fast); diff != "" {
				t.Errorf("envelope (-standard +fast):\n%s", diff)
			}
			one, other := reflect.New(reflect.TypeOf(e.Payload)), reflect.New(reflect.TypeOf(e.Payload))
			var env event.Envelope
			if err := json.Unmarshal(raw, &env); err != nil {
				t.Fatal(err)
			}
			if err := event.Unmarshal(env.Data, one.Interface()); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(env.Data, other.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(other.Interface(), one.Interface()); diff != "" {
				t.Errorf("payload (-standard +fast):\n%s", diff)
			}
		})
	}
}

// BenchmarkJSON is what docs/decisions/0006 rests on: one registrant's event, envelope and payload, by either library.
func BenchmarkJSON(b *testing.B) {
	raw := golden(b, event.TypeRegistrantUpdated)
	var env event.Envelope
	var data event.RegistrantUpdated
	codecs := []struct {
		name      string
		unmarshal func([]byte, any) error
		marshal   func(any) ([]byte, error)
	}{
		{"chosen", event.Unmarshal, event.Marshal},
		{"standard", json.Unmarshal, json.Marshal},
	}
	for _, c := range codecs {
		b.Run("decode/"+c.name, func(b *testing.B) {
			for b.Loop() {
				env, data = event.Envelope{}, event.RegistrantUpdated{}
				if err := c.unmarshal(raw, &env); err != nil {
					b.Fatal(err)
				}
				if err := c.unmarshal(env.Data, &data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("encode/"+c.name, func(b *testing.B) {
			for b.Loop() {
				var err error
				if env.Data, err = c.marshal(data); err != nil {
					b.Fatal(err)
				}
				if _, err = c.marshal(env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func golden(t testing.TB, typ event.Type) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", string(typ)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
