package importer

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// WriteReport writes the findings as CSV: line, column, verdict, code, message in Indonesian, message in English. It
// holds nothing of what stands in the file.
func (r *Result) WriteReport(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"line", "column", "verdict", "code", "pesan", "message"}}
	for _, f := range r.Findings {
		verdict := "rejected"
		if f.Warn {
			verdict = "stored_with_warning"
		}
		rows = append(rows, []string{strconv.Itoa(f.Line), f.Column, verdict, f.Code, f.Text.ID, f.Text.EN})
	}
	return out.WriteAll(rows)
}

// Summary is what people read at the end.
func (r *Result) Summary(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d rows, %d families: %d stored (%d new, %d unchanged; %d persons), %d rejected (%d rows)\n",
		r.Rows, r.Families, r.New+r.Unchanged, r.New, r.Unchanged, r.Persons, r.Refused, r.RejectedRows())
	if r.Ignored > 0 && err == nil {
		_, err = fmt.Fprintf(w, "%d columns are not known and were left out\n", r.Ignored)
	}
	rejected := map[string]int{}
	for _, f := range r.Findings {
		if !f.Warn {
			rejected[f.Code]++
		}
	}
	return cmp.Or(err, counted(w, "rejected:", rejected), counted(w, "stored with a warning:", r.Warnings))
}

// counted prints counts by code, the most frequent first.
func counted(w io.Writer, title string, counts map[string]int) error {
	if len(counts) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, title); err != nil {
		return err
	}
	codes := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, code := range codes {
		if _, err := fmt.Fprintf(w, "  %7d  %s\n", counts[code], code); err != nil {
			return err
		}
	}
	return nil
}
