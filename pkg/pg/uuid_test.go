package pg

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// The plain form must be taken, in arrays too, and read back as it was.
func TestPlainUUIDs(t *testing.T) {
	t.Parallel()
	types := pgtype.NewMap()
	registerUUID(types)
	want := []uuid.UUID{uuid.New(), uuid.New()}
	raw, err := types.Encode(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, want, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []uuid.UUID
	if err := types.Scan(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, raw, &got); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	var one uuid.UUID
	var none *uuid.UUID
	if err := types.Scan(pgtype.UUIDOID, pgtype.BinaryFormatCode, want[0][:], &one); err != nil || one != want[0] {
		t.Errorf("got %v (%v), want %v", one, err, want[0])
	}
	if err := types.Scan(pgtype.UUIDOID, pgtype.BinaryFormatCode, nil, &none); err != nil || none != nil {
		t.Errorf("got %v (%v), want nil", none, err)
	}
}

func BenchmarkPlainUUIDs(b *testing.B) {
	types := pgtype.NewMap()
	registerUUID(types)
	ids, buf := make([]uuid.UUID, 500), make([]byte, 0, 1<<14)
	for b.Loop() {
		if _, err := types.Encode(pgtype.UUIDArrayOID, pgtype.BinaryFormatCode, ids, buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
