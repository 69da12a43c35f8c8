package nik

import "dtks/pkg/fault"

// kind is which of the two numbers is read.
type kind struct {
	field string // field of the findings and prefix of their codes
	id    string // how the number is called in Indonesian and English texts
	date  func(day, month, year int) bool
}

var (
	aNIK = kind{"nik", "NIK", birth}
	aKK  = kind{"kk", "Nomor KK", calendar}
)

// finding words one finding; the texts never depend on the value.
func (k kind) finding(code string) fault.Detail {
	t := texts[code]
	return fault.Detail{Field: k.field, Code: k.field + "_" + code, Warn: true, Text: fault.Text{ID: k.id + " " + t.ID, EN: k.en() + " " + t.EN}}
}

func (k kind) en() string {
	if k.field == "kk" {
		return "KK number"
	}
	return k.id
}

// texts are all findings, by the code without its prefix. docs/import.md lists them.
var texts = map[string]fault.Text{
	"missing":            {ID: "tidak diisi; data disimpan dan masuk perbaikan", EN: "is missing; the record is stored and goes to repair"},
	"not_digits":         {ID: "memuat tanda selain angka", EN: "contains something other than digits"},
	"scientific":         {ID: "rusak oleh lembar kerja (bentuk 3,2E+15): isi ulang dari dokumen asli", EN: "was damaged by a spreadsheet (form 3.2E+15): enter it again from the document"},
	"length":             {ID: "tidak terdiri dari 16 angka", EN: "does not have 16 digits"},
	"region_unknown":     {ID: "diawali kode provinsi yang tidak pernah ada", EN: "begins with a province code that never existed"},
	"regency_unknown":    {ID: "diawali kode kabupaten/kota yang tidak tercatat", EN: "begins with a regency code that is not on record"},
	"date_invalid":       {ID: "memuat tanggal yang tidak ada di kalender", EN: "contains a date that is not in the calendar"},
	"serial_zero":        {ID: "berakhiran nomor urut 0000; mungkin terpotong oleh lembar kerja", EN: "ends in serial 0000; a spreadsheet may have cut it"},
	"repeated":           {ID: "berisi satu angka yang diulang", EN: "is one digit repeated"},
	"cleaned":            {ID: "dibersihkan dari spasi, tanda baca, atau angka aksara lain", EN: "was cleaned of spaces, punctuation or digits of another script"},
	"equals_kk":          {ID: "sama dengan nomor KK", EN: "equals the KK number"},
	"birth_date_differs": {ID: "memuat tanggal lahir lain; sah bila tanggal lahir pernah dibetulkan", EN: "carries another birth date; valid where the birth date was corrected later"},
	"sex_differs":        {ID: "memuat jenis kelamin lain; sah bila data pernah dibetulkan", EN: "carries the other sex; valid where the record was corrected later"},
}
