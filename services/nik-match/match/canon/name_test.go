package canon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a name on one line: representatives, other names behind |, the parent behind <, titles in brackets.
func show(n Name) string {
	var b strings.Builder
	write := func(tokens []Token) {
		for i, t := range tokens {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(t.Canon)
		}
	}
	write(n.Tokens)
	for _, also := range n.Also {
		b.WriteString(" | ")
		write(also)
	}
	if n.Parent != nil {
		b.WriteString(" < ")
		write(n.Parent)
	}
	if n.Titles != nil {
		b.WriteString(" [" + strings.Join(n.Titles, " ") + "]")
	}
	return b.String()
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, want string }{
		{"MUHAMMAD RIZKI", "MUHAMMAD RIZKI"},
		{"Moh. Rizky", "MUHAMMAD RIZKI"},
		{"M.RIZQI", "MUHAMMAD RIZKI"},
		{"MD RISKI", "MUHAMMAD RIZKI"},
		{"MUHAMMADRIZKI", "MUHAMMAD RIZKI"},
		{"M", "M"},
		{"RIZKI M", "RIZKI M"},
		{"H. Abd. Rochman, S.Pd.I", "ABDUL RAHMAN [H SPDI]"},
		{"ABDURROHMAN", "ABDUL RAHMAN"},
		{"ABDULRAHMAN", "ABDUL RAHMAN"},
		{"ABDUR RAKHMAN", "ABDUL RAHMAN"},
		{"ABDULLAH", "ABDULLAH"},
		{"SITINURHALIZA", "SITI NUR HALIZA"},
		{"St. Nurhaliza", "SITI NUR HALIZA"},
		{"SITTI NUR HALISAH", "SITI NUR HALIZA"},
		{"ANDI ST", "ANDI [ST]"},
		{"Andi Mappanyukki, S.T.", "ANDI MAPPANYUKKI [ST]"},
		{"NURHAYATI", "NUR HAYATI"},
		{"Nur'aini", "NUR AINI"},
		{"NURDIN", "NURDIN"},
		{"SRIYANTO", "SRIYANTO"},
		{"SRIWAHYUNI", "SRI WAHYUNI"},
		{"R. Soebagijo S.H., M.H.", "SUBAGYO [R SH MH]"},
		{"SITI AISYAH SE", "SITI AISYAH SE"},
		{"SITI AISYAH, SE", "SITI AISYAH [SE]"},
		{"Dr. Ir. H. Djoko Widodo", "JOKO WIDODO [DR IR H]"},
		{"Widodo, Drs.", "WIDODO [DRS]"},
		{"BUDI S PD", "BUDI [SPD]"},
		{"H", "H"},
		{"H.", "H"},
		{"HJ KH", "KH [HJ]"},
		{"H AHMAD", "H AHMAD"},
		{"I MD Adi", "I MADE ADI"},
		{"I Gst Ngr Rai", "I GUSTI NGURAH RAI"},
		{"A.A. Gede Rai", "ANAK AGUNG GEDE RAI"},
		{"A.A. Nafis", "A A NAFIS"},
		{"I.B. Made Oka", "IDA BAGUS MADE OKA"},
		{"ANDI ST. AISJAH, ST", "ANDI SITI AISYAH [ST]"},
		{"TB. ACE HASAN", "TUBAGUS ACE HASAN"},
		{"I NY OKA", "I NYOMAN OKA"},
		{"BAMBANG SE MBA", "BAMBANG [SE MBA]"}, {"BAMBANG SE MM", "BAMBANG [SE MM]"}, {"SITI MA", "SITI MA"}, {"ALI.SH", "ALI [SH]"},
		{"M. ARIFIN LBS", "MUHAMMAD ARIFIN LUBIS"}, {"SITI, SP.JP(K)", "SITI [SPJP]"},
		{"AA SURYANA", "AA SURYANA"},
		{"DEA PUTRI DEA", "DEA PUTRI DEA"},
		{"NI LUH PT SARI", "NI LUH PUTU SARI"},
		{"HJ. SITI AISYAH BINTI H. UMAR (ALM)", "SITI AISYAH < UMAR [HJ H ALM]"},
		{"Ali bin Abu Bakar bin Umar", "ALI < ABU BAKAR UMAR"},
		{"BIN ALI", "BIN ALI"},
		{"RAJAN S/O KUMAR", "RAJAN < KUMAR"},
		{"BUDI ALIAS UDIN", "BUDI | UDIN"},
		{"BUDI AL. UDIN", "BUDI | UDIN"},
		{"AL AMIN", "AL AMIN"},
		{"TAN TJOE / BUDI HARTONO", "TAN TJOE | BUDI HARTONO"},
		{"AHMAD (MAMAT) YANI", "AHMAD YANI | MAMAT"},
		{`SITI "IIS" AMINAH`, "SITI AMINAH | IIS"},
		{`"SITI AMINAH"`, "SITI AMINAH"},
		{"(UDIN)", "UDIN"},
		{"TOGAR SIMANJUNTAK", "TOGAR SIMANJUNTAK"},
		{"S1TI NURHAL1ZA", "SITI NUR HALIZA"},
		{"ＳＩＴＩ　ＡＭＩＮＡＨ", "SITI AMINAH"},
		{"SІTІ АMІNАН", "SITI AMINAH"}, // Cyrillic І, А and Н
		{"José", "JOSE"},
		{"JosÃ©", "JOSE"},
		{"SI\u200bTI AMI\u00adNAH", "SITI AMINAH"},
		{"Jusuf", "YUSUF"},
		{"NJOMAN OKA", "NYOMAN OKA"},
		{"Tjoet Njak Dien", "CUT NJAK DIEN"},
		{"", ""},
		{"TIDAK DIKETAHUI", ""}, {"N.N.", ""}, {"N/A", ""}, {"(ALM)", ""}, {"-", ""}, {"NN / SITI", "SITI"}, {"NY. IBU", " [NY]"},
		{".,/()", ""},
	} {
		if got := show(Indonesia().Name(c.written)); got != c.want {
			t.Errorf("Name(%q) = %q, want %q", c.written, got, c.want)
		}
	}
}

func TestNameWithoutLists(t *testing.T) {
	t.Parallel()
	got := Lists{}.Name("H. Moh. Rizky, S.Pd")
	want := Name{}
	for _, w := range []string{"H", "MOH", "RIZKY", "S", "PD"} {
		want.Tokens = append(want.Tokens, Token{Text: w, Canon: w, Keys: []string{w}, Kind: plainKind(w)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want []TokenKind
	}{
		{"MOH RIZKI", []TokenKind{Prefix, Ordinary}},
		{"I WAYAN RAI", []TokenKind{Order, Order, Ordinary}},
		{"IDA AYU OKA", []TokenKind{Order, Order, Ordinary}},
		{"IDA FARIDA", []TokenKind{Ordinary, Ordinary}},
		{"AGUNG AYU", []TokenKind{Ordinary, Ordinary}},
		{"I RAI", []TokenKind{Initial, Ordinary}},
		{"TOGAR HARAHAP", []TokenKind{Ordinary, Clan}},
		{"BUDI K 2", []TokenKind{Ordinary, Initial, Number}},
	} {
		var got []TokenKind
		for _, token := range Indonesia().Name(c.name).Tokens {
			got = append(got, token.Kind)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestNamesOfTwoPeople holds what a matcher must never take for one name.
func TestNamesOfTwoPeople(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"AMINAH", "AISYAH"}, {"SUPARMAN", "SUPARMIN"}, {"ALI", "ADI"}, {"NURHAYATI", "NURJANAH"}, {"SUYATI", "SUYATNO"},
		{"HASAN", "HASIM"}, {"DEDI", "DIDI"}, {"RINI", "RANI"}, {"DEVI", "DEWI"}, {"SUMARNI", "SUMARNO"}, {"WAHYUDI", "WAHYUNI"},
		{"YULIANTI", "YULIANTO"}, {"MULYANA", "MULYANI"}, {"SARI", "SURI"}, {"ROHANI", "ROHANA"}, {"RATNA", "RETNO"},
		{"SURYA", "SURYO"}, {"FITRIA", "FITRI"}, {"ABDULLAH", "ABDUL"}, {"YONO", "YANTO"},
	} {
		a, b := Indonesia().Name(c[0]).Tokens, Indonesia().Name(c[1]).Tokens
		x, y := a[len(a)-1], b[len(b)-1]
		if x.Canon == y.Canon {
			t.Errorf("%s and %s share a representative", c[0], c[1])
		}
		for _, k := range x.Keys {
			for _, o := range y.Keys {
				if k == o {
					t.Errorf("%s and %s share the key %s", c[0], c[1], k)
				}
			}
		}
	}
}

// TestSoundsTheSame uses words no list knows, so that the keys alone decide.
func TestSoundsTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"SOEKARTADJI", "SUKARTAJI"}, {"TJOKROAMINOTO", "COKROAMINOTO"}, {"KARTOSOEWIRJO", "KARTOSUWIRYO"},
		{"JATMAN", "YATMAN"}, {"NJAMIN", "NYAMIN"}, {"SJAHLAN", "SAHLAN"}, {"ZULAEKHA", "JULAIKHA"}, {"ZOELHAM", "SULHAM"},
		{"FARHANAH", "PARHANA"}, {"VIRGI", "FIRGI"}, {"RIEZQA", "RISKA"}, {"ALEXANDER", "ALEKSANDER"}, {"DHARMIN", "DARMIN"},
		{"BHAKTIAR", "BAKTIAR"}, {"THAMRIN", "TAMRIN"}, {"HIDAYYAT", "HIDAYAT"}, {"ACHYAR", "AHYAR"}, {"CHOLILAH", "KHOLILAH"},
		{"KHOLILAH", "KOLILAH"}, {"ERICK", "ERIK"}, {"CHRISTO", "KRISTO"}, {"CAROLUS", "KAROLUS"}, {"SAMPURNO", "SAMPOERNO"},
		{"JAYADHI", "YAYADI"}, {"MAGHFUR", "MAGPUR"}, {"SHINTYA", "SINTIA"}, {"MUTSANNA", "MUSANA"}, {"SUWIGNYO", "SUIGNYO"},
		{"ARSYAD", "ARSAT"}, {"YAKUBB", "YAKUP"},
	} {
		a, b := soundKeys(nil, c[0]), soundKeys(nil, c[1])
		shared := false
		for _, k := range a {
			for _, o := range b {
				shared = shared || k == o
			}
		}
		if !shared {
			t.Errorf("%s %v and %s %v share no key", c[0], a, c[1], b)
		}
	}
}

func TestNickname(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"WAWAN", "HERMAWAN", true}, {"WAWAN", "SETYAWAN", true}, {"WAWAN", "KURNIAWAN", true}, {"UDIN", "SYAMSOEDIN", true},
		{"UDIN", "NURDIN", true}, {"SULIS", "SULISTYOWATI", true}, {"ASEP", "SAEPUDIN", true}, {"AGUS", "AGUSTINUS", true},
		{"YANTO", "SOEPRIJANTO", true}, {"YANTO", "HERIYANTO", true}, {"TUTI", "ASTUTI", true}, {"NINING", "YUNINGSIH", true},
		{"DADANG", "RAMDAN", true}, {"YAYAT", "HIDAYAT", true}, {"ENTIN", "SUPARTINI", true}, {"IIS", "AISYAH", true},
		{"MAMAN", "SUHERMAN", true}, {"DUL", "ABDUL", true}, {"MINGGUS", "DOMINGGUS", true}, {"JON", "YOHANES", true},
		{"KOKOM", "KOMARIAH", true}, {"MINAH", "AMINAH", true}, {"OPIK", "TAUFIQ", true}, {"MAMAT", "MOCH", true},
		{"WAWAN", "WAWAN", false}, {"SITI", "SITTI", false}, {"HERMAN", "HERMANTO", false}, {"ALI", "ADI", false},
		{"AMINAH", "AISYAH", false}, {"SUPARMAN", "SUPARMIN", false}, {"WAWAN", "SURYADI", false}, {"BUDI", "SUSI", false},
		{"UDIN", "SULAIMAN", false}, {"DIDI", "ADI", false}, {"M", "MUHAMMAD", false}, {"12", "1212", false},
	} {
		l := Indonesia()
		x, y := l.Name(c.a).Tokens[0], l.Name(c.b).Tokens[0]
		if got := l.Nickname(x, y); got != c.want {
			t.Errorf("Nickname(%s, %s) = %v", c.a, c.b, got)
		}
		if l.Nickname(x, y) != l.Nickname(y, x) {
			t.Errorf("Nickname(%s, %s) is not symmetric", c.a, c.b)
		}
		if c.want && !l.CallName(x) && !l.CallName(y) {
			t.Errorf("neither %s nor %s may be a call name", c.a, c.b)
		}
		if (Lists{}).Nickname(x, y) {
			t.Errorf("Nickname(%s, %s) without lists", c.a, c.b)
		}
	}
}
