package matching

import (
	"fmt"
	"io"
	"strings"

	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
	"dtks/services/nik-match/match"
)

// In is a language of messages: "id" or "en".
type In string

// Say chooses a text's language.
func (l In) Say(t fault.Text) string {
	if l == "id" {
		return t.ID
	}
	return t.EN
}

// Describe prints what is compared, with what, before the work begins.
func (in *Input) Describe(w io.Writer, c Choice, lang In) error {
	var b strings.Builder
	fmt.Fprintln(&b, lang.Say(fault.Text{ID: "yang dibandingkan", EN: "compared"}))
	for i, col := range in.MapA {
		from := titles(in.A, col)
		if in.B != nil {
			if second := titles(in.B, in.MapB[i]); second != from {
				from += " | " + second
			}
		}
		fmt.Fprintf(&b, "  %-16s <- %-40s %-8s %s\n", col.Field.Name, from, col.Field.Kind, lang.Say(why(col.Note)))
	}
	for _, n := range in.Notes {
		where := ""
		if n.Field != "" {
			where = n.Field + ": "
		}
		fmt.Fprintf(&b, "  - %s%s\n", where, lang.Say(n.Text))
	}
	fmt.Fprintf(&b, "%s  %s\n", lang.Say(fault.Text{ID: "model", EN: "model"}), lang.Say(c.Why))
	_, err := io.WriteString(w, b.String())
	return err
}

func titles(t *table.Table, c table.Column) string {
	names := make([]string, len(c.Columns))
	for i, n := range c.Columns {
		names[i] = t.Header[n]
	}
	return strings.Join(names, " + ")
}

func why(note string) fault.Text {
	switch note {
	case "header":
		return fault.Text{ID: "dari judul kolom", EN: "by the column's title"}
	case "content":
		return fault.Text{ID: "diduga dari isinya", EN: "guessed from the content"}
	case "given":
		return fault.Text{ID: "dari --map", EN: "by --map"}
	}
	return fault.Text{ID: note, EN: note}
}

// Summary prints what was found.
func (r *Run) Summary(w io.Writer, lang In) error {
	counts := map[match.Outcome]int{}
	for _, p := range r.Pairs {
		counts[r.Limits.Outcome(p.Likelihood)]++
	}
	inClusters, largest := 0, 0
	for _, c := range r.Clusters {
		inClusters, largest = inClusters+len(c), max(largest, len(c))
	}
	var b strings.Builder
	line := func(id, en, format string, args ...any) {
		fmt.Fprintf(&b, "%-16s %s\n", lang.Say(fault.Text{ID: id, EN: en}), fmt.Sprintf(format, args...))
	}
	records := grouped(int64(len(r.A)))
	if r.Input.Two() {
		records += " + " + grouped(int64(len(r.B)))
	}
	line("data", "records", "%s", records)
	line("pasangan", "pairs compared", "%s in %.1f s, %s a second; %.1f CPU-s", grouped(r.Compared), r.Wall.Seconds(), grouped(int64(float64(r.Compared)/max(r.Wall.Seconds(), 1e-9))), r.CPU.Seconds())
	line("padan", "padan", "%s   (>= %s)", grouped(int64(counts[match.Padan])), short(r.Limits.Padan))
	line("perlu ditinjau", "perlu ditinjau", "%s   (>= %s)", grouped(int64(counts[match.Tinjau])), short(r.Limits.Tinjau))
	line("kelompok", "clusters", "%s of %s records, the largest of %d   (>= %s)", grouped(int64(len(r.Clusters))), grouped(int64(inClusters)), largest, short(r.Limits.One))
	if l := r.Lost; l != nil {
		share, low, high := l.Share()
		line("terlewat", "lost by blocking", "%.2f %% of matches (95 %%: %.2f-%.2f), estimated on %d records compared with all", 100*share, 100*low, 100*high, l.Sampled)
	}
	if r.Raised != 0 {
		line("dipotong", "cut off", "more pairs were likely than are kept: pairs below likelihood %s are missing, and with them some records that are alike", short(r.Model.Likelihood(r.Raised)))
	}
	line("memori", "memory", "%d MiB", PeakMemory()>>20)
	_, err := io.WriteString(w, b.String())
	return err
}

// short writes a likelihood without needless zeros.
func short(p float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", p), "0"), ".")
}

// grouped writes a number with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
