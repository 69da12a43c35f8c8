package match_test

import (
	"fmt"
	"strings"

	"dtks/services/nik-match/match"
	"pgregory.net/rapid"
)

// nameParts are what names are drawn from: families of spellings, call names, joined forms, titles, marks.
var nameParts = []string{
	"MUHAMMAD", "MOCH.", "MOH", "M.", "MUHAMAD", "AHMAD", "AKHMAD", "ABDUL", "RAHMAN", "ROHMAN", "ABDURRAHMAN", "ABD.", "SITI", "ST.", "AMINAH", "AISYAH", "AISAH",
	"MINAH", "NUR", "HAYATI", "NURHAYATI", "NOER", "AINI", "NURAINI", "SRI", "WAHYUNI", "SRIWAHYUNI", "DWI", "WAWAN", "HERMAWAN", "IWAN", "SETIAWAN", "UDIN", "SAMSUDIN",
	"SJAMSOEDIN", "YANTO", "SUGIYANTO", "SOEGIJANTO", "JOKO", "DJOKO", "SUSILO", "SOESILO", "TJAHJO", "CAHYO", "AGUS", "BUDI", "BUDIMAN", "SANTOSO", "SANTOSA", "SULIS",
	"SULISTYOWATI", "LISTYOWATI", "HARAHAP", "SIREGAR", "I", "NI", "WAYAN", "MADE", "NYOMAN", "KETUT", "GEDE", "PUTU", "RIZKI", "RIZKY", "RISKI", "FITRI", "FITRIYANI",
	"A", "S", "R.", "H.", "HJ.", "DRS.", ", S.PD", "BIN", "BINTI", "ALIAS", "/", "(", ")", "AL.", "ZXQ", "ZXQA", "ZXQAB", "QQQ", "12", "é", "Ж", "\u200b",
}

var words = []string{
	"JL.", "MERDEKA", "MERDEKO", "NO.", "12", "12A", "GG.", "MELATI", "MELATI2", "RT 05/RW 04", "RT 5", "RW 004", "DUSUN", "KRAJAN", "KRAJAN I", "BLOK", "C", "PERUM", "GRIYA",
	"INDAH", "KP.", "SUKAMAJU", "SUKA", "MAJU", "ZXQ", "DS.", "BARU", "LAMA", "III", "KOTA", "BANDUNG",
}

var places = []string{
	"BANDUNG", "KAB. BANDUNG", "KOTA BANDUNG", "BANDUNG BARAT", "BNADUNG", "JAKARTA", "JAKARTA SELATAN", "SURABAYA", "SURABAJA", "SLEMAN", "YOGYAKARTA", "CILACAP", "TJILATJAP",
	"BANYUMAS", "PURWOKERTO", "MEDAN", "DELI SERDANG", "ZXQVILLE", "ZXQVILE", "UJUNG PANDANG", "MAKASSAR", "", "-", "TIDAK TAHU",
}

var hostile = rapid.OneOf(
	rapid.String(),
	rapid.StringOfN(rapid.RuneFrom([]rune("ABMNSI .,/()-'\"019é\u0301\u200b")), 0, 60, -1),
	rapid.Map(rapid.IntRange(0, 300), func(n int) string { return strings.Repeat("AB ", n) }),
)

func joined(parts []string, most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(parts), 1, most), func(p []string) string { return strings.Join(p, " ") })
}

// slipped is a value of g with some letters exchanged, lost, doubled or replaced.
func slipped(g *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return slip(t, g.Draw(t, "value")) })
}

func slip(t *rapid.T, s string) string {
	b := []byte(s)
	for range rapid.IntRange(0, 3).Draw(t, "slips") {
		if len(b) < 2 {
			break
		}
		i := rapid.IntRange(0, len(b)-2).Draw(t, "at")
		switch rapid.IntRange(0, 4).Draw(t, "slip") {
		case 0:
			b[i], b[i+1] = b[i+1], b[i]
		case 1:
			b = append(b[:i], b[i+1:]...)
		case 2:
			b = append(b[:i+1], b[i:]...)
		case 3:
			b[i] = rapid.SampledFrom([]byte("AEIOUNSRT0123456789")).Draw(t, "letter")
		case 4:
			if b[i] == ' ' {
				b = append(b[:i], b[i+1:]...) // two words written as one
			}
		}
	}
	return string(b)
}

func digitsOf(n int) *rapid.Generator[string] {
	// Few different digits, so that numbers come close to each other.
	return rapid.StringOfN(rapid.RuneFrom([]rune("0129")), n, n, -1)
}

var dates = rapid.Custom(func(t *rapid.T) string {
	y := rapid.IntRange(1985, 1996).Draw(t, "year")
	m, d := rapid.SampledFrom([]int{0, 1, 1, 2, 5, 10, 12}).Draw(t, "month"), rapid.SampledFrom([]int{0, 1, 1, 2, 5, 12, 28, 31}).Draw(t, "day")
	form := rapid.SampledFrom([]string{"%04[1]d-%02[2]d-%02[3]d", "%02[3]d/%02[2]d/%04[1]d", "%04[1]d", "%02[2]d/%04[1]d", "%02[3]d-%02[2]d-00"}).Draw(t, "form")
	text, _, _ := strings.Cut(fmt.Sprintf(form, y, m, d), "%!")
	return text
})

var niks = rapid.Custom(func(t *rapid.T) string {
	day := rapid.SampledFrom([]int{1, 2, 10, 12, 41, 52}).Draw(t, "day")
	return fmt.Sprintf("3201%02d%02d%02d%02d%04d", rapid.IntRange(1, 2).Draw(t, "district"), day, rapid.IntRange(1, 2).Draw(t, "month"), rapid.IntRange(85, 86).Draw(t, "year"), rapid.IntRange(9000, 9012).Draw(t, "serial"))
})

// plausible draws values of a kind as registers hold them.
func plausible(k match.Kind) *rapid.Generator[string] {
	switch k {
	case match.KindName:
		return joined(nameParts, 5)
	case match.KindAddress:
		return joined(words, 6)
	case match.KindDate:
		return dates
	case match.KindSex:
		return rapid.SampledFrom([]string{"L", "P", "LAKI-LAKI", "Perempuan", "1", "2", "?"})
	case match.KindPlace:
		return rapid.SampledFrom(places)
	case match.KindArea:
		return rapid.SampledFrom([]string{"32", "3201", "320101", "3201012001", "3201012002", "3201022001", "3302012001", "33", "3", "320", "32010120011"})
	case match.KindNIK:
		return niks
	case match.KindNumber:
		return rapid.OneOf(niks, digitsOf(9), digitsOf(3), rapid.SampledFrom([]string{"A-12-ZXQ", "A12ZXP", "0000", "KK BARU"}))
	case match.KindPhone:
		return rapid.Map(digitsOf(8), func(s string) string { return "+62 812" + s })
	case match.KindEmail:
		return rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"siti", "budi", "zxq", ".", "12", "@gmail.com", "@example.org"}), 1, 5), func(p []string) string { return strings.Join(p, "") })
	case match.KindCode:
		return rapid.SampledFrom([]string{"NSW", "VIC", "NWS", "40123", "40132", "40124", "4012", "QLD", "A", "B"})
	}
	return joined(append([]string{"PETANI", "NELAYAN", "BURUH", "TANI", "BURUHTANI"}, words...), 5)
}

// valueOf draws plausible values, some with slips, now and then nothing or something hostile.
func valueOf(k match.Kind) *rapid.Generator[string] {
	p := plausible(k)
	return rapid.Custom(func(t *rapid.T) string {
		switch n := rapid.IntRange(0, 19).Draw(t, "sort"); {
		case n < 11:
			return p.Draw(t, "plain")
		case n < 17:
			return slipped(p).Draw(t, "slipped")
		case n < 19:
			return hostile.Draw(t, "hostile")
		}
		return ""
	})
}

// row draws one value for each field.
func row(t *rapid.T, fields []match.Field, label string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = valueOf(f.Kind).Draw(t, label+" "+f.Name)
	}
	return out
}

// pair draws two rows of which the second takes over some of the first's values, whole or with slips.
func pair(t *rapid.T, fields []match.Field) (a, b []string) {
	a, b = row(t, fields, "a"), row(t, fields, "b")
	for i := range fields {
		switch rapid.IntRange(0, 3).Draw(t, "shared") {
		case 0:
			b[i] = a[i]
		case 1:
			b[i] = slip(t, a[i])
		}
	}
	return a, b
}

// foreign is a schema of a list from elsewhere, with the kinds that a registrant has not.
func foreign() []match.Field {
	return []match.Field{{Name: "given", Kind: match.KindName}, {Name: "born", Kind: match.KindDate}, {Name: "soc_sec", Kind: match.KindNumber}, {Name: "phone", Kind: match.KindPhone},
		{Name: "mail", Kind: match.KindEmail}, {Name: "state", Kind: match.KindCode}, {Name: "town", Kind: match.KindText}, {Name: "street", Kind: match.KindAddress}}
}

// models are those that the guarantees are checked for.
func models() map[string]*match.Model {
	return map[string]*match.Model{
		"standard": match.Standard(),
		"claims":   match.Standard().Claims(),
		"foreign":  match.Standard().For(foreign()),
		"unlisted": match.Blank("none").For(match.Registrant()),
		"started":  match.Blank("indonesia").For(match.Registrant()),
	}
}
