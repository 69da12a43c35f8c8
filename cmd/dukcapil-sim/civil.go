package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// status of a civil record, as the CSV spells it.
type status string

const (
	alive       status = "hidup"
	deceased    status = "meninggal"
	duplicated  status = "ganda"
	inactive    status = "nonaktif"
	unprocessed status = "tidak_diproses"
)

// codeOf is what Dukcapil answers for a record that is not simply in force.
var codeOf = map[status]string{deceased: "11", duplicated: "12", inactive: "14", unprocessed: "08"}

// person is one synthetic civil record.
type person struct {
	kk, name, birthPlace, birthDate, sex, mother string
	status                                       status
}

// columns maps each field to the header names under which it is accepted.
var columns = map[string][]string{
	"nik": {"nik"}, "kk": {"kk", "no_kk"}, "name": {"name", "legal_name", "nama"},
	"birth_place": {"birth_place", "tempat_lahir"}, "birth_date": {"birth_date", "tanggal_lahir"},
	"sex": {"sex", "jenis_kelamin"}, "mother": {"mother", "mother_name", "nama_ibu"}, "status": {"status"},
}

// register holds the records by NIK.
type register struct {
	mu   sync.RWMutex
	byID map[string]person
}

func (r *register) find(nik string) (person, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	p, ok := r.byID[nik]
	return p, ok
}

func (r *register) size() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byID)
}

// load replaces everything by the file's rows.
func (r *register) load(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	rows, err := readCivil(file)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", path, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID = rows
	return len(rows), nil
}

// add puts rows beside those there are; a NIK already known gets the new row.
func (r *register) add(rows map[string]person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for nik, p := range rows {
		r.byID[nik] = p
	}
}

// readCivil reads a CSV with a header. Columns it does not know are ignored. Errors name line and column, no values.
func readCivil(in io.Reader) (map[string]person, error) {
	reader := csv.NewReader(bufio.NewReaderSize(in, 1<<20))
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	at, err := locate(header)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]person)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		cell := func(field string) string {
			if i, ok := at[field]; ok {
				return strings.Clone(strings.TrimSpace(row[i]))
			}
			return ""
		}
		p := person{kk: cell("kk"), name: normal(cell("name")), birthPlace: normal(cell("birth_place")),
			birthDate: cell("birth_date"), sex: cell("sex"), mother: normal(cell("mother")), status: status(cell("status"))}
		line, _ := reader.FieldPos(0)
		if p.birthDate != "" {
			if _, err := time.Parse(time.DateOnly, p.birthDate); err != nil {
				return nil, fmt.Errorf("line %d: birth_date is not yyyy-mm-dd", line)
			}
		}
		if p.status == "" {
			p.status = alive
		}
		if _, ok := codeOf[p.status]; !ok && p.status != alive {
			return nil, fmt.Errorf("line %d: unknown status", line)
		}
		rows[cell("nik")] = p
	}
}

// locate finds each field's column.
func locate(header []string) (map[string]int, error) {
	at := make(map[string]int)
	for field, names := range columns {
		for i, title := range header {
			for _, name := range names {
				if strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(title, "\ufeff")), name) {
					at[field] = i
				}
			}
		}
	}
	for _, field := range []string{"nik", "name", "birth_date", "status"} {
		if _, ok := at[field]; !ok {
			return nil, fmt.Errorf("header has no column %s", field)
		}
	}
	return at, nil
}

// wellFormed is Dukcapil's own idea of a NIK: 16 digits, a day and month that exist (women's day + 40), a serial.
func wellFormed(nik string) bool {
	if len(nik) != 16 {
		return false
	}
	for i := range len(nik) {
		if nik[i] < '0' || nik[i] > '9' {
			return false
		}
	}
	two := func(i int) int { return int(nik[i]-'0')*10 + int(nik[i+1]-'0') }
	day, month := two(6), two(8)
	if day > 40 {
		day -= 40
	}
	longest := [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	return two(0) >= 11 && month >= 1 && month <= 12 && day >= 1 && day <= longest[month] && nik[12:] != "0000"
}
