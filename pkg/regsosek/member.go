package regsosek

import (
	"slices"

	"dtks/pkg/fault"
)

// Relation codes that rules name.
const (
	Head   = 1
	Spouse = 2
	Child  = 3
)

// School participation codes. The older household form counts from 0.
const (
	NeverSchool = 1
	AtSchool    = 2
	LeftSchool  = 3
)

// Member items: answers about one person. School level and work take 0 for "none".
var (
	Relation = Item{Name: "relation", Text: fault.Text{ID: "Hubungan dengan kepala keluarga", EN: "Relation to head"}, Min: 1, Max: 8,
		Codes: []string{"kepala keluarga", "istri/suami", "anak", "menantu", "cucu", "orang tua/mertua", "pembantu", "lainnya"}}
	Marital = Item{Name: "marital", Text: fault.Text{ID: "Status perkawinan", EN: "Marital status"}, Min: 1, Max: 4,
		Codes: []string{"belum kawin", "kawin", "cerai hidup", "cerai mati"}}
	School = Item{Name: "school", Text: fault.Text{ID: "Partisipasi sekolah", EN: "School participation"}, Min: 1, Max: 3,
		Codes: []string{"tidak/belum pernah sekolah", "masih sekolah", "tidak sekolah lagi"}}
	SchoolLevel = Item{Name: "school_level", Text: fault.Text{ID: "Jenjang pendidikan", EN: "School level attended or highest"}, Min: 0, Max: 22,
		Codes: []string{"tidak ada", "Paket A", "SDLB", "SD", "MI", "SPM/PDF Ula", "Paket B", "SMPLB", "SMP", "MTs", "SPM/PDF Wustha",
			"Paket C", "SMLB", "SMA", "MA", "SMK", "MAK", "SPM/PDF Ulya", "D1-D3", "D4/S1", "Profesi", "S2", "S3"}}
	Work = Item{Name: "work", Text: fault.Text{ID: "Status pekerjaan", EN: "Work status"}, Min: 0, Max: 8,
		Codes: []string{"tidak bekerja", "berusaha sendiri", "berusaha dibantu buruh tidak tetap", "berusaha dibantu buruh tetap",
			"karyawan/pegawai swasta", "PNS/TNI/Polri/BUMN/BUMD/legislatif", "pekerja bebas pertanian", "pekerja bebas nonpertanian",
			"pekerja keluarga tidak dibayar"}}
	Presence = Item{Name: "presence", Text: fault.Text{ID: "Keberadaan", EN: "Presence"}, Min: 1, Max: 6,
		Codes: []string{"tinggal bersama", "meninggal", "pindah dalam negeri", "pindah luar negeri", "anggota baru", "tidak ditemukan"}}
	// Orphan is asked beside the form: ATENSI YAPI needs it.
	Orphan = Item{Name: "orphan", Text: fault.Text{ID: "Status yatim/piatu", EN: "Orphan status"}, Min: 1, Max: 4, Beside: true,
		Codes: []string{"kedua orang tua ada", "yatim", "piatu", "yatim piatu"}}
	// Cover is a sum of bits (CoverPBI …); 0 = none.
	Cover = Item{Name: "health_cover", Text: fault.Text{ID: "Jaminan kesehatan", EN: "Health cover"}, Min: 0, Max: 15}

	Difficulty = Item{Name: "disability", Text: fault.Text{ID: "Kesulitan fungsi", EN: "Functional difficulty"}, Min: 1, Max: 4,
		Codes: []string{"tidak bisa sama sekali", "banyak kesulitan", "sedikit kesulitan", "tidak ada kesulitan"}}
	Chronic = Item{Name: "chronic", Text: fault.Text{ID: "Penyakit kronis", EN: "Chronic illness"}, Min: 1, Max: 18,
		Codes: []string{"tidak ada", "hipertensi", "rematik", "asma", "jantung", "diabetes", "TBC", "stroke", "kanker", "gagal ginjal",
			"hemofilia", "HIV/AIDS", "kolesterol", "sirosis", "talasemia", "leukemia", "alzheimer", "lainnya"}}
	PPKS = Item{Name: "ppks", Text: fault.Text{ID: "Jenis PPKS", EN: "Type of social-service need"}, Min: 1, Max: 26,
		Codes: []string{"anak balita terlantar", "anak terlantar", "anak berhadapan dengan hukum", "anak jalanan",
			"anak dengan kedisabilitasan", "anak korban tindak kekerasan", "anak memerlukan perlindungan khusus",
			"lanjut usia terlantar", "penyandang disabilitas", "tuna susila", "gelandangan", "pengemis", "pemulung",
			"kelompok minoritas", "bekas warga binaan lembaga pemasyarakatan", "orang dengan HIV/AIDS",
			"korban penyalahgunaan NAPZA", "korban trafficking", "korban tindak kekerasan",
			"pekerja migran bermasalah sosial", "korban bencana alam", "korban bencana sosial",
			"perempuan rawan sosial ekonomi", "fakir miskin", "keluarga bermasalah sosial psikologis", "komunitas adat terpencil"}}
)

// Bits of Cover.
const (
	CoverPBI      = 1
	CoverMandiri  = 2 // pays its own premium
	CoverEmployer = 4
	CoverOther    = 8
)

// Functions are the nine abilities asked about, in the form's order. 1 cannot, 2 much difficulty, 3 some, 4 none.
var Functions = []string{"lihat", "dengar", "jalan", "tangan", "belajar", "emosi", "bicara", "mandiri", "ingat"}

// Member is what was answered about one person. Zero means not answered for Relation, Marital, School, Presence and
// Orphan; nil for Cover. SchoolLevel and Work take 0 for "none".
type Member struct {
	Relation    int
	Marital     int
	School      int
	SchoolLevel int
	Work        int
	Presence    int
	Orphan      int
	Cover       *int
	Pregnant    bool
	Disability  map[string]int // by Functions
	Chronic     []int
	PPKS        []int
}

// Check names each code that the instrument does not know, as warnings. field is the member's path, as in "members[0]".
func (m *Member) Check(field string) []fault.Detail {
	var found []fault.Detail
	one := func(item Item, code int) {
		if code < item.Min || code > item.Max {
			found = append(found, outOfRange(field+"."+item.Name, item.Min, item.Max))
		}
	}
	answered := func(item Item, code int) {
		if code != 0 {
			one(item, code)
		}
	}
	answered(Relation, m.Relation)
	answered(Marital, m.Marital)
	answered(School, m.School)
	one(SchoolLevel, m.SchoolLevel)
	one(Work, m.Work)
	answered(Presence, m.Presence)
	answered(Orphan, m.Orphan)
	if m.Cover != nil {
		one(Cover, *m.Cover)
	}
	for _, code := range m.Chronic {
		one(Chronic, code)
	}
	for _, code := range m.PPKS {
		one(PPKS, code)
	}
	return append(found, checkFunctions(field, m.Disability)...)
}

func checkFunctions(field string, disability map[string]int) []fault.Detail {
	var found []fault.Detail
	known := 0
	for _, name := range Functions {
		if code, ok := disability[name]; ok {
			known++
			if code < Difficulty.Min || code > Difficulty.Max {
				found = append(found, outOfRange(field+".disability."+name, Difficulty.Min, Difficulty.Max))
			}
		}
	}
	if known != len(disability) {
		found = append(found, fault.Detail{Field: field + ".disability", Code: "survey_item_unknown", Warn: true, Text: fault.Text{
			ID: "Fungsi tidak dikenal dalam " + Instrument, EN: "Function not part of " + Instrument}})
	}
	return found
}

// Severe reports whether any function is 1 (cannot at all) or 2 (much difficulty).
func Severe(disability map[string]int) bool {
	return slices.ContainsFunc(Functions, func(f string) bool { return disability[f] == 1 || disability[f] == 2 })
}
