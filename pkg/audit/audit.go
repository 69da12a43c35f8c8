// Package audit is what every service's binary offers its operators beside serving: telling what its database says of
// the backbone's invariants (for `dtks check` to compare with the streams and the other services), redriving what could
// not be applied, and publishing its archive again after its stream was lost.
package audit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/app"
	"dtks/pkg/pg"
)

// Extra is a service's own check: it reports each violation of an invariant with a text that names ids, never people.
type Extra func(ctx context.Context, db *pgxpool.Pool, violated func(invariant, text string)) error

// Check is the subcommand "check" of a service. It prints one fact a line, fields separated by tabs:
//
//	E  event id  aggregate key  version  published   1 when the relay's mark says so, else 0
//	A  aggregate key  version  effects    applied by the service's consumer
//	D  event id  aggregate key  version   parked or dead, not redriven
//	V  invariant  text                    a violation that the database alone shows
func Check(extras ...Extra) app.Command {
	return func(ctx context.Context, getenv func(string) string, _ []string) error {
		db, err := pg.Connect(ctx, getenv("DATABASE_URL"))
		if err != nil {
			return err
		}
		defer db.Close()
		out := bufio.NewWriterSize(os.Stdout, 1<<20)
		if err := Facts(ctx, db, out, extras...); err != nil {
			return err
		}
		return out.Flush()
	}
}

// Redrive is the subcommand "redrive": the running service tries everything parked or dead once more, each event under
// its own id and through the same gate.
func Redrive(ctx context.Context, getenv func(string) string, _ []string) error {
	return update(ctx, getenv, "asked for another try of %d events\n", `UPDATE dead_letter SET redrive = true WHERE redriven_at IS NULL`)
}

// RebuildStream is the subcommand "rebuild-stream": the running service publishes its whole archive again, for a stream
// that was lost and provisioned anew. Consumers drop what they have applied before.
func RebuildStream(ctx context.Context, getenv func(string) string, _ []string) error {
	return update(ctx, getenv, "%d lanes start over\n", `UPDATE relay SET high = 0, gaps = '{}'`)
}

// Commands adds the subcommands that every service has to its own.
func Commands(own map[string]app.Command, extras ...Extra) map[string]app.Command {
	all := map[string]app.Command{"check": Check(extras...), "redrive": Redrive, "rebuild-stream": RebuildStream}
	for name, command := range own {
		all[name] = command
	}
	return all
}

func update(ctx context.Context, getenv func(string) string, said, sql string) error {
	db, err := pg.Connect(ctx, getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	tag, err := db.Exec(ctx, sql)
	if err != nil {
		return err
	}
	fmt.Printf(said, tag.RowsAffected())
	return nil
}

// Facts writes the facts of one database, read under one snapshot.
func Facts(ctx context.Context, db *pgxpool.Pool, out io.Writer, extras ...Extra) error {
	violated := func(invariant, text string) { fmt.Fprintf(out, "V\t%s\t%s\n", invariant, text) }
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, part := range []func(context.Context, pgx.Tx, io.Writer) error{events, applied, buried} {
			if err := part(ctx, tx, out); err != nil {
				return err
			}
		}
		return versions(ctx, tx, violated)
	})
	if err != nil {
		return err
	}
	for _, extra := range extras {
		if err := extra(ctx, db, violated); err != nil {
			return err
		}
	}
	return nil
}

func events(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	rows, err := tx.Query(ctx, `
		SELECT e.event_id::text, e.aggregate_key, e.version, (e.seq <= r.high AND NOT e.seq = ANY (r.gaps))::int
		FROM event e
		JOIN relay r USING (lane)
		ORDER BY e.lane, e.seq`)
	if err != nil {
		return err
	}
	var id, key string
	var version, published int64
	_, err = pgx.ForEachRow(rows, []any{&id, &key, &version, &published}, func() error {
		_, err := fmt.Fprintf(out, "E\t%s\t%s\t%d\t%d\n", id, key, version, published)
		return err
	})
	return err
}

func applied(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	rows, err := tx.Query(ctx, `SELECT aggregate_key, version, effects FROM applied ORDER BY aggregate_key`)
	if err != nil {
		return err
	}
	var key string
	var version, effects int64
	_, err = pgx.ForEachRow(rows, []any{&key, &version, &effects}, func() error {
		_, err := fmt.Fprintf(out, "A\t%s\t%d\t%d\n", key, version, effects)
		return err
	})
	return err
}

func buried(ctx context.Context, tx pgx.Tx, out io.Writer) error {
	rows, err := tx.Query(ctx, `
		SELECT event_id, aggregate_key, version
		FROM dead_letter
		WHERE redriven_at IS NULL
		ORDER BY failed_at`)
	if err != nil {
		return err
	}
	var id, key string
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&id, &key, &version}, func() error {
		_, err := fmt.Fprintf(out, "D\t%s\t%s\t%d\n", id, key, version)
		return err
	})
	return err
}

// versions checks I2 on the archive: per aggregate 1..n, none twice (a type and its successor may share a version), and the aggregate's own row at n.
func versions(ctx context.Context, tx pgx.Tx, violated func(invariant, text string)) error {
	rows, err := tx.Query(ctx, `
		SELECT coalesce(a.aggregate_key, e.aggregate_key), coalesce(a.version, 0), coalesce(e.events, 0), coalesce(e.newest, 0), coalesce(e.doubles, 0)
		FROM aggregate a
		FULL JOIN (
			SELECT aggregate_key, count(DISTINCT version) AS events, min(version) AS oldest, max(version) AS newest,
				count(*) - count(DISTINCT (version, type)) AS doubles
			FROM event
			GROUP BY aggregate_key
		) e USING (aggregate_key)
		WHERE a.version IS DISTINCT FROM e.newest OR e.events IS DISTINCT FROM e.newest OR e.oldest <> 1 OR e.doubles > 0`)
	if err != nil {
		return err
	}
	var key string
	var head, events, newest, doubles int64
	_, err = pgx.ForEachRow(rows, []any{&key, &head, &events, &newest, &doubles}, func() error {
		violated("I2", fmt.Sprintf("%s: counter %d, %d versions archived, newest %d, %d twice", key, head, events, newest, doubles))
		return nil
	})
	return err
}
