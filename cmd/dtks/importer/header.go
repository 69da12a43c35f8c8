package importer

import (
	"slices"
	"strings"

	"dtks/pkg/regsosek"
)

// columns of families.csv that are not survey items, with the other names under which they are known.
var columns = map[string][]string{
	"source": {"sumber"}, "source_id": {"id_keluarga", "idbdt"}, "area": {"kode_wilayah", "kode_desa"}, "kk": {"no_kk", "nokk"},
	"address": {"alamat"}, "member_id": {"id_anggota", "idartbdt"}, "nik": nil, "name": {"nama"}, "birth_place": {"tempat_lahir"},
	"birth_date": {"tanggal_lahir", "tgl_lahir"}, "sex": {"jenis_kelamin"}, "mother": {"nama_ibu", "nama_ibu_kandung"},
	"relation": {"hubungan"}, "marital": {"status_kawin"}, "school": {"partisipasi_sekolah"}, "school_level": {"jenjang_pendidikan"},
	"work": {"status_pekerjaan"}, "presence": {"keberadaan"}, "orphan": {"status_yatim"}, "health_cover": {"jaminan_kesehatan"},
	"pregnant": {"hamil"}, "disability": {"disabilitas"}, "chronic": {"penyakit_kronis"}, "ppks": nil, "instrument": {"instrumen"},
}

// required columns: without them no row can be read. source may be given on the command line instead.
var required = []string{"source_id", "area", "member_id", "nik", "name"}

// header says where each column is.
type header struct {
	width   int
	at      map[string]int
	items   []string // survey item of a column, "" for others; as long as width
	Ignored int      // columns that are not known
}

// readHeader places the columns. Names are compared without case and with _ for blanks; a name that occurs twice, also
// under two of its names, makes the file unusable: nobody can tell which one is meant.
func readHeader(row []string, source string) (*header, error) {
	h := &header{width: len(row), at: map[string]int{}, items: make([]string, len(row))}
	for i, title := range row {
		name := known(title)
		if name == "" {
			h.Ignored++
			continue
		}
		if _, twice := h.at[name]; twice {
			return nil, unusable("column_twice", "Kolom "+name+" muncul dua kali.", "Column "+name+" occurs twice.")
		}
		h.at[name] = i
		if _, item := regsosek.Lookup(name); item {
			h.items[i] = name
		}
	}
	var missing []string
	for _, name := range required {
		if _, ok := h.at[name]; !ok {
			missing = append(missing, name)
		}
	}
	if _, ok := h.at["source"]; !ok && source == "" {
		missing = append(missing, "source")
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		return nil, unusable("column_missing", "Kolom tidak ada: "+list+".", "Columns missing: "+list+".")
	}
	return h, nil
}

func known(title string) string {
	name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(strings.TrimPrefix(title, "\ufeff"))), " ", "_")
	if _, ok := columns[name]; ok {
		return name
	}
	if _, ok := regsosek.Lookup(name); ok {
		return name
	}
	for column, others := range columns {
		if slices.Contains(others, name) {
			return column
		}
	}
	return ""
}

// cell is the trimmed text of a column, empty where the file has no such column.
func (h *header) cell(row []string, name string) string {
	if i, ok := h.at[name]; ok && i < len(row) {
		return strings.TrimSpace(row[i])
	}
	return ""
}
