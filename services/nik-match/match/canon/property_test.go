package canon

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pieces are what names and addresses are drawn from: list entries, titles, marks and noise, in every neighbourhood.
var pieces = []string{
	"MUHAMMAD", "M", "M.", "MD", "MOH.", "ABDUL", "ABDURRAHMAN", "SITI", "ST", "ST.", "S.T.", "NUR", "NURHAYATI", "SITINURHALIZA", "SRI",
	"H.", "H", "HJ.", "KH", "DRS.", "DR", "PROF.", "R.", "S.PD", "S. PD. I", "SPD", "SE", ",SE", "M.SI", "A.MD.KEB", "ALM", "(ALM)", "BIN", "BINTI", "BT.",
	"ALIAS", "AL.", "AL", "/", "(", ")", "\"", "@", ",", ".", "-", "'", "S/O", " A/L ", "I", "NI", "I.", "GST", "PT", "KT", "A.A.", "I.B.", "IB", "AA", "GEDE",
	"WAWAN", "HARAHAP", "TJOKRO", "DJOKO", "ZAENAL", "ABDULLAH", "S1TI", "2", "é", "Ж", "李", "\u200b", "RT", "RW", "005/004", "NO.", "JL", "X", "NN", "TIDAK", "ADA", "IBU",
}

func written() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 7), func(p []string) string { return strings.Join(p, " ") }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5), func(p []string) string { return strings.Join(p, "") }),
		rapid.StringOfN(rapid.RuneFrom([]rune("ABDHIMNRSTUY .,/()-'\"01")), 0, 24, -1),
		rapid.String(),
	)
}

func canons(tokens []Token) string {
	var words []string
	for _, t := range tokens {
		words = append(words, t.Canon)
	}
	return strings.Join(words, " ")
}

// checkName holds what Name guarantees for every string.
func checkName(t interface {
	Helper()
	Fatalf(string, ...any)
}, l Lists, s string) {
	t.Helper()
	n := l.Name(s)
	if strings.ContainsFunc(Fold(s), func(r rune) bool { return r >= '0' && r <= 'Z' && alnum(byte(r)) }) && len(n.Tokens) == 0 && !unknown(l, s) {
		t.Fatalf("Name(%q) has no token", s)
	}
	if again := l.Name(canons(n.Tokens)); canons(again.Tokens) != canons(n.Tokens) || len(again.Also)+len(again.Parent)+len(again.Titles) > 0 {
		t.Fatalf("Name(%q) = %q, then %q", s, show(n), show(again))
	}
	for _, tokens := range append(slices.Clone(n.Also), n.Tokens, n.Parent) {
		checkTokens(t, tokens)
	}
	for _, w := range n.Titles {
		if !plain(w) {
			t.Fatalf("title %q", w)
		}
	}
}

// unknown reports whether some part of s says that the name is not known.
func unknown(l Lists, s string) bool {
	if l.data == nil {
		return false
	}
	for w := range l.data.unknown {
		if strings.Contains(compact(Fold(s)), w) {
			return true
		}
	}
	return false
}

func checkTokens(t interface {
	Helper()
	Fatalf(string, ...any)
}, tokens []Token) {
	t.Helper()
	for _, token := range tokens {
		if !plain(token.Text) || !plain(token.Canon) {
			t.Fatalf("token %+v has other than A-Z and 0-9", token)
		}
		if len(token.Keys) == 0 || !slices.IsSorted(token.Keys) || len(slices.Compact(slices.Clone(token.Keys))) != len(token.Keys) {
			t.Fatalf("keys of %+v", token)
		}
		for _, k := range token.Keys {
			if !plain(k) {
				t.Fatalf("key %q of %q", k, token.Text)
			}
		}
	}
}

// plain reports whether s is of A-Z and 0-9, at least one.
func plain(s string) bool {
	for i := range len(s) {
		if !alnum(s[i]) {
			return false
		}
	}
	return s != ""
}

func TestNameProperties(t *testing.T) {
	t.Parallel()
	l := Indonesia()
	rapid.Check(t, func(t *rapid.T) {
		s := written().Draw(t, "name")
		checkName(t, l, s)
		checkName(t, Lists{}, s)
	})
}

func TestFoldProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkFold(t, written().Draw(t, "text")) })
}

func checkFold(t interface {
	Helper()
	Fatalf(string, ...any)
}, s string) {
	t.Helper()
	f := Fold(s)
	if again := Fold(f); again != f {
		t.Fatalf("Fold(%q) = %q, then %q", s, f, again)
	}
	for i := range len(f) {
		if !alnum(f[i]) && f[i] != ' ' && strings.IndexByte(separators, f[i]) < 0 {
			t.Fatalf("Fold(%q) = %q", s, f)
		}
	}
	if strings.HasPrefix(f, " ") || strings.HasSuffix(f, " ") || strings.Contains(f, "  ") {
		t.Fatalf("Fold(%q) = %q has spaces to spare", s, f)
	}
}

func TestNicknameIsSymmetric(t *testing.T) {
	t.Parallel()
	l := Indonesia()
	word := rapid.OneOf(
		rapid.StringMatching(`[A-Z]{1,12}`),
		rapid.SampledFrom([]string{"WAWAN", "HERMAWAN", "UDIN", "SAMSUDIN", "TUTI", "ASTUTI", "YANTO", "SUGIYANTO", "MAMAN", "SUHERMAN"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		full := word.Draw(t, "full")
		cut := rapid.IntRange(0, len(full)-1)
		part := rapid.OneOf(
			word,
			rapid.Map(cut, func(i int) string { return full[i:] }),
			rapid.Map(cut, func(i int) string { return full[:i+1] }),
			rapid.Map(cut, func(i int) string { return full[i:min(i+2, len(full))] + full[i:] }),
		).Draw(t, "part")
		a, b := l.data.tokens([]atom{{text: full}})[0], l.data.tokens([]atom{{text: part}})[0]
		got := l.Nickname(a, b)
		if got != l.Nickname(b, a) {
			t.Fatalf("%s and %s", a.Text, b.Text)
		}
		if got && !l.CallName(a) && !l.CallName(b) {
			t.Fatalf("neither %s nor %s may be a call name", a.Text, b.Text)
		}
		if l.Nickname(a, a) {
			t.Fatalf("%s is its own nickname", a.Text)
		}
	})
}

func TestCallNamesAreTheNicknames(t *testing.T) {
	t.Parallel()
	l := Indonesia()
	word := rapid.SampledFrom([]string{
		"WAWAN", "HERMAWAN", "UDIN", "SAMSUDIN", "SJAMSOEDIN", "TUTI", "ASTUTI", "YANTO", "SOEPRIJANTO", "MAMAN", "SUHERMAN", "MAN", "AMINAH",
		"MINAH", "INAH", "SULIS", "SULISTYOWATI", "LIS", "NINING", "NINGSIH", "YUNINGSIH", "MOCH", "MAMAT", "DUL", "ABD", "NUR", "A", "12", "HERMAN",
		"MAWAN", "DIN", "UDINUDIN", "RAHMAN", "ABDURRAHMAN", "TAUFIQURROHMAN",
	})
	rapid.Check(t, func(t *rapid.T) {
		var tokens []Token
		for _, w := range rapid.SliceOfN(word, 0, 12).Draw(t, "words") {
			tokens = append(tokens, l.data.tokens([]atom{{text: w}})...)
		}
		type pair [2]int
		got, want := map[pair]bool{}, map[pair]bool{}
		for i, j := range l.CallNames(tokens) {
			got[pair{min(i, j), max(i, j)}] = true
		}
		for i := range tokens {
			for j := range i {
				if l.Nickname(tokens[i], tokens[j]) {
					want[pair{j, i}] = true
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWrittenDateIsRead(t *testing.T) {
	t.Parallel()
	forms := []string{"2006-01-02", "20060102", "02-01-2006", "2/1/2006", "02.01.2006", "2 January 2006", "Jan 2, 2006", "2006-01-02 15:04:05"}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.IntRange(15000, 45000).Draw(t, "day")
		at := dayOf(day)
		form := rapid.SampledFrom(forms).Draw(t, "form")
		want := Date{int16(at.Year()), int8(at.Month()), int8(at.Day())}
		if got, ok := ParseDate(at.Format(form)); !ok || got != want {
			t.Fatalf("ParseDate(%q) = %v, want %v", at.Format(form), got, want)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"", "H. MOH. RIZKI, S.Pd", "SITI AISYAH BINTI UMAR (ALM)", "A/L \"B\" (C) @D", "I.B. Md. Oka", "S1TI é Ж \xff", "M.", "ST"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkFold(t, s)
		checkName(t, Indonesia(), s)
	})
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"", "1987-03-10", "10 Maret 1987", "31-02-1990", "31846", "1987-03-10T00:00:00Z", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseDate(s)
		if ok == (d == Date{}) || d.Month < 0 || d.Month > 12 || d.Day < 0 || d.Day > 31 || d.Year != 0 && (d.Year < minYear || d.Year > maxYear) {
			t.Fatalf("ParseDate(%q) = %v, %v", s, d, ok)
		}
		if got := ParseSex(s); got != "" && got != "L" && got != "P" {
			t.Fatalf("ParseSex(%q) = %q", s, got)
		}
		if got := Digits(s); Digits(got) != got {
			t.Fatalf("Digits(%q) = %q", s, got)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"", "JL. MERDEKA NO. 5 RT 05/RW 04", "RT/RW 005/004", "R.T. 1 R.W. 2", "RT05RW04 KAB. BANDUNG", "23 brock st", "000", "ibuuu", "tidak ada", "nn)II"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := Indonesia()
		tokens, rt, rw := l.Address(s)
		checkTokens(t, tokens)
		if rt != "" && !plain(rt) || rw != "" && !plain(rw) || strings.HasPrefix(rt, "0") || strings.HasPrefix(rw, "0") {
			t.Fatalf("Address(%q): RT %q, RW %q", s, rt, rw)
		}
		if p := l.Place(s); l.Place(p.Text).Text != p.Text || !slices.IsSorted(p.Codes) {
			t.Fatalf("Place(%q) = %v, then %v", s, p, l.Place(p.Text))
		}
		if x := l.Text(s); l.Text(x) != x {
			t.Fatalf("Text(%q) = %q", s, x)
		}
	})
}
