package trial

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dtks/cmd/dtks/matching"
	"dtks/cmd/dtks/quality"
	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
)

// Set is a labelled list, or two, named by the user.
type Set struct {
	Name string
	matching.Source
}

// ParseSet reads NAME=A.csv[,B.csv][;map=…][;truth=…].
func ParseSet(text string) (Set, error) {
	name, rest, ok := strings.Cut(text, "=")
	parts := strings.Split(rest, ";")
	files := strings.Split(parts[0], ",")
	if !ok || name == "" || files[0] == "" || len(files) > 2 {
		return Set{}, fmt.Errorf("set %q is not NAME=A.csv[,B.csv][;map=…][;truth=…]", text)
	}
	s := Set{Name: name, Source: matching.Source{A: files[0], Truth: matching.AutoTruth}}
	if len(files) == 2 {
		s.B = files[1]
	}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "map":
			s.Map = value
		case "truth":
			s.Truth = value
		default:
			return Set{}, fmt.Errorf("set %q: %q is neither map=… nor truth=…", text, part)
		}
	}
	return s, nil
}

// labelled loads the sets that were named and those found in folders.
func (t *Trial) labelled() ([]one, error) {
	sets := slices.Clone(t.o.Sets)
	for _, folder := range t.o.Folders {
		found, err := Discover(folder)
		if err != nil {
			return nil, err
		}
		sets = append(sets, found...)
	}
	var out []one
	for _, s := range sets {
		in, err := matching.Load(s.Source)
		var f *fault.Error
		if errors.As(err, &f) && f.Code == "truth_unknown" {
			t.o.Say("%s: nothing tells who is who; left out", s.Name)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", s.Name, err)
		}
		variants, err := variantsOf(s.Name, in)
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", s.Name, err)
		}
		out = append(out, variants...)
	}
	return out, nil
}

// variantsOf adds to a set the one without the field that alone says who somebody is, and of each the half of the people
// that nothing was tuned on.
func variantsOf(name string, in *matching.Input) ([]one, error) {
	out := []one{{name: name, in: in}}
	if less, ok := in.Without(identifies); ok {
		out = append(out, one{name: name + "-noid", in: less})
	}
	for _, s := range slices.Clone(out) {
		half, err := heldOut(s.in)
		if err != nil {
			return nil, err
		}
		out = append(out, one{name: s.name + "-heldout", in: half, half: true})
	}
	return out, nil
}

// heldOut keeps the records of the people whose number hashes to an odd value; the others are the training half.
func heldOut(in *matching.Input) (*matching.Input, error) {
	pa, pb := in.Truth.People()
	c := *in
	var ta, tb []string
	c.A, ta = halfOf(in.A, pa)
	if in.Two() {
		c.B, tb = halfOf(in.B, pb)
	}
	c.Truth = quality.FromColumn(ta, tb)
	return &c, c.Renumber()
}

func halfOf(t *table.Table, people []int32) (*table.Table, []string) {
	c := *t
	c.Rows, c.Lines = nil, nil
	var truth []string
	for i, p := range people {
		h := fnv.New32a()
		fmt.Fprint(h, p)
		if h.Sum32()>>8&1 == 1 {
			c.Rows, c.Lines, truth = append(c.Rows, t.Rows[i]), append(c.Lines, t.Lines[i]), append(truth, fmt.Sprint(p))
		}
	}
	return &c, truth
}

// firstOfTwo matches the name of the first of two lists that belong together.
var firstOfTwo = regexp.MustCompile(`(?i)^(.*?)[-_ ]?(a|left|l)$`)

// partner gives, by the ending of the first list, that of the second.
var partner = map[string]string{"a": "b", "left": "right", "l": "r"}

// labelFile matches lists of the truth rather than of people.
var labelFile = regexp.MustCompile(`(?i)[-_](labels|truth|pairs|gold|matches)$`)

// Discover finds the lists of a folder: pairs of files such as X4a.csv and X4b.csv, X_left.csv and X_right.csv are two
// lists to be linked, every other one is to be searched for duplicates.
func Discover(folder string) ([]Set, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	files := map[string]string{} // by name without ending, in lower case
	var names []string
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		stem := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))
		if e.IsDir() || !slices.Contains([]string{".csv", ".tsv", ".xlsx"}, ext) || labelFile.MatchString(stem) {
			continue
		}
		files[strings.ToLower(stem)] = e.Name()
		names = append(names, stem)
	}
	var out []Set
	used := map[string]bool{}
	for _, stem := range names {
		s := Set{Name: setName(stem), Source: matching.Source{A: filepath.Join(folder, files[strings.ToLower(stem)]), Truth: matching.AutoTruth}}
		if other, name, ok := second(stem, files); ok {
			s.Name, s.B = setName(name), filepath.Join(folder, files[other])
			used[other] = true
		}
		if !used[strings.ToLower(stem)] {
			out = append(out, s)
		}
	}
	return slices.DeleteFunc(out, func(s Set) bool {
		return s.B == "" && used[strings.ToLower(strings.TrimSuffix(filepath.Base(s.A), filepath.Ext(s.A)))]
	}), nil
}

// second finds the list that belongs to a first one.
func second(stem string, files map[string]string) (other, name string, ok bool) {
	m := firstOfTwo.FindStringSubmatch(stem)
	if m == nil || m[1] == "" {
		return "", "", false
	}
	other = strings.ToLower(stem[:len(stem)-len(m[2])] + partner[strings.ToLower(m[2])])
	_, ok = files[other]
	return other, m[1], ok
}

// setName is a name fit for a line: FEBRL's files are called datasetN and known as febrlN.
func setName(stem string) string {
	name := strings.ReplaceAll(strings.ToLower(stem), " ", "_")
	if n, ok := strings.CutPrefix(name, "dataset"); ok && n != "" {
		return "febrl" + n
	}
	return name
}
