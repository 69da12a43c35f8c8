package fit

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"dtks/pkg/fault"
	"dtks/services/eligibility/pmt"
)

// Columns of a survey beside the variables, which are named as in a model file (pmt.Domain).
const (
	ColConsumption = "consumption" // rupiah per person and month; required, above zero
	ColWeight      = "weight"      // how many families the household stands for, 0.001 to 1,000,000; 1 where there is no such column
	ColHousehold   = "household"   // its name, each once; not used
	ColArea        = "area"        // Kemendagri code of a province, regency, district or village
	ColUrban       = "urban"       // 1 a town, 2 a village
	ColDisabled    = "disabled"    // 1 somebody is severely disabled, 2 nobody
	ColSynthetic   = "synthetic"   // how the household was invented; empty for a real one
)

// Survey is what was read, a slice of numbers for each variable.
type Survey struct {
	File, SHA256 string // name without folder, digest of its bytes
	Synthetic    string // how it was invented; "" for real households
	Consumption  []float64
	Weight       []float64
	Area         []string
	Urban        []int32 // 1, 2 or pmt.Missing
	Disabled     []int32
	Names        []string
	Numbers      [][]int32
	Ignored      []string // columns that are no variables
}

// Households is how many there are.
func (s *Survey) Households() int { return len(s.Consumption) }

// numbers of a variable; nil when the survey has none.
func (s *Survey) numbers(name string) []int32 {
	if i := slices.Index(s.Names, name); i >= 0 {
		return s.Numbers[i]
	}
	return nil
}

// texts of what can be wrong with a survey. A message names line and column, never what stands there.
var texts = map[string]fault.Text{
	"required":             {ID: "Wajib diisi", EN: "This must be filled in"},
	"number_unreadable":    {ID: "Harus berupa bilangan, dengan titik untuk pecahan", EN: "This must be a number, with a point for fractions"},
	"not_above_zero":       {ID: "Harus lebih besar dari nol", EN: "This must be above zero"},
	"weight_out_of_range":  {ID: "Bobot antara 0,001 dan 1.000.000", EN: "A weight is between 0.001 and 1,000,000"},
	"consumption_constant": {ID: "Pengeluaran sama di semua rumah tangga", EN: "Consumption is the same in all households"},
	"code_out_of_range":    {ID: "Bukan kode instrumen, atau di luar batas butir itu", EN: "Not a code of the instrument, or outside the item's bounds"},
	"area_unreadable":      {ID: "Bukan kode Kemendagri seperti 32.04", EN: "Not a Kemendagri code such as 32.04"},
	"household_twice":      {ID: "Rumah tangga ini sudah ada di baris lain", EN: "This household already stands on another line"},
	"synthetic_differs":    {ID: "Baris-baris menyebut asal buatan yang berbeda", EN: "Lines tell differently how they were invented"},
	"column_required":      {ID: "Kolom ini tidak ada", EN: "There is no such column"},
	"column_twice":         {ID: "Kolom ini ada dua kali", EN: "This column stands there twice"},
	"no_variables":         {ID: "Tidak ada kolom yang merupakan butir instrumen", EN: "No column is an item of the instrument"},
	"too_few":              {ID: "Kurang dari 200 rumah tangga", EN: "Fewer than 200 households"},
}

const (
	leastHouseholds = 200
	leastWeight     = 0.001
	mostWeight      = 1_000_000
	shownFindings   = 20
)

// reading is a survey being read.
type reading struct {
	*Survey
	header   []string
	lines    []int
	findings []fault.Detail
	more     int
}

func (r *reading) find(line int, column, code string) {
	if len(r.findings) >= shownFindings {
		r.more++
		return
	}
	field := "column " + column
	if line > 0 {
		field = fmt.Sprintf("line %d, column %s", line, column)
	}
	r.findings = append(r.findings, fault.Detail{Field: field, Code: code, Text: texts[code]})
}

// Read makes a survey of a table: one row a household, an empty cell is an answer that was not given. lines tell on which
// line of the file each row stands. Every row counts or none: the error lists what cannot be read.
func Read(header []string, rows [][]string, lines []int) (*Survey, error) {
	r := &reading{Survey: &Survey{}, header: header, lines: lines}
	r.columns()
	if len(rows) < leastHouseholds {
		r.find(0, ColConsumption, "too_few")
	}
	if len(r.findings) == 0 {
		for i, name := range header {
			r.column(i, name, rows)
		}
		r.fill(len(rows))
	}
	if len(r.findings) == 0 {
		return r.Survey, nil
	}
	if r.more > 0 {
		r.findings = append(r.findings, fault.Detail{Field: "…", Code: "more", Text: fault.Text{
			ID: fmt.Sprintf("dan %d temuan lain", r.more), EN: fmt.Sprintf("and %d more findings", r.more)}})
	}
	return nil, fault.New(fault.Invalid, "survey_unreadable", "Survei tidak dapat dipakai.", "The survey cannot be used.").With(r.findings...)
}

// columns checks the titles.
func (r *reading) columns() {
	seen, variables := map[string]bool{}, 0
	for _, name := range r.header {
		if seen[name] {
			r.find(0, name, "column_twice")
		}
		seen[name] = true
		if _, _, ok := pmt.Domain(name); ok && !unused(name) {
			variables++
		}
	}
	if !seen[ColConsumption] {
		r.find(0, ColConsumption, "column_required")
	}
	if variables == 0 {
		r.find(0, "*", "no_variables")
	}
}

var areaForm = regexp.MustCompile(`^\d\d(\.\d\d(\.\d\d(\.\d{4})?)?)?$`)

// column reads one column of all rows.
func (r *reading) column(at int, name string, rows [][]string) {
	switch name {
	case ColConsumption:
		r.Consumption = r.amounts(at, rows)
	case ColWeight:
		r.Weight = r.amounts(at, rows)
		for i, w := range r.Weight {
			if w > 0 && (w < leastWeight || w > mostWeight) {
				r.find(r.lines[i], name, "weight_out_of_range")
			}
		}
	case ColUrban:
		r.Urban = r.codes(at, rows, 1, 2)
	case ColDisabled:
		r.Disabled = r.codes(at, rows, 1, 2)
	case ColArea:
		r.Area = make([]string, len(rows))
		for i, row := range rows {
			if r.Area[i] = row[at]; !areaForm.MatchString(row[at]) {
				r.find(r.lines[i], name, "area_unreadable")
			}
		}
	case ColHousehold:
		seen := map[string]bool{}
		for i, row := range rows {
			if row[at] != "" && seen[row[at]] {
				r.find(r.lines[i], name, "household_twice")
			}
			seen[row[at]] = true
		}
	case ColSynthetic:
		r.Synthetic = rows[0][at]
		for i, row := range rows {
			if row[at] != r.Synthetic {
				r.find(r.lines[i], name, "synthetic_differs")
			}
		}
	default:
		low, high, ok := pmt.Domain(name)
		if !ok {
			r.Ignored = append(r.Ignored, name)
			return
		}
		r.Names, r.Numbers = append(r.Names, name), append(r.Numbers, r.codes(at, rows, low, high))
	}
}

func (r *reading) amounts(at int, rows [][]string) []float64 {
	out := make([]float64, len(rows))
	for i, row := range rows {
		x, err := strconv.ParseFloat(row[at], 64)
		switch {
		case row[at] == "":
			r.find(r.lines[i], r.header[at], "required")
		case err != nil || math.IsNaN(x) || math.IsInf(x, 0):
			r.find(r.lines[i], r.header[at], "number_unreadable")
		case x <= 0:
			r.find(r.lines[i], r.header[at], "not_above_zero")
		}
		out[i] = x
	}
	return out
}

func (r *reading) codes(at int, rows [][]string, low, high int32) []int32 {
	out := make([]int32, len(rows))
	for i, row := range rows {
		out[i] = pmt.Missing
		if row[at] == "" {
			continue
		}
		x, err := strconv.ParseInt(row[at], 10, 32)
		switch {
		case err != nil:
			r.find(r.lines[i], r.header[at], "number_unreadable")
		case int32(x) < low || int32(x) > high:
			r.find(r.lines[i], r.header[at], "code_out_of_range")
		default:
			out[i] = int32(x)
		}
	}
	return out
}

// fill stands in for columns that are not there, and divides amounts among members where only the amount is given.
func (r *reading) fill(n int) {
	if r.Weight == nil {
		r.Weight = slices.Repeat([]float64{1}, n)
	}
	if r.Area == nil {
		r.Area = make([]string, n)
	}
	for _, codes := range []*[]int32{&r.Urban, &r.Disabled} {
		if *codes == nil {
			*codes = slices.Repeat([]int32{pmt.Missing}, n)
		}
	}
	size := r.numbers(pmt.VarSize)
	for _, name := range slices.Clone(r.Names) {
		each := name + pmt.PerMember
		// Herds enter as they are; income and floor area only count per member.
		if _, _, ok := pmt.Domain(each); !ok || !unused(name) || size == nil || r.numbers(each) != nil {
			continue
		}
		r.Names, r.Numbers = append(r.Names, each), append(r.Numbers, divide(name, r.numbers(name), size))
	}
}

// divide shares an item among members, as package pmt does for a family.
func divide(item string, numbers, size []int32) []int32 {
	out := make([]int32, len(numbers))
	for i := range out {
		out[i] = pmt.Share(item, numbers[i], size[i])
	}
	return out
}
