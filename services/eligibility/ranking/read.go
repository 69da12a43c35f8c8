package ranking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dtks/services/eligibility/rank"
)

// chunkPages is how much of the table is read by one statement: 16 MiB.
const chunkPages = 2048

// scan is the reading of the table family by several connections that see the same moment.
type scan struct {
	*job
	snapshot string
	model    string // as a literal
	pages    int64
	next     atomic.Int64 // first page that nobody has taken yet
}

// read fills the shards, one a connection.
func (j *job) read(ctx context.Context, db *pgxpool.Pool) error {
	j.begin(PhaseRead)
	first, err := begin(ctx, db)
	if err != nil {
		return err
	}
	defer first.end(ctx)
	s := &scan{job: j}
	if err := first.tx.QueryRow(ctx, `
		SELECT pg_export_snapshot(), quote_literal($1), pg_relation_size('family') / current_setting('block_size')::bigint`,
		j.Model).Scan(&s.snapshot, &s.model, &s.pages); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.copyOut(ctx, first, j.shards[0]) })
	for _, shard := range j.shards[1:] {
		group.Go(func() error {
			more, err := begin(ctx, db)
			if err != nil {
				return err
			}
			defer more.end(ctx)
			if _, err := more.tx.Exec(ctx, `SET TRANSACTION SNAPSHOT '`+s.snapshot+`'`); err != nil {
				return err
			}
			return s.copyOut(ctx, more, shard)
		})
	}
	return group.Wait()
}

// reader is a connection in a transaction that changes nothing and sees one moment.
type reader struct {
	conn *pgxpool.Conn
	tx   pgx.Tx
}

func begin(ctx context.Context, db *pgxpool.Pool) (*reader, error) {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &reader{conn, tx}, nil
}

func (r *reader) end(ctx context.Context) {
	_ = r.tx.Rollback(context.WithoutCancel(ctx)) // nothing was written; a broken connection is closed by its pool
	r.conn.Release()
}

// copyOut reads chunks into a shard until none is left. Each column costs as much as the whole ranking of a row, so that
// none is read in vain.
func (s *scan) copyOut(ctx context.Context, from *reader, to *rank.Shard) error {
	size := ""
	if s.ByPerson {
		size = ", size"
	}
	for {
		page := s.next.Add(chunkPages) - chunkPages
		if page >= s.pages {
			return nil
		}
		rows := 0
		decoder := copyDecoder{sizes: s.ByPerson, row: func(f *family) error {
			row, ok, err := s.row(f)
			if err != nil || !ok {
				return err
			}
			rows++
			return to.Add(row)
		}}
		tag, err := from.conn.Conn().PgConn().CopyTo(ctx, &decoder, fmt.Sprintf(`
			COPY (
				SELECT family_id, score, regency, CASE WHEN model <> %s THEN ROW (facts, area, recorded_at) END%s
				FROM family
				WHERE active AND ctid >= '(%d,0)' AND ctid < '(%d,0)'
			) TO STDOUT (FORMAT binary)`, s.model, size, page, page+chunkPages))
		if err != nil {
			return err
		}
		if err := decoder.end(tag.RowsAffected()); err != nil {
			return err
		}
		s.progress(PhaseRead, rows)
	}
}

// row makes the row to be ranked; false for a family that neither has nor had a score.
func (s *scan) row(f *family) (rank.Row, bool, error) {
	row := rank.Row{ID: f.id, Score: rank.NoScore, Before: rank.NoScore, Weight: uint16(max(f.size, 1))}
	var ok bool
	if row.Regency, ok = rank.RegencyNumber(f.regency); !ok {
		return row, false, fmt.Errorf("family %x lies in regency %q", f.id, f.regency)
	}
	if f.scored {
		if f.score <= rank.NoScore || f.score > math.MaxInt32 {
			return row, false, fmt.Errorf("family %x has a score of more than 32 bits", f.id)
		}
		row.Before = int32(f.score)
	}
	score, ok := f.score, f.scored
	if f.otherModel {
		var err error
		if score, ok, err = s.Rescore(f.facts, string(f.area), f.recorded); err != nil {
			return row, false, fmt.Errorf("family %x: %w", f.id, err)
		}
	}
	if ok {
		if score < s.Low || score > s.High {
			return row, false, errors.New("score out of the model's range")
		}
		row.Score = int32(score)
	}
	return row, ok || f.scored, nil
}

// pgEpoch is where PostgreSQL counts microseconds from.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
