package decision

import (
	"regexp"
	"strings"
	"testing"

	"dtks/pkg/event"
	"dtks/pkg/fault"
)

// internal is what means nothing to a citizen: ids, codes of programmes and reasons, areas, field names.
var internal = regexp.MustCompile(`[a-z0-9]+_[a-z0-9_]+|[0-9a-f]{8}-|\d\d\.\d\d\.\d\d|\b[a-z]+(-[a-z]+)*-20\d\d-\d|met\.[a-z]|person\.[a-z]|==|%!`)

func TestText_Plain(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(many / 3)
	rel := ranked(t, e, families)
	for _, in := range families {
		s := decided(t, e, rel, in)
		x := e.Explain(rel, in, s)
		e.AddChanges(x, rel, in, s)
		for _, lang := range []string{"id", "en"} {
			text := x.Text(lang)
			if found := internal.FindString(text); found != "" {
				t.Fatalf("family %s: the text in %s says %q:\n%s", in.ID, lang, found, text)
			}
			for _, p := range x.Programmes {
				title := p.Title.EN
				if lang == "id" {
					title = p.Title.ID
				}
				if !strings.Contains(text, title) && !strings.Contains(text, strings.ToUpper(title)) {
					t.Fatalf("family %s: the text in %s does not speak of %s", in.ID, lang, title)
				}
			}
		}
	}
}

func TestText_Order(t *testing.T) {
	t.Parallel()
	x := &Explanation{Day: "2026-06-01", Sought: true, WouldBe: true, Model: ModelSaid{Illustrative: true, MissingRule: fault.Text{ID: "Kosong bukan nol."}},
		Programmes: []ProgrammeSaid{
			{Code: "pkh", Title: fault.Text{ID: "Bantuan keluarga"}, Kind: "programme", Unit: "family", Outcome: event.Undetermined, RuleSet: "pkh-1",
				Illustrative: true, RecheckOn: "2027-01-01", RecheckWhy: fault.Text{ID: "anak (9 tahun) menjadi 10 tahun"},
				Clauses: []ClauseSaid{
					{Answer: "holds", Decides: true, Text: fault.Text{ID: "Data aktif."}},
					{Answer: "fails", Decides: true, Text: fault.Text{ID: "Data kepala keluarga belum cocok."}},
					{Answer: "missing", Decides: true, Text: fault.Text{ID: "Lantai belum tercatat. Minta operator desa mencatatnya."}},
					{Answer: "fails", Text: fault.Text{ID: "Tidak menentukan."}},
				},
				Missing: []MissingSaid{{"lantai", fault.Text{ID: "Lantai terluas"}}},
				Change:  &Change{Text: fault.Text{ID: "jawaban “Lantai terluas” adalah “tanah”"}, Outcome: event.Entitled, Amount: 3000000},
			},
			{Code: "bst", Title: fault.Text{ID: "Bantuan lama"}, Kind: "programme", Outcome: event.Undetermined},
			{Code: "tanda", Title: fault.Text{ID: "Tanda kemiskinan"}, Kind: "criteria", Outcome: event.Entitled, RuleSet: "tanda-1",
				Clauses: []ClauseSaid{{Answer: "holds", Decides: true, Text: fault.Text{ID: "Lantai tanah."}}}},
		},
		Score: &ScoreSaid{Value: 131800, Base: 133000, Scale: 10000, Variables: []VariableSaid{
			{Label: fault.Text{ID: "Lantai terluas"}, Answer: fault.Text{ID: "tanah"}, Value: -1200},
			{Label: fault.Text{ID: "AC"}, Missing: true}}},
		Places: []PlaceSaid{{Level: "national", Decile: 2, Percentile: 12}},
	}
	cutoff, distance := int64(136200), int64(4400)
	x.Programmes[0].Cutoff, x.Programmes[0].Distance = &cutoff, &distance
	want := `Penjelasan keputusan untuk tanggal 1 Juni 2026.
Ini perkiraan: begini keputusannya pada hari itu dengan data keluarga sekarang. Ini bukan keputusan yang tersimpan.
Perhatian: cara menghitung nilai keluarga di sini hanya contoh, bukan perhitungan resmi pemerintah.

BANTUAN KELUARGA
Jawaban: belum dapat diputuskan.
Mengapa:
  - Data kepala keluarga belum cocok.
Yang masih kurang, dan yang dapat dilakukan:
  - Lantai belum tercatat. Minta operator desa mencatatnya.
  Belum tercatat: Lantai terluas.
Satu perubahan yang membalik jawaban ini: jika jawaban “Lantai terluas” adalah “tanah”, jawabannya menjadi: berhak, Rp 3.000.000 setahun.
Dilihat lagi pada 1 Januari 2027, karena anak (9 tahun) menjadi 10 tahun.

BANTUAN LAMA
Tidak ada aturan program ini yang berlaku pada hari itu.

TEMUAN YANG DIPAKAI PROGRAM DI ATAS
Tanda kemiskinan: ya.
  - Lantai tanah.

NILAI KELUARGA, BARIS DEMI BARIS
Makin kecil nilainya, makin miskin keluarga itu.
  Nilai awal: 13,30
  Lantai terluas (tanah): -0,12
  AC (belum tercatat): 0,00
  Jumlah: 13,18
Kosong bukan nol.
Bantuan keluarga punya batas 13,62: nilai keluarga ini 0,44 di bawahnya.

TEMPAT KELUARGA INI DI ANTARA KELUARGA LAIN
  - Termasuk 12 dari 100 keluarga termiskin di Indonesia, kelompok ke-2 dari sepuluh (kelompok pertama paling miskin).

Perhatian: sebagian aturan atau jumlah uang dalam daftar ini hanya contoh, belum dipastikan dari sumber resmi:
  - Bantuan keluarga
`
	if got := x.Text("id"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{number(0, "id"), "0"}, {number(999, "id"), "999"}, {number(1000, "id"), "1.000"}, {number(-1234567, "en"), "-1,234,567"},
		{decimal(-1200, 10000, "id"), "-0,12"}, {decimal(133000, 10000, "en"), "13.3"}, {decimal(5, 1, "id"), "5"}, {decimal(12345678, 10000, "id"), "1.234,5678"},
		{fixed(-1200, 10000, 4, "id"), "-0,1200"}, {decimal(1, 3, "id"), "0,333333"},
		{date("2027-01-01", "id"), "1 Januari 2027"}, {date("2028-02-29", "en"), "29 February 2028"}, {date("", "id"), ""},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
