package quality

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
)

// Find looks for the truth about the rows of a, and of b where two files are linked (nil for one file).
//
// spec is the title of a column (in both files, where there are two) or the path of a list of pairs. With an
// empty spec it is recognised: record ids that tell it themselves (rec-12-org, rec-12-dup-0), a file beside
// X.csv called X_labels.csv, X_truth.csv or X_pairs.csv (folder says where), or a column titled cluster,
// entity_id, person_uid and the like. The column is kept from being matched on. ErrNoTruth where there is none.
func Find(spec, folder string, a, b *table.Table) (*Truth, error) {
	if spec != "" {
		return given(spec, a, b)
	}
	if t, ok := fromColumns(truthTitles, a, b); ok && t.Pairs() > 0 {
		return t, nil
	}
	if t, ok := recognised(a, b); ok {
		return t, nil
	}
	for _, suffix := range []string{"_labels.csv", "_truth.csv", "_pairs.csv"} {
		path := filepath.Join(folder, strings.TrimSuffix(a.Name, filepath.Ext(a.Name))+suffix)
		if _, err := os.Stat(path); err == nil {
			return fromFile(path, a, b)
		}
	}
	return nil, ErrNoTruth
}

func given(spec string, a, b *table.Table) (*Truth, error) {
	if t, ok := fromColumns([]string{spec}, a, b); ok {
		if t.Pairs() == 0 {
			return nil, fault.New(fault.Invalid, "truth_no_pairs",
				fmt.Sprintf("Kolom %s tidak pernah sama pada dua baris, jadi tidak menunjukkan siapa orang yang sama.", spec),
				fmt.Sprintf("Column %s is never equal in two records, so it tells of no two that are one person.", spec)).Because(fmt.Errorf("column %s of %s has no value twice", spec, a.Name))
		}
		return t, nil
	}
	if _, err := os.Stat(spec); err != nil {
		return nil, fault.New(fault.Invalid, "truth_unknown",
			fmt.Sprintf("--truth %s bukan kolom dari %s dan bukan berkas; kolom yang ada: %s.", spec, a.Name, strings.Join(a.Header, ", ")),
			fmt.Sprintf("--truth %s is neither a column of %s nor a file; columns: %s.", spec, a.Name, strings.Join(a.Header, ", "))).Because(fmt.Errorf("no column or file %s", spec))
	}
	return fromFile(spec, a, b)
}

// truthTitles are columns taken for the truth without being named.
var truthTitles = []string{"cluster", "cluster_id", "true_cluster", "entity", "entity_id", "ent_id", "person_uid", "true_id", "truth", "ground_truth", "gold_id", "group_id"}

// fromColumns takes the first title that all files have.
func fromColumns(names []string, a, b *table.Table) (*Truth, bool) {
	for _, name := range names {
		i, ok := a.Column(name)
		if !ok {
			continue
		}
		inA, source := people(a.Values(i)), "column "+a.Header[i]
		var inB []string
		if b != nil {
			j, ok := b.Column(name)
			if !ok {
				continue
			}
			inB = people(b.Values(j))
			b.Exclude(j)
		}
		a.Exclude(i)
		t := FromColumn(inA, inB)
		t.Source = source
		return t, true
	}
	return nil, false
}

// generated matches the record ids of FEBRL's generator: the number is the person.
var generated = regexp.MustCompile(`^rec-(\d+)-(org|dup-\d+)$`)

// people reads the person off record ids of that form where all values have it; other values stay as they are.
func people(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		m := generated.FindStringSubmatch(v)
		if m == nil {
			return values
		}
		out[i] = m[1]
	}
	return out
}

// recognised reads the truth off the record ids; every row must have one of the generator's.
func recognised(a, b *table.Table) (*Truth, bool) {
	ids := func(t *table.Table) ([]string, bool) {
		own := t.IDs()
		read := people(own)
		return read, len(own) > 0 && read[0] != own[0]
	}
	inA, ok := ids(a)
	if !ok {
		return nil, false
	}
	var inB []string
	if b != nil {
		if inB, ok = ids(b); !ok {
			return nil, false
		}
	}
	t := FromColumn(inA, inB)
	t.Source = "record ids rec-N-…"
	return t, true
}

func fromFile(path string, a, b *table.Table) (*Truth, error) {
	l, err := table.Read(path, table.Limits{})
	if err != nil {
		return nil, err
	}
	idsA := a.IDs()
	var idsB []string
	if b != nil {
		idsB = b.IDs()
	}
	list, err := readList(l, idsA, idsB)
	if err != nil {
		return nil, err
	}
	t, err := FromPairs(list, idsA, idsB)
	if err != nil {
		return nil, fault.New(fault.Invalid, "truth_no_records", fmt.Sprintf("Berkas %s tidak menyebut satu pun baris dari %s.", l.Name, a.Name),
			fmt.Sprintf("File %s names no record of %s.", l.Name, a.Name)).Because(err)
	}
	t.Source = "pairs of " + l.Name
	return t, nil
}

// readList reads a table of pairs. The two ids are in the columns titled …_l and …_r or the like, else in the
// first two whose values are record ids; the column of the answer is optional.
func readList(l *table.Table, idsA, idsB []string) ([]Listed, error) {
	known := map[string]bool{}
	for _, id := range slices.Concat(idsA, idsB) {
		known[id] = true
	}
	ids, answer := pairColumns(l, known)
	if len(ids) < 2 {
		return nil, fault.New(fault.Invalid, "truth_no_ids", fmt.Sprintf("Berkas %s tidak memiliki dua kolom nomor baris.", l.Name),
			fmt.Sprintf("File %s has no two columns of record ids.", l.Name)).Because(fmt.Errorf("columns %s", strings.Join(l.Header, ", ")))
	}
	var out []Listed
	if known[l.Header[ids[0]]] && known[l.Header[ids[1]]] {
		// There is no header: the first row is a pair too.
		match := true
		if answer >= 0 {
			match, _ = yes(l.Header[answer])
		}
		out = append(out, Listed{l.Header[ids[0]], l.Header[ids[1]], match})
	}
	for i, row := range l.Rows {
		match := true
		if answer >= 0 {
			var ok bool
			if match, ok = yes(row[answer]); !ok {
				return nil, fault.New(fault.Invalid, "truth_answer", fmt.Sprintf("Berkas %s baris %d: kolom %s bukan ya/tidak atau angka.", l.Name, l.Lines[i], l.Header[answer]),
					fmt.Sprintf("File %s line %d: column %s is neither yes/no nor a number.", l.Name, l.Lines[i], l.Header[answer])).Because(fmt.Errorf("line %d", l.Lines[i]))
			}
		}
		out = append(out, Listed{row[ids[0]], row[ids[1]], match})
	}
	return out, nil
}

// answerTitle matches titles of columns that say whether a pair is a match.
var answerTitle = regexp.MustCompile(`(?i)match|score|label|truth|same|class|gold|dup|padan|sama|prob|likelihood`)

// pairColumns finds the two id columns and the column of the answer, -1 where there is none.
func pairColumns(l *table.Table, known map[string]bool) (ids []int, answer int) {
	answer = -1
	for i := range l.Header {
		hits, looked := 0, min(len(l.Rows), 1000)
		for _, row := range l.Rows[:looked] {
			if known[row[i]] {
				hits++
			}
		}
		switch {
		// A column of 0 and 1 may look like ids 0 and 1; its title tells.
		case answerTitle.MatchString(l.Header[i]) && len(ids) != 1 && answers(l, i):
			if answer < 0 {
				answer = i
			}
		case len(ids) < 2 && 2*hits > looked:
			ids = append(ids, i)
		}
	}
	if answer < 0 && len(ids) == 2 && len(l.Header) == 3 {
		if third := 3 - ids[0] - ids[1]; answers(l, third) {
			answer = third
		}
	}
	return ids, answer
}

// answers reports whether at least half of a column's values are a yes, a no or a number from 0 to 1. The
// others are then reported as faults of the list.
func answers(l *table.Table, column int) bool {
	n := 0
	for _, row := range l.Rows {
		if _, ok := yes(row[column]); ok {
			n++
		}
	}
	return 2*n >= len(l.Rows)
}

// yes reads an answer; a score of 0.5 or more is a yes.
func yes(v string) (match, ok bool) {
	switch strings.ToLower(v) {
	case "true", "t", "yes", "y", "match", "ya", "padan", "sama", "duplicate", "same", "positive":
		return true, true
	case "false", "f", "no", "n", "non-match", "nonmatch", "non_match", "tidak", "tidak padan", "tidak_padan", "beda", "distinct", "different", "negative":
		return false, true
	}
	n, err := strconv.ParseFloat(v, 64)
	return n >= 0.5, err == nil && n >= 0 && n <= 1
}
