package bench

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dtks/cmd/dtks/matching"
	"dtks/pkg/pg"
	"dtks/pkg/pgdev"
	"dtks/pkg/wilayah"
	"dtks/services/eligibility/rank"
	"dtks/services/eligibility/ranking"
)

// RankOptions of the benchmark of whole-population ranking.
type RankOptions struct {
	Families int // in the database
	InMemory int // in the measurement without a database
	Rounds   int // of bare SQL, job, bare SQL
	Dir      string
	Say      func(format string, args ...any)
}

// rankSchema is what ranking reads and writes, as eligibility's migrations make it; the release's own row is shortened.
// The families are not logged only so that they are made sooner.
const rankSchema = `
	CREATE UNLOGGED TABLE family (
		family_id     uuid        NOT NULL,
		version       bigint      NOT NULL,
		recorded_at   timestamptz NOT NULL,
		active        boolean     NOT NULL,
		area          text        NOT NULL,
		regency       text        NOT NULL GENERATED ALWAYS AS (left(area, 5)) STORED,
		facts         bytea       NOT NULL,
		model         text        NOT NULL,
		score         bigint,
		size          smallint    NOT NULL
	) WITH (fillfactor = 90);
	CREATE TABLE release (release_id text PRIMARY KEY);
	CREATE TABLE release_area (
		release_id text NOT NULL REFERENCES release, area text NOT NULL, ranked bytea NOT NULL, families bigint NOT NULL,
		weight bigint NOT NULL, PRIMARY KEY (release_id, area)
	);
	ALTER TABLE release_area ALTER ranked SET STORAGE EXTERNAL;
	CREATE TABLE release_part (
		release_id text NOT NULL REFERENCES release, part integer NOT NULL, regency text NOT NULL, families bytea NOT NULL,
		count integer NOT NULL, done boolean NOT NULL DEFAULT false, changed integer NOT NULL DEFAULT 0,
		PRIMARY KEY (release_id, part)
	);
	ALTER TABLE release_part ALTER families SET STORAGE EXTERNAL;
	CREATE INDEX ON release_part (release_id, part) WHERE NOT done`

// rankFill makes families $1 to $2: ids that begin with the time, as the registry's do, in villages drawn from $3; scores
// in a bell of some 49,000 values.
const rankFill = `
	INSERT INTO family (family_id, version, recorded_at, active, area, facts, model, score, size)
	SELECT (lpad(to_hex(1767225600000 + i / 50), 12, '0') || '7' || left(md5(i::text), 3) || '8' || right(md5(i::text), 15))::uuid,
		1, now(), true, ($3::text[])[1 + (h >> 48 & 65535) % cardinality($3)],
		decode(repeat('5a', 150), 'hex'), 'bench', 100000 + ((h & 65535) + (h >> 16 & 65535) + (h >> 32 & 65535)) / 4, 1 + i % 6
	FROM generate_series($1::bigint, $2::bigint) i, hashint8extended(i, 4) h`

// Scores that rankFill and rankChange give.
const (
	rankLow  = 90000
	rankHigh = 150000
)

// rankChange makes one family in twenty poorer.
const rankChange = `UPDATE family SET score = score - 6000 WHERE get_byte(uuid_send(family_id), 15) < 13`

// rankBare is the ceiling: the deciles of the nation alone, computed and summed, nothing read or written outside.
const rankBare = `
	SELECT sum(decile)
	FROM (SELECT ntile(10) OVER (ORDER BY score, family_id) AS decile FROM family WHERE active) ranked`

// rankChecksum tells which family is in which decile.
const rankChecksum = `
	SELECT sum(('x' || left(md5(uuid_send(family_id) || set_byte('\x00', 0, decile)), 8))::bit(32)::bigint)::bigint
	FROM (SELECT family_id, ntile(10) OVER (ORDER BY score, family_id) AS decile FROM family WHERE active) ranked`

// rankBench is a run of the benchmark.
type rankBench struct {
	RankOptions
	db    *pgxpool.Pool // as the service opens it
	plain *pgx.Conn     // with PostgreSQL's own choice of plans
	made  int
	last  *ranking.Result
}

// Rank measures a release's ranking: deciles and percentiles at three levels of every family, read from PostgreSQL and with
// those changed written back, against PostgreSQL's own ntile(10) of the nation alone on the same rows. Ratio is that of
// the times, so the less the better.
func Rank(ctx context.Context, o RankOptions) (*Result, error) {
	cluster, err := pgdev.Start(ctx, pgdev.Options{
		Dir: filepath.Join(o.Dir, "postgres"), Bin: os.Getenv("PGDEV_BIN"),
		Settings: map[string]string{"shared_buffers": "1GB", "work_mem": "512MB", "maintenance_work_mem": "512MB"},
	})
	if err != nil {
		return nil, err
	}
	res, err := measureRank(ctx, o, cluster.URL(pgdev.Superuser))
	return res, errors.Join(err, cluster.Stop())
}

func measureRank(ctx context.Context, o RankOptions, url string) (*Result, error) {
	b := &rankBench{RankOptions: o}
	var err error
	if b.db, err = pg.Connect(ctx, url); err != nil {
		return nil, err
	}
	defer b.db.Close()
	if b.plain, err = pgx.Connect(ctx, url); err != nil {
		return nil, err
	}
	defer b.plain.Close(context.WithoutCancel(ctx))
	if _, err := b.plain.Exec(ctx, rankSchema); err != nil {
		return nil, err
	}
	res := &Result{Name: "rank", N: o.Families, Beside: map[string]float64{}, Notes: []string{
		"ratio is of times: three levels, reading and writing included, to bare ntile(10) of the nation; compute is three levels in memory alone",
	}}
	if err := b.grow(ctx, res); err != nil {
		return nil, err
	}
	if err := b.rounds(ctx, res); err != nil {
		return nil, err
	}
	defer b.last.Close()
	if err := b.verify(ctx, res); err != nil {
		return nil, err
	}
	return res, b.inMemory(res)
}

// grow makes a tenth of the families and then all, and ranks each, to see what memory that takes; the last ranking
// becomes the release before. Then scores change.
func (b *rankBench) grow(ctx context.Context, res *Result) error {
	for _, n := range []int{b.Families / 10, b.Families} {
		if err := b.fill(ctx, n); err != nil {
			return fmt.Errorf("making families: %w", err)
		}
		if _, err := b.job(ctx, fmt.Sprintf("of %d", n), nil); err != nil {
			return err
		}
		res.Beside[fmt.Sprintf("peak_mib_of_%d", n)] = float64(matching.PeakMemory()) / (1 << 20)
	}
	if _, err := b.plain.Exec(ctx, rankChange); err != nil {
		return fmt.Errorf("changing scores: %w", err)
	}
	_, err := b.plain.Exec(ctx, `VACUUM ANALYSE family`)
	return err
}

// fill adds families until there are n.
func (b *rankBench) fill(ctx context.Context, n int) error {
	b.Say("making %d families", n-b.made)
	var villages []string
	for _, a := range wilayah.Under("", wilayah.Regency) {
		villages = append(villages, a.Code+".01.2001")
	}
	group, inner := errgroup.WithContext(ctx)
	middle := (b.made + n) / 2
	for _, part := range [][2]int{{b.made + 1, middle}, {middle + 1, n}} {
		group.Go(func() error {
			_, err := b.db.Exec(inner, rankFill, part[0], part[1], villages)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if b.made == 0 {
		if _, err := b.plain.Exec(ctx, `ALTER TABLE family ADD PRIMARY KEY (family_id)`); err != nil {
			return err
		}
	}
	b.made = n
	_, err := b.plain.Exec(ctx, `VACUUM ANALYSE family`)
	return err
}

// job is what a release does: rank everybody, compare with the release before, store areas and changes.
func (b *rankBench) job(ctx context.Context, release string, before *rank.Table) (time.Duration, error) {
	freshMemory()
	began, cpu := time.Now(), matching.CPU()
	phase, since := "", began
	res, err := ranking.Run(ctx, b.db, ranking.Options{
		Model: "bench", Low: rankLow, High: rankHigh, Before: before, Dir: b.Dir, Progress: func(now string, _ int64) {
			if now != phase {
				if phase != "" {
					b.Say("    %-8s %6.2f s", phase, time.Since(since).Seconds())
				}
				phase, since = now, time.Now()
			}
		},
	})
	if err != nil {
		return 0, err
	}
	b.Say("    %-8s %6.2f s", phase, time.Since(since).Seconds())
	if b.last != nil {
		b.last.Close()
	}
	b.last = res
	err = pgx.BeginFunc(ctx, b.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO release (release_id) VALUES ($1)`, release); err != nil {
			return err
		}
		return ranking.Store(ctx, tx, release, res)
	})
	took := time.Since(began)
	b.Say("  job      %6.2f s, %.2f CPU-s here, %d of %d families changed", took.Seconds(), (matching.CPU() - cpu).Seconds(), res.Changed, res.Families)
	return took, err
}

// bare is the ceiling.
func (b *rankBench) bare(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	var sum int64
	err := b.plain.QueryRow(ctx, rankBare).Scan(&sum)
	b.Say("  ntile    %6.2f s", time.Since(began).Seconds())
	return time.Since(began), err
}

// rounds takes bare SQL, the job and bare SQL again, and keeps the medians.
func (b *rankBench) rounds(ctx context.Context, res *Result) error {
	before, err := ranking.Load(ctx, b.db, fmt.Sprintf("of %d", b.Families))
	if err != nil {
		return err
	}
	bare, err := b.bare(ctx)
	if err != nil {
		return err
	}
	bares, jobs := []time.Duration{bare}, []time.Duration{}
	for round := range b.Rounds {
		took, err := b.job(ctx, fmt.Sprintf("round %d", round), before)
		if err != nil {
			return err
		}
		jobs = append(jobs, took)
		if bare, err = b.bare(ctx); err != nil {
			return err
		}
		bares = append(bares, bare)
	}
	perSecond := func(d time.Duration) float64 { return float64(b.Families) / d.Seconds() }
	res.Candidate = perSecond(median(jobs))
	res.Against(perSecond(bares[0]), perSecond(bares[len(bares)-1]))
	res.Baseline = perSecond(median(bares))
	res.Ratio = res.Baseline / res.Candidate
	res.Beside["changed_families"] = float64(b.last.Changed)
	return nil
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// verify compares the job's deciles with SQL's by a checksum, and those of ranking in memory with the job's one by one; it
// measures the latter.
func (b *rankBench) verify(ctx context.Context, res *Result) error {
	b.Say("comparing with SQL")
	scores, regencies, want := make([]int32, 0, b.made), make([]uint16, 0, b.made), make([]rank.Packed, 0, b.made)
	rows, err := b.db.Query(ctx, `SELECT family_id, score, regency FROM family WHERE active ORDER BY family_id`)
	if err != nil {
		return err
	}
	var p rank.Point
	var regency string
	var sum, sqlSum int64
	if _, err := pgx.ForEachRow(rows, []any{&p.ID, &p.Score, &regency}, func() error {
		places := b.last.Table.Place(p, regency)
		digest := md5.Sum(append(p.ID[:], places.Decile[rank.National]))
		sum += int64(binary.BigEndian.Uint32(digest[:]))
		number, _ := rank.RegencyNumber([]byte(regency))
		var packed rank.Packed
		for l, decile := range places.Decile {
			packed |= rank.Packed(decile) << (4 * l)
		}
		scores, regencies, want = append(scores, int32(p.Score)), append(regencies, number), append(want, packed)
		return nil
	}); err != nil {
		return err
	}
	if err := b.plain.QueryRow(ctx, rankChecksum).Scan(&sqlSum); err != nil {
		return err
	}
	if sum != sqlSum {
		return fmt.Errorf("national deciles differ from SQL's: checksum %d, SQL's %d", sum, sqlSum)
	}
	got := make([]rank.Packed, len(scores))
	cpu := matching.CPU()
	if err := rank.Columns(scores, regencies, got); err != nil {
		return err
	}
	took := (matching.CPU() - cpu).Seconds()
	res.Beside["compute_cpu_ms"] = took * 1000
	res.Beside["compute_percent_of_bare"] = 100 * took * res.Baseline / float64(b.Families)
	if !slices.Equal(got, want) {
		return errors.New("deciles in memory differ from the release's")
	}
	return nil
}

// inMemory measures the deciles of the nation where scores are at hand.
func (b *rankBench) inMemory(res *Result) error {
	b.Say("ranking %d families in memory", b.InMemory)
	debug.FreeOSMemory()
	scores, regencies, out := make([]int32, b.InMemory), make([]uint16, b.InMemory), make([]rank.Packed, b.InMemory)
	state := uint64(4)
	for i := range scores {
		state = state*6364136223846793005 + 1442695040888963407
		h := state ^ state>>29
		scores[i] = int32(100000 + (h&65535+h>>16&65535+h>>32&65535)/4)
		out[i] = 1 // so that the measurement does not wait for memory
	}
	cpu := matching.CPU()
	err := rank.Columns(scores, regencies, out)
	res.Beside["in_memory_cpu_ms"] = (matching.CPU() - cpu).Seconds() * 1000
	res.Beside["in_memory_families"] = float64(b.InMemory)
	return err
}

// freshMemory gives back what earlier work held and, on Linux, starts the record of peak memory anew.
func freshMemory() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200) // elsewhere the peak is that of the whole run
}
