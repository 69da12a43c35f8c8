package canon

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"SITI AMINAH", "SITI AMINAH"},
		{"  Siti \t Aminah ", "SITI AMINAH"},
		{"Ma’ruf", "MARUF"}, {"MA'RUF", "MARUF"}, {"MA`RUF", "MARUF"}, {"Maʼruf", "MARUF"},
		{"Nur‐Aini", "NUR-AINI"}, {"Nur—Aini", "NUR-AINI"},
		{"ÀÉÎõü Ø ß", "AEIOU O SS"},
		{"5ITI", "SITI"}, {"N0VI", "NOVI"}, {"BLOK A1", "BLOK A1"}, {"RT01RW05", "RT01RW05"}, {"150", "150"},
		{"٣٢٠٤", "3204"}, {"３２", "32"},
		{"Ｓｉｔｉ", "SITI"}, {"ﬁ", "FI"}, {"І", "I"}, {"𝐒𝐢𝐭𝐢", "SITI"},
		{"Zoë", "ZOE"}, {"ZoÃ«", "ZOE"}, {"â€œA", "\"A"},
		{"a\x00b\xffc", "A BC"},
		{"李", ""}, {"", ""},
	} {
		if got := Fold(c[0]); got != c[1] {
			t.Errorf("Fold(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		written string
		want    Date
	}{
		{"1987-03-10", Date{1987, 3, 10}}, {"19870310", Date{1987, 3, 10}}, {"10031987", Date{1987, 3, 10}},
		{"10-03-1987", Date{1987, 3, 10}}, {"1/2/87", Date{1987, 2, 1}}, {"1.2.1987", Date{1987, 2, 1}}, {"1/2/05", Date{2005, 2, 1}},
		{"10 Maret 1987", Date{1987, 3, 10}}, {"10 Mar 87", Date{1987, 3, 10}}, {"March 10, 1987", Date{1987, 3, 10}},
		{"Selasa, 10 Agustus 1999", Date{1999, 8, 10}}, {"10-NOP-1999", Date{1999, 11, 10}}, {"17 Agt 1945", Date{1945, 8, 17}},
		{"1965", Date{1965, 0, 0}}, {"03/1987", Date{1987, 3, 0}}, {"1987-03", Date{1987, 3, 0}}, {"Mei 1987", Date{1987, 5, 0}},
		{"00-00-1965", Date{1965, 0, 0}}, {"1965-00-00", Date{1965, 0, 0}}, {"01-00-1965", Date{1965, 0, 1}},
		{"31-02-1990", Date{1990, 2, 31}}, {"1990-13-05", Date{1990, 5, 13}}, {"03/25/1990", Date{1990, 3, 25}}, {"45-03-1990", Date{1990, 3, 0}},
		{"19321443", Date{1932, 0, 0}}, {"19121945", Date{1945, 12, 19}},
		{"31846", Date{1987, 3, 10}}, {"1", Date{}}, {"99999", Date{}},
		{"1987-03-10T00:00:00Z", Date{1987, 3, 10}}, {"1987-03-10 00:00:00", Date{1987, 3, 10}}, {"10/03/1987 7:30", Date{1987, 3, 10}},
		{"1987-03-10T00:00:00+07:00", Date{1987, 3, 10}}, {"19870310120000", Date{1987, 3, 10}},
		{"٢٠٠١-٠٢-٠٣", Date{2001, 2, 3}}, {"0000-00-00", Date{}}, {"-", Date{}}, {"", Date{}}, {"tidak tahu", Date{}},
	} {
		got, ok := ParseDate(c.written)
		if got != c.want || ok != (c.want != Date{}) {
			t.Errorf("ParseDate(%q) = %v, %v, want %v", c.written, got, ok, c.want)
		}
	}
}

func TestSerialIsTheSpreadsheetsCalendar(t *testing.T) {
	t.Parallel()
	for n := 61; n <= 60000; n++ {
		want := time.Date(1899, 12, 30+n, 0, 0, 0, 0, time.UTC)
		if got := serial(n); int(got.Year) != want.Year() || int(got.Month) != int(want.Month()) || int(got.Day) != want.Day() {
			t.Fatalf("day %d is %v, want %v", n, got, want)
		}
	}
	if got := serial(1); got != (Date{1900, 1, 1}) {
		t.Errorf("day 1 is %v", got)
	}
}

func TestParseSex(t *testing.T) {
	t.Parallel()
	for want, all := range map[string]string{
		"L": "L|l|LK|Laki-laki|LAKI LAKI|Pria|1|M|male",
		"P": "P|PR|Perempuan|WANITA|2|F|Female",
		"":  "|-|X|3|LP",
	} {
		for _, s := range strings.Split(all, "|") {
			if got := ParseSex(s); got != want {
				t.Errorf("ParseSex(%q) = %q, want %q", s, got, want)
			}
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, text, codes string }{
		{"KAB. BANDUNG", "BANDUNG", "3204 3217"}, {"Kota Bandung", "BANDUNG", "3273 3277"}, {"BDG", "BANDUNG", "3204 3217 3273 3277"},
		{"BANDOENG", "BANDUNG", "3204 3217 3273 3277"}, {"BANDUNG, JABAR", "BANDUNG", "3204 3217 3273 3277"},
		{"JKT", "JAKARTA", "3101 3171 3172 3173 3174 3175"}, {"Batavia", "JAKARTA", "3101 3171 3172 3173 3174 3175"},
		{"Jakarta Selatan", "JAKARTA SELATAN", "3174"}, {"UJUNG PANDANG", "MAKASSAR", "7371"}, {"SBY", "SURABAYA", "3578"},
		{"D.I. Yogyakarta", "YOGYAKARTA", "3401 3402 3403 3404 3471"}, {"LIMA PULUH KOTA", "LIMA PULUH KOTA", "1307"},
		{"Kota Baru", "KOTABARU", "6302"}, {"PARE PARE", "PAREPARE", "7372"}, {"TANGGERANG", "TANGERANG", "3603 3671 3674"},
		{"Kec. Cibadak, Sukabumi", "SUKABUMI", "3202 3272"}, {"HOLLANDIA", "JAYAPURA", "9103 9171"}, {"MERAUKE", "MERAUKE", "9101 9301"},
		{"KAB PEKALONGAN", "PEKALONGAN", "3326"}, {"Negeri Antah", "NEGERI ANTAH", ""}, {"", "", ""},
	} {
		got := Indonesia().Place(c.written)
		if got.Text != c.text || strings.Join(got.Codes, " ") != c.codes {
			t.Errorf("Place(%q) = %v, want %s %s", c.written, got, c.text, c.codes)
		}
	}
	if got := (Lists{}).Place("KAB. BANDUNG"); got.Text != "KAB BANDUNG" || got.Codes != nil {
		t.Errorf("without lists: %v", got)
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ written, words, rt, rw string }{
		{"JL. MERDEKA NO. 5 RT 05/RW 04", "MERDEKA 5", "5", "4"},
		{"Jln Merdeka 5 RT.5 RW.4", "MERDEKA 5", "5", "4"},
		{"jalan merdeka nomor 5, rt 005 / rw 004", "MERDEKA 5", "5", "4"},
		{"RT 005/004 JL MERDEKA", "MERDEKA", "5", "4"},
		{"RT/RW 05/04 DSN KRAJAN", "DUSUN KRAJAN", "5", "4"},
		{"RT/RW: 05-04", "", "5", "4"},
		{"Gg. Mawar RT05RW04", "GANG MAWAR", "5", "4"},
		{"KP. CIBADAK 005/004", "KAMPUNG CIBADAK", "5", "4"},
		{"KP. CIBADAK 12/34", "KAMPUNG CIBADAK 12 34", "", ""},
		{"R.T. 05 R.W. 04 Blok A1", "BLOK A1", "5", "4"},
		{"PERUM GRIYA INDAH BLK C/12", "PERUMAHAN GRIYA INDAH BLOK C 12", "", ""},
		{"23 Brock St", "23 BROCK STREET", "", ""},
		{"23 brock street", "23 BROCK STREET", "", ""},
		{"JL DR SUTOMO 12", "DR SUTOMO 12", "", ""},
		{"RT 000/000", "", "", ""},
		{"", "", "", ""},
	} {
		tokens, rt, rw := Indonesia().Address(c.written)
		if got := show(Name{Tokens: tokens}); got != c.words || rt != c.rt || rw != c.rw {
			t.Errorf("Address(%q) = %q %q %q, want %q %q %q", c.written, got, rt, rw, c.words, c.rt, c.rw)
		}
	}
	if tokens, rt, rw := (Lists{}).Address("JL. A RT 1"); len(tokens) != 4 || rt != "" || rw != "" {
		t.Errorf("without lists: %v %q %q", tokens, rt, rw)
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"digits", "'3204 1203-0487 0001", "3204120304870001"}, {"digits", "３２０４", "3204"}, {"digits", "٣٢٠٤", "3204"}, {"digits", "x", ""},
		{"phone", "+62 812-3456-789", "8123456789"}, {"phone", "0812 3456 789", "8123456789"}, {"phone", "0062812 3456789", "8123456789"},
		{"phone", "(021) 555 1234", "215551234"}, {"phone", "62-21-5551234", "215551234"}, {"phone", "+62 0812 3456 789", "8123456789"}, {"phone", "123", ""},
		{"email", " A.B+x@GMail.com ", "ab gmail.com"}, {"email", "a.b@kantor.go.id", "a.b kantor.go.id"}, {"email", "abc", "abc "},
		{"text", "Nelayan / Buruh-tani, (lepas)", "NELAYAN BURUH TANI LEPAS"}, {"text", "", ""},
	} {
		got := ""
		switch c[0] {
		case "digits":
			got = Digits(c[1])
		case "phone":
			got = Phone(c[1])
		case "email":
			local, domain := Email(c[1])
			got = local + " " + domain
		case "text":
			got = Indonesia().Text(c[1])
		}
		if diff := cmp.Diff(c[2], got); diff != "" {
			t.Errorf("%s %q: %s", c[0], c[1], diff)
		}
	}
}
