// Package wilayah is the list of Indonesia's administrative areas by Kemendagri code: 38 provinces, 514 regencies and
// cities, 7,285 districts, 83,762 villages.
//
// Codes are spelt with dots, as in 32, 32.04, 32.04.10 and 32.04.10.2001. Digits without dots are refused: BPS codes
// have the same length and mean other places. The data is a build product of data/, whose licence and source stand in
// data/LICENSE.md and in NOTICE; it is unpacked on first use, in about 30 ms.
package wilayah

import (
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
)

// Level is how deep an area lies. The zero value is no area.
type Level int

// Levels.
const (
	None     Level = iota
	Province       // 32
	Regency        // 32.04, kabupaten or kota
	District       // 32.04.10
	Village        // 32.04.10.2001, kelurahan (1), desa (2) or desa adat (3) by the last part's first digit
)

// Area is one area.
type Area struct{ Code, Name string }

// Valid reports whether code is an area of today.
func Valid(code string) bool { return LevelOf(code) != None }

// LevelOf is the level of a code of today, None for anything else.
func LevelOf(code string) Level {
	k, level := parse(code)
	if level == None {
		return None
	}
	if _, ok := load().find(k); !ok {
		return None
	}
	return level
}

// Name is the official name, such as Kabupaten Bandung; empty for an unknown code.
func Name(code string) string {
	k, level := parse(code)
	if level == None {
		return ""
	}
	t := load()
	i, ok := t.find(k)
	if !ok {
		return ""
	}
	return t.names[i]
}

// Parent is the code one level up, by shape alone; empty for a province.
func Parent(code string) string {
	if i := strings.LastIndexByte(code, '.'); i > 0 {
		return code[:i]
	}
	return ""
}

// At cuts code to a level, by shape alone: At("32.04.10.2001", Regency) is 32.04. A shorter code gives the empty string.
func At(code string, level Level) string {
	end := 3*int(level) - 1
	if level == Village {
		end = 13
	}
	if level == None || len(code) < end {
		return ""
	}
	return code[:end]
}

// Children lists the areas one level below code in the order of their codes; the provinces where code is empty.
func Children(code string) []Area {
	t := load()
	low, level := parse(code)
	if code != "" && level == None {
		return nil
	}
	first := 0
	if code != "" {
		i, ok := t.find(low)
		if !ok {
			return nil
		}
		first = i + 1
	}
	var list []Area
	for i := first; i < len(t.keys) && (code == "" || t.keys[i] < low+span[level]); i++ {
		if levelOf(t.keys[i]) == level+1 {
			list = append(list, Area{format(t.keys[i]), t.names[i]})
		}
	}
	return list
}

// All yields every area with its level, parents before children, in the order of the codes.
func All() iter.Seq2[Area, Level] {
	return func(yield func(Area, Level) bool) {
		t := load()
		for i, k := range t.keys {
			if !yield(Area{format(k), t.names[i]}, levelOf(k)) {
				return
			}
		}
	}
}

// Under yields the areas of one level that lie in the area code ("" for all of Indonesia).
func Under(code string, level Level) []Area {
	t := load()
	low, at := parse(code)
	high := low + span[at]
	if code == "" {
		high = ^uint64(0)
	} else if at == None {
		return nil
	}
	i, _ := slices.BinarySearch(t.keys, low)
	var list []Area
	for ; i < len(t.keys) && t.keys[i] < high; i++ {
		if levelOf(t.keys[i]) == level {
			list = append(list, Area{format(t.keys[i]), t.names[i]})
		}
	}
	return list
}

// span is how many keys an area of a level covers.
var span = [...]uint64{Province: 1e8, Regency: 1e6, District: 1e4, Village: 1}

// table holds all areas, sorted by key: the code as a ten-digit number, missing levels zero.
type table struct {
	keys  []uint64
	names []string
}

func (t *table) find(k uint64) (int, bool) { return slices.BinarySearch(t.keys, k) }

//go:embed data/areas.gz
var packed string

// load unpacks the embedded list: an outline of lines, as many tabs as the level is deep, the last part of the code
// and the name. Damaged data cannot be built in (TestAll_Counts), so it panics.
var load = sync.OnceValue(unpack)

func unpack() *table {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		panic("wilayah: " + err.Error())
	}
	text := new(strings.Builder)
	// The last four bytes of a gzip stream are the unpacked size.
	text.Grow(int(binary.LittleEndian.Uint32([]byte(packed[len(packed)-4:]))))
	if _, err := io.Copy(text, z); err != nil {
		panic("wilayah: " + err.Error())
	}
	return outline(text.String())
}

func outline(text string) *table {
	const expect = 91_600
	t := &table{keys: make([]uint64, 0, expect), names: make([]string, 0, expect)}
	var path [5]uint64
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		depth := 0
		for line[depth] == '\t' {
			depth++
		}
		part, name, _ := strings.Cut(line[depth:], " ")
		n := uint64(0)
		for _, c := range []byte(part) {
			n = n*10 + uint64(c-'0')
		}
		path[depth+1] = path[depth] + n*span[depth+1]
		t.keys = append(t.keys, path[depth+1])
		t.names = append(t.names, name)
	}
	return t
}

// parse turns a dotted code into its key; None where the shape is wrong.
func parse(code string) (uint64, Level) {
	var level Level
	switch len(code) {
	case 2:
		level = Province
	case 5:
		level = Regency
	case 8:
		level = District
	case 13:
		level = Village
	default:
		return 0, None
	}
	k := uint64(0)
	for i := range len(code) {
		c := code[i]
		if i == 2 || i == 5 || i == 8 {
			if c != '.' {
				return 0, None
			}
			continue
		}
		if c < '0' || c > '9' {
			return 0, None
		}
		k = k*10 + uint64(c-'0')
	}
	k *= span[level]
	if levelOf(k) != level {
		return 0, None
	}
	return k, level
}

func levelOf(k uint64) Level {
	switch {
	case k%1e4 != 0:
		return Village
	case k%1e6 != 0:
		return District
	case k%1e8 != 0:
		return Regency
	}
	return Province
}

func format(k uint64) string {
	var b [13]byte
	digits, at := k, 13
	for i := 9; i >= 0; i-- {
		at--
		b[at] = byte('0' + digits%10)
		digits /= 10
		if i == 6 || i == 4 || i == 2 {
			at--
			b[at] = '.'
		}
	}
	return string(b[:[...]int{Province: 2, Regency: 5, District: 8, Village: 13}[levelOf(k)]])
}
