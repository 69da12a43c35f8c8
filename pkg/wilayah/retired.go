package wilayah

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/retired.csv
var retiredCSV string

// retired holds codes that were areas once and still begin NIKs and KKs issued then.
var retired = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(retiredCSV) {
		if code, _, ok := strings.Cut(line, ","); ok && code != "code" {
			m[code] = true
		}
	}
	return m
})

// Ever reports whether a province or regency code is one of today or was one: NIK and KK keep the code of the day they
// were issued. Every regency of an abolished province counts. Districts and villages are not looked up, their history is not on record here.
func Ever(code string) bool {
	if len(code) != 2 && len(code) != 5 {
		return false
	}
	return retired()[code] || retired()[code[:2]] || Valid(code)
}
