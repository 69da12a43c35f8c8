package importer

import "dtks/pkg/fault"

// Finding is what there is to say about one row. It names line and column, never what stands there.
type Finding struct {
	Line   int // 1 is the header
	Column string
	Code   string
	Text   fault.Text
	Warn   bool // stored all the same
}

// reasons why a row is not sent. docs/import.md lists them; the registry has the last word and its own list.
var reasons = map[string]fault.Text{
	"row_columns":           {ID: "Jumlah kolom baris ini tidak sama dengan judul", EN: "This row does not have as many columns as the header"},
	"row_quotes":            {ID: "Tanda kutip pada baris ini tidak berpasangan", EN: "The quotes of this row do not pair"},
	"text_not_utf8":         {ID: "Teks bukan UTF-8", EN: "The text is not UTF-8"},
	"text_unreadable":       {ID: "Teks memuat karakter kendali atau terlalu panjang", EN: "The text holds control characters or is too long"},
	"required":              {ID: "Wajib diisi", EN: "This must be filled in"},
	"area_unknown":          {ID: "Bukan kode desa/kelurahan Kemendagri, seperti 32.04.10.2001", EN: "Not a Kemendagri village code such as 32.04.10.2001"},
	"area_without_dots":     {ID: "Tulis kode Kemendagri dengan titik, seperti 32.04.10.2001; kode BPS sama panjang dan berbeda arti", EN: "Write the Kemendagri code with dots, as in 32.04.10.2001; BPS codes are as long and mean other places"},
	"area_differs":          {ID: "Baris-baris satu keluarga menyebut desa/kelurahan berbeda", EN: "The rows of one family name different villages"},
	"member_twice":          {ID: "member_id ini sudah dipakai dalam keluarga", EN: "This member_id is already used in the family"},
	"nobody":                {ID: "Nama dan NIK kosong: tidak dapat diketahui siapa", EN: "Name and NIK are empty: nobody can tell who this is"},
	"birth_date_unreadable": {ID: "Tanggal lahir harus berupa 1987-03-10 atau 10-03-1987", EN: "The birth date must be written as 1987-03-10 or 10-03-1987"},
	"sex_unreadable":        {ID: "Jenis kelamin harus L atau P", EN: "Sex must be L or P"},
	"number_unreadable":     {ID: "Harus berupa bilangan bulat", EN: "This must be a whole number"},
	"list_unreadable":       {ID: "Harus berupa kode dipisah spasi, seperti 2 5", EN: "This must be codes parted by blanks, as in 2 5"},
	"disability_unreadable": {ID: "Harus berupa fungsi=kode, seperti jalan=1 lihat=2", EN: "This must be function=code, as in jalan=1 lihat=2"},
	"yes_no_unreadable":     {ID: "Harus ya atau tidak", EN: "This must be ya (yes) or tidak (no)"},
	"instrument_unknown":    {ID: "Instrumen tidak dikenal", EN: "Unknown instrument"},
	"family_too_large":      {ID: "Keluarga memiliki lebih dari 60 anggota", EN: "The family has more than 60 members"},
	"family_incomplete":     {ID: "Baris lain keluarga ini ditolak; keluarga dikirim utuh atau tidak sama sekali", EN: "Another row of this family is rejected; a family is sent whole or not at all"},
	"family_columns_differ": {ID: "Kolom keluarga berbeda antarbaris; yang dipakai baris pertama", EN: "Family columns differ between rows; those of the first row are used"},
}

func finding(line int, column, code string) Finding {
	return Finding{Line: line, Column: column, Code: code, Text: reasons[code], Warn: code == "family_columns_differ"}
}
