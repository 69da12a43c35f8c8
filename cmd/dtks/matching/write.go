package matching

import (
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"dtks/services/nik-match/match"
)

type writer = io.Writer

// writeWhole writes a file under another name and renames it once it is whole, so that whoever stops halfway leaves
// neither half a file nor loses the one that was there.
func writeWhole(path string, mode os.FileMode, write func(writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close() // closed already where all went well
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = f.Chmod(mode); err != nil {
		return err
	}
	if err = write(f); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// WritePairs writes the listed pairs with their evidence as CSV to a file, or to out where path is "-".
func (r *Run) WritePairs(ctx context.Context, path string, out io.Writer) error {
	if path == "-" {
		return r.pairs(ctx, out)
	}
	return writeWhole(path, 0o644, func(w writer) error { return r.pairs(ctx, w) })
}

// WriteClusters does the same for clusters, one row a record.
func (r *Run) WriteClusters(ctx context.Context, path string, out io.Writer) error {
	if path == "-" {
		return r.clusters(ctx, out)
	}
	return writeWhole(path, 0o644, func(w writer) error { return r.clusters(ctx, w) })
}

func (r *Run) pairs(ctx context.Context, w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"id_a", "id_b", "likelihood", "outcome", "bits", "prior"}
	for _, f := range r.Model.Fields {
		head = append(head, f.Name)
	}
	if err := out.Write(append(head, "household")); err != nil {
		return err
	}
	for i, p := range r.Listed() {
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e := r.Model.Explain(&r.A[p.A], r.second(p.B))
		if err := out.Write(r.row(r.Input.ID(p.A, false), r.Input.ID(p.B, r.Input.Two()), e)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// row is one line of the pairs file. Prior and evidence add up to the bits, up to rounding to two places.
func (r *Run) row(a, b string, e match.Explanation) []string {
	row := []string{a, b, likelihood(e.Likelihood), string(r.Limits.Outcome(e.Likelihood)), bits(e.Bits), bits(e.Prior)}
	for _, l := range e.Lines {
		row = append(row, l.Finding+" "+bits(l.Bits))
	}
	for len(row) < 7+len(r.Model.Fields) { // relatives are spoken of only where they matter
		row = append(row, "")
	}
	return row
}

func bits(b match.Bits) string { return strconv.FormatFloat(b.Float(), 'f', 2, 64) }

func likelihood(p float64) string { return strconv.FormatFloat(p, 'f', 6, 64) }

func (r *Run) clusters(ctx context.Context, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"cluster", "record", "file", "row"}); err != nil {
		return err
	}
	for i, c := range r.Clusters {
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for _, n := range c {
			t, at, second := r.Input.A, n, false
			if int(n) >= len(r.A) {
				t, at, second = r.Input.B, n-int32(len(r.A)), true
			}
			if err := out.Write([]string{r.record(c[0]).ID, r.Input.ID(at, second), t.Name, strconv.Itoa(t.Lines[at])}); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Run) record(n int32) *match.Record {
	if int(n) < len(r.A) {
		return &r.A[n]
	}
	return &r.B[int(n)-len(r.A)]
}

// ID is the id of a row, of the second list where asked.
func (in *Input) ID(row int32, second bool) string {
	if second {
		return in.idsB[row]
	}
	return in.idsA[row]
}
