package ranking

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// encoded is what PostgreSQL sends for two families: one of the model, one of another without a score.
func encoded() []byte {
	b := append(append([]byte{}, copySignature...), make([]byte, 8)...)
	put := func(values ...[]byte) {
		b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
		for _, v := range values {
			if v == nil {
				b = binary.BigEndian.AppendUint32(b, 1<<32-1)
				continue
			}
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
		}
	}
	record := binary.BigEndian.AppendUint32(nil, 3)
	for _, v := range []string{"facts", "32.04.05.2001", "\x00\x00\x00\x00\x00\x0f\x42\x40"} {
		record = binary.BigEndian.AppendUint32(append(record, 0, 0, 0, 25), uint32(len(v)))
		record = append(record, v...)
	}
	put(bytes.Repeat([]byte{1}, 16), []byte{0, 0, 0, 0, 0, 1, 0, 0}, []byte("32.04"), nil, []byte{0, 4})
	put(bytes.Repeat([]byte{2}, 16), nil, []byte("11.01"), record, []byte{1, 0})
	return append(b, 0xff, 0xff)
}

// kept is a family that outlives the decoder's buffer.
type kept struct {
	ID                   [16]byte
	Scored, Other        bool
	Score                int64
	Size                 int16
	Regency, Facts, Area string
	Recorded             time.Time
}

func decode(chunks ...[]byte) (out []kept, err error) {
	d := copyDecoder{sizes: true, row: func(f *family) error {
		out = append(out, kept{f.id, f.scored, f.otherModel, f.score, f.size, string(f.regency), string(f.facts), string(f.area), f.recorded})
		return nil
	}}
	for _, chunk := range chunks {
		if _, err := d.Write(bytes.Clone(chunk)); err != nil {
			return nil, err
		}
	}
	return out, d.end(int64(len(out)))
}

func TestCopyDecoder_CutAnywhere(t *testing.T) {
	t.Parallel()
	all := encoded()
	want := []kept{
		{ID: [16]byte(bytes.Repeat([]byte{1}, 16)), Scored: true, Score: 65536, Size: 4, Regency: "32.04"},
		{
			ID: [16]byte(bytes.Repeat([]byte{2}, 16)), Other: true, Size: 256, Regency: "11.01", Facts: "facts", Area: "32.04.05.2001",
			Recorded: pgEpoch.Add(time.Second),
		},
	}
	for cut := range all {
		got, err := decode(all[:cut], all[cut:])
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("cut at %d: %v (-want +got):\n%s", cut, err, diff)
		}
		if _, err := decode(all[:cut]); err == nil {
			t.Fatalf("the first %d of %d bytes passed for all", cut, len(all))
		}
	}
	if _, err := decode(all, []byte{0}); err == nil {
		t.Error("a byte too many was accepted")
	}
}

func FuzzCopyDecoder(f *testing.F) {
	f.Add(encoded(), 7)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		whole, errWhole := decode(b)
		cut = max(0, min(cut, len(b)))
		halves, errHalves := decode(b[:cut], b[cut:])
		if (errWhole == nil) != (errHalves == nil) || errWhole == nil && !cmp.Equal(whole, halves) {
			t.Fatalf("whole: %v, %v; cut at %d: %v, %v", whole, errWhole, cut, halves, errHalves)
		}
	})
}
