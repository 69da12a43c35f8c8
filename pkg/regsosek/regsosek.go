// Package regsosek is the survey instrument REGSOSEK2022.K as data: its items by name, the codes each item takes and
// what they mean.
//
// Item names are this project's own; codes are the form's. They differ from those of the older household form: 1 and
// not 0 is "none" in several lists, roof 3 is zinc, floor 8 is soil. An answer is therefore only worth something
// together with the instrument's name. Asset items are 1 = has, 2 = has not.
package regsosek

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"dtks/pkg/fault"
)

// Instrument is the name stored with every coded answer.
const Instrument = "REGSOSEK2022.K"

// Yes and No answer every asset and service item.
const (
	Yes = 1
	No  = 2
)

// Family items. docs/sample.md lists them with the columns of the CSV.
const (
	StatusBangunan   = "status_bangunan"
	BuktiKepemilikan = "bukti_kepemilikan"
	LuasLantai       = "luas_lantai" // m²
	Lantai           = "lantai"
	Dinding          = "dinding"
	Atap             = "atap"
	AirMinum         = "air_minum"
	JarakTinja       = "jarak_tinja" // from the water source to the nearest pit
	Penerangan       = "penerangan"
	Daya             = "daya" // only where Penerangan is 1
	BahanBakar       = "bahan_bakar"
	Jamban           = "jamban"
	Kloset           = "kloset" // only where Jamban is 1-4
	Limbah           = "limbah"

	TabungGas    = "tabung_gas"
	Kulkas       = "kulkas"
	AC           = "ac"
	PemanasAir   = "pemanas_air"
	TeleponRumah = "telepon_rumah"
	TV           = "tv"
	Emas         = "emas"
	Laptop       = "laptop"
	Sepeda       = "sepeda"
	Motor        = "motor"
	Mobil        = "mobil"
	Perahu       = "perahu"
	MotorTempel  = "motor_tempel"
	PerahuMotor  = "perahu_motor"
	Smartphone   = "smartphone"
	Lahan        = "lahan"
	RumahLain    = "rumah_lain"
	Sapi         = "sapi"
	Kerbau       = "kerbau"
	Kuda         = "kuda"
	Babi         = "babi"
	Kambing      = "kambing"
	Internet     = "internet"
	Rekening     = "rekening"
	Usaha        = "usaha"
	Omzet        = "omzet" // only where Usaha is 1
)

// Items asked beside the form (Item.Beside): what decree 262/HUK/2022 asks and the form does not, the family's income,
// what it receives, and what cross-matching with other registers has reported.
const (
	TempatTinggal = "tempat_tinggal" // has a place to live
	KhawatirMakan = "khawatir_makan" // within a year: worried about food, or did not eat
	PanganSeparuh = "pangan_separuh" // more than half of spending is for food
	BeliPakaian   = "beli_pakaian"   // bought clothes within a year
	Pendapatan    = "pendapatan"     // of the family, thousand rupiah a month

	TerimaPKH     = "terima_pkh"
	TerimaSembako = "terima_sembako"
	TerimaBLTDesa = "terima_blt_desa"
	TerimaBST     = "terima_bst"

	GuruSertifikat     = "guru_bersertifikat"  // a certified teacher who is no civil servant
	PengurusPerusahaan = "pengurus_perusahaan" // an officer of a registered company
	UpahDiAtasUMK      = "upah_di_atas_umk"    // a wage above the regency's minimum
	PerangkatDesa      = "perangkat_desa"      // a village official
	ListrikNonsubsidi  = "listrik_nonsubsidi"  // an electricity connection of 900 VA or more without subsidy
)

// Item is one question: the values it takes and how people call it.
type Item struct {
	Name     string
	Text     fault.Text
	Min, Max int
	Codes    []string // Indonesian label of Min, Min+1 …; nil where the answer is a number
	Beside   bool     // asked beside the form
}

// CodeName is the name of a code: its label as a word, such as semen_bata_merah for "semen/bata merah". "" for a code out of range and
// where the answer is a number.
func (i Item) CodeName(code int) string {
	if at := code - i.Min; at >= 0 && at < len(i.Codes) {
		return word(i.Codes[at])
	}
	return ""
}

// CodeNames lists the names of Min, Min+1 …; nil where the answer is a number.
func (i Item) CodeNames() []string {
	if i.Codes == nil {
		return nil
	}
	out := make([]string, len(i.Codes))
	for at, label := range i.Codes {
		out[at] = word(label)
	}
	return out
}

// word turns a label into lower-case letters and digits joined by underscores.
func word(label string) string {
	parts := strings.FieldsFunc(strings.ToLower(label), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(parts, "_")
}

// Label is the Indonesian meaning of a code, or the number itself.
func (i Item) Label(code int) string {
	if at := code - i.Min; at >= 0 && at < len(i.Codes) {
		return i.Codes[at]
	}
	return strconv.Itoa(code)
}

// Lookup finds a family item by its name.
func Lookup(name string) (Item, bool) {
	at, ok := byName[name]
	if !ok {
		return Item{}, false
	}
	return Items[at], true
}

var byName = func() map[string]int {
	m := make(map[string]int, len(Items))
	for i, item := range Items {
		m[item.Name] = i
	}
	return m
}()

// Check names each answer that the instrument does not know, in the order of the names. They are warnings: such an
// answer is stored as it came and counts as missing in every rule. field is the path of the answers, as in
// "survey.answers".
func Check(field string, answers map[string]int) []fault.Detail {
	var found []fault.Detail
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		at, ok := byName[name]
		switch {
		case !ok:
			found = append(found, fault.Detail{Field: field, Code: "survey_item_unknown", Warn: true, Text: fault.Text{
				ID: "Butir survei tidak dikenal dalam " + Instrument,
				EN: "Survey item not part of " + Instrument,
			}})
		case answers[name] < Items[at].Min || answers[name] > Items[at].Max:
			found = append(found, outOfRange(field+"."+name, Items[at].Min, Items[at].Max))
		}
	}
	return found
}

// Stage is the rung of schooling that a level code belongs to.
type Stage string

// Stages, as programme components count them.
const (
	NoStage Stage = ""
	SD      Stage = "sd"  // primary
	SMP     Stage = "smp" // lower secondary
	SMA     Stage = "sma" // upper secondary
	PT      Stage = "pt"  // tertiary
)

// StageOf gives the stage of a level code 1..22, NoStage for anything else.
func StageOf(level int) Stage {
	switch {
	case level >= 1 && level <= 5:
		return SD
	case level >= 6 && level <= 10:
		return SMP
	case level >= 11 && level <= 17:
		return SMA
	case level >= 18 && level <= 22:
		return PT
	}
	return NoStage
}

func outOfRange(field string, low, high int) fault.Detail {
	span := strconv.Itoa(low) + "–" + strconv.Itoa(high)
	return fault.Detail{Field: field, Code: "survey_code_out_of_range", Warn: true, Text: fault.Text{
		ID: "Kode di luar rentang " + span + ", dianggap tidak dijawab",
		EN: "Code outside " + span + ", counted as not answered",
	}}
}
