package decision

import (
	"regexp"
	"slices"
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
				Change: &Change{Kind: Given, Text: fault.Text{ID: "jawaban “Lantai terluas” adalah “tanah”"}, Question: fault.Text{ID: "Lantai terluas"},
					Outcome: event.Entitled, Amount: 3000000},
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
Belum dijawab: Lantai terluas. Minta operator desa melengkapinya; jawabannya dapat mengubah keputusan ini.
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
	whole := "Satu perubahan yang membalik jawaban ini: jika jawaban “Lantai terluas” adalah “tanah”, jawabannya menjadi: berhak, Rp 3.000.000 setahun."
	if got := x.TextForAuditors("id"); !strings.Contains(got, whole) {
		t.Errorf("auditors are not told %q:\n%s", whole, got)
	}
}

func TestText_Hint(t *testing.T) {
	t.Parallel()
	question := fault.Text{ID: "Status bangunan", EN: "Building status"}
	tests := []struct {
		name   string
		change Change
		id, en string
	}{
		{"Identity", Change{Kind: Identity, Text: fault.Text{ID: "data anak cocok", EN: "the child agrees"}, Outcome: event.Entitled, Amount: 450000},
			"Jika data anak cocok, jawabannya menjadi: berhak, Rp 450.000 setahun.\n",
			"If the child agrees, the answer becomes: entitled, Rp 450,000 a year.\n"},
		{"Waiting", Change{Kind: Waiting, Text: fault.Text{ID: "hari itu tiba", EN: "that day comes"}, Outcome: event.NotEntitled},
			"Jika hari itu tiba, jawabannya menjadi: tidak berhak.\n", "If that day comes, the answer becomes: not entitled.\n"},
		{"Given", Change{Kind: Given, Question: question},
			"Belum dijawab: Status bangunan. Minta operator desa melengkapinya; jawabannya dapat mengubah keputusan ini.\n",
			"Not answered yet: Building status. Ask the village operator to complete it; the answer may change this decision.\n"},
		{"Answered", Change{Kind: Answered, Question: question},
			"Jawaban yang paling menentukan: Status bangunan. Kalau itu keliru tercatat, minta operator desa memperbaikinya.\n",
			"The answer that matters most: Building status. If it was recorded wrongly, ask the village operator to repair it.\n"},
		{"UnspokenGiven", Change{Kind: Given, Text: fault.Text{ID: "anak tidak punya ayah lagi"}}, "", ""},
		{"UnspokenAnswered", Change{Kind: Answered, Text: fault.Text{ID: "istri hamil"}}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, en := &writer{lang: "id"}, &writer{lang: "en"}
			id.hint(&tt.change)
			en.hint(&tt.change)
			if id.b.String() != tt.id || en.b.String() != tt.en {
				t.Errorf("got %q and %q, want %q and %q", id.b.String(), en.b.String(), tt.id, tt.en)
			}
		})
	}
}

// TestText_Unspoken: the family is told of no change but of an identity or a day what the answer would be, and nothing at all of
// one that is not to be spoken of.
func TestText_Unspoken(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	families := population(many / 3)
	rel := ranked(t, e, families)
	silent, asked := 0, 0
	for _, in := range families {
		s := decided(t, e, rel, in)
		x := e.Explain(rel, in, s)
		e.AddChanges(x, rel, in, s)
		text := x.Text("en")
		for i := range x.Programmes {
			c := x.Programmes[i].Change
			if c == nil || c.Kind == Identity || c.Kind == Waiting {
				continue
			}
			if strings.Contains(text, c.Text.EN) {
				t.Fatalf("family %s is told: %s\n%s", in.ID, c.Text.EN, text)
			}
			switch private := slices.Contains([]string{"person.presence", "person.orphan", "person.pregnant", "person.disabled"}, c.Fact); {
			case private != (c.Question == fault.Text{}):
				t.Fatalf("family %s: a change of %s asks %q", in.ID, c.Fact, c.Question.EN)
			case private:
				silent++
			default:
				asked++
			}
		}
	}
	if silent == 0 || asked == 0 {
		t.Errorf("%d changes are not spoken of, %d are", silent, asked)
	}
}

func TestText_Cutoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		cutoff, distance int64
		id, en           string
	}{
		{"Below", 136500, 1200, "PKH punya batas 13,65: nilai keluarga ini 0,12 di bawahnya.", "PKH has the limit 13.65: this family's score is 0.12 below it."},
		{"Above", 136500, -1200, "PKH punya batas 13,65: nilai keluarga ini 0,12 di atasnya.", "PKH has the limit 13.65: this family's score is 0.12 above it."},
		{"Barely", 136501, 1, "PKH punya batas 13,6501: nilai keluarga ini 0,0001 di bawahnya.", "PKH has the limit 13.6501: this family's score is 0.0001 below it."},
		{"Equal", 136500, 0,
			"PKH punya batas 13,65: nilai keluarga ini sama dengan batas itu. Di antara keluarga yang nilainya sama, urutan pendaftaran menentukan.",
			"PKH has the limit 13.65: this family's score is the same. Among families with the same score the order of registration decides."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value := tt.cutoff - tt.distance
			x := &Explanation{Day: "2026-06-01", Score: &ScoreSaid{Value: value, Base: value, Scale: 10000},
				Programmes: []ProgrammeSaid{{Title: fault.Text{ID: "PKH", EN: "PKH"}, Cutoff: &tt.cutoff, Distance: &tt.distance}}}
			if id, en := x.Text("id"), x.Text("en"); !strings.Contains(id, tt.id+"\n") || !strings.Contains(en, tt.en+"\n") {
				t.Errorf("want %q and %q:\n%s\n%s", tt.id, tt.en, id, en)
			}
		})
	}
}

func TestText_Places(t *testing.T) {
	t.Parallel()
	tests := []struct {
		percentile, decile int
		id, en             string
	}{
		{1, 1, "Termasuk 1 dari 100 keluarga termiskin di Indonesia, kelompok ke-1 dari sepuluh", "Among the 1 poorest of every 100 families in Indonesia, in group 1 of ten"},
		{50, 5, "Termasuk 50 dari 100 keluarga termiskin di Indonesia, kelompok ke-5 dari", "Among the 50 poorest of every 100 families in Indonesia, in group 5 of"},
		{51, 6, "Lebih mampu daripada 50 dari setiap 100 keluarga di Indonesia, kelompok ke-6 dari", "Better off than 50 of every 100 families in Indonesia, in group 6 of"},
		{100, 10, "Lebih mampu daripada 99 dari setiap 100 keluarga di Indonesia, kelompok ke-10 dari", "Better off than 99 of every 100 families in Indonesia, in group 10 of"},
	}
	for _, tt := range tests {
		x := &Explanation{Places: []PlaceSaid{{Level: "national", Decile: tt.decile, Percentile: tt.percentile}}}
		if id, en := x.Text("id"), x.Text("en"); !strings.Contains(id, tt.id) || !strings.Contains(en, tt.en) {
			t.Errorf("percentile %d: want %q and %q:\n%s\n%s", tt.percentile, tt.id, tt.en, id, en)
		}
	}
}

func TestText_Superseded(t *testing.T) {
	t.Parallel()
	x := &Explanation{Places: []PlaceSaid{{Level: "national", Decile: 2, Percentile: 12}}, ReleasedOn: "2026-05-03"}
	id, en := "Tempat ini menurut peringkat tanggal 3 Mei 2026; sekarang berlaku peringkat yang lebih baru.\n",
		"These places are by the ranking of 3 May 2026; a newer one is in force now.\n"
	if text := x.Text("id"); strings.Contains(text, "peringkat tanggal") {
		t.Errorf("of the release in force:\n%s", text)
	}
	x.Superseded = true
	if !strings.Contains(x.Text("id"), id) || !strings.Contains(x.Text("en"), en) {
		t.Errorf("want %q and %q:\n%s\n%s", id, en, x.Text("id"), x.Text("en"))
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
