// Gen packs the area lists of the npm package idn-area-data into data/areas.gz.
//
//	npm pack idn-area-data@4.0.1 && tar xzf idn-area-data-4.0.1.tgz
//	go run ./wilayah/gen package/data wilayah/data/areas.gz
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen FOLDER_WITH_CSV TARGET")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

type area struct{ code, name string }

func pack(from, to string) error {
	var areas []area
	for _, file := range []string{"provinces.csv", "regencies.csv", "districts.csv", "villages.csv"} {
		list, err := read(filepath.Join(from, file))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		areas = append(areas, list...)
	}
	slices.SortFunc(areas, func(a, b area) int { return cmp.Compare(a.code, b.code) })
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(z)
	for _, a := range areas {
		depth := strings.Count(a.code, ".")
		fmt.Fprintf(w, "%s%s %s\n", strings.Repeat("\t", depth), a.code[strings.LastIndexByte(a.code, '.')+1:], a.name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

// read takes the first and the last column: code and name.
func read(file string) ([]area, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var list []area
	for _, row := range rows[1:] {
		list = append(list, area{row[0], strings.Join(strings.Fields(row[len(row)-1]), " ")})
	}
	return list, nil
}
