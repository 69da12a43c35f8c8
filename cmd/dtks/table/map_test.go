package table_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dtks/cmd/dtks/table"
	"dtks/pkg/fault"
)

// sample gives a column of this title plausible values, different from row to row where the real one's are.
func sample(title string, row int) string {
	plain := strings.ToLower(strings.NewReplacer("_", "", " ", "", ".", "", "-", "", "/", "").Replace(title))
	switch {
	case strings.Contains(plain, "nik") || plain == "nokk" || plain == "kk":
		return fmt.Sprintf("99010165%02d7100%02d", row%28+1, row)
	case strings.Contains(plain, "dob") || strings.Contains(plain, "tgl") || strings.Contains(plain, "tanggal") || strings.Contains(plain, "birthdate"):
		return fmt.Sprintf("19%02d-06-%02d", row%90+10, row%28+1)
	case strings.Contains(plain, "mail"):
		return fmt.Sprintf("orang%d@contoh.test", row)
	case plain == "gender" || plain == "jk" || plain == "sex" || strings.Contains(plain, "kelamin"):
		return []string{"L", "P"}[row%2]
	case strings.HasSuffix(plain, "id") || strings.Contains(plain, "phone") || plain == "hp":
		return fmt.Sprint(100200 + 7*row)
	case plain == "cluster" || strings.HasPrefix(plain, "kode") || plain == "area":
		return fmt.Sprintf("9901012%03d", row/2)
	}
	return fmt.Sprintf("%s %c%c", title, 'a'+row%26, 'a'+row/26)
}

func mustSample(t *testing.T, header string) *table.Table {
	t.Helper()
	titles := strings.Split(header, ",")
	var b strings.Builder
	b.WriteString(header + "\n")
	for row := range 60 {
		for i, title := range titles {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(sample(title, row))
		}
		b.WriteByte('\n')
	}
	got, err := table.Read(mustWrite(t, "x.csv", b.String()), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// shown writes a mapping as "field:kind=column+column" for comparison.
func shown(l *table.Table, m table.Mapping) []string {
	var out []string
	for _, c := range m {
		var from []string
		for _, i := range c.Columns {
			from = append(from, l.Header[i])
		}
		out = append(out, fmt.Sprintf("%s:%s=%s", c.Field.Name, c.Field.Kind, strings.Join(from, "+")))
	}
	return out
}

func TestMap_Titles(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, header, id, want string }{
		{"generator of linkage tests", "rec_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth,soc_sec_id", "rec_id",
			"name:name=given_name+surname address:address=street_number+address_1+address_2 suburb:text=suburb postcode:code=postcode state:code=state birth_date:date=date_of_birth ssn:number=soc_sec_id"},
		{"parts without a whole name", "unique_id,first_name,surname,dob,city,email,cluster", "unique_id",
			"name:name=first_name+surname birth_date:date=dob city:text=city email:email=email"},
		{"whole name and parts", "unique_id,cluster,full_name,first_and_surname,first_name,surname,dob,birth_place,postcode_fake,gender,occupation", "unique_id",
			"name:name=full_name birth_date:date=dob birth_place:place=birth_place postcode:code=postcode_fake sex:sex=gender occupation:text=occupation"},
		{"voter list", "voter_reg_num,last_name,first_name,midl_name,age,gender_code,race_code,street_name,res_city_desc,state_cd,zip_code,full_phone_num,birth_place,download_month", "",
			"voter:number=voter_reg_num name:name=first_name+midl_name+last_name age:code=age sex:code=gender_code race:code=race_code address:address=street_name city:text=res_city_desc state:code=state_cd postcode:code=zip_code phone:phone=full_phone_num birth_place:place=birth_place download_month:text=download_month"},
		{"date in parts", "id,fname_c1,lname_c1,by,bm,bd,ent_id", "id", "name:name=fname_c1+lname_c1 birth_date:date=by+bm+bd"},
		{"Indonesian", "No,NIK,No. KK,Nama Lengkap,JK,Tempat Lahir,Tgl. Lahir,Nama Ibu Kandung,Alamat,RT,RW,Dusun,Pekerjaan,No. HP,Keterangan", "No",
			"nik:nik=NIK kk:number=No. KK name:name=Nama Lengkap sex:sex=JK birth_place:place=Tempat Lahir birth_date:date=Tgl. Lahir mother:name=Nama Ibu Kandung address:address=Alamat+RT+RW+Dusun occupation:text=Pekerjaan mobile:phone=No. HP"},
		{"Dukcapil's fields", "NIK,NO_KK,NAMA_LGKP,TMPT_LHR,TGL_LHR,JENIS_KLMIN,NAMA_LGKP_IBU,ALAMAT,NO_RT,NO_RW,KEL_NAME,KEC_NAME", "",
			"nik:nik=NIK kk:number=NO_KK name:name=NAMA_LGKP birth_place:place=TMPT_LHR birth_date:date=TGL_LHR sex:code=JENIS_KLMIN mother:name=NAMA_LGKP_IBU address:address=ALAMAT+NO_RT+NO_RW village:text=KEL_NAME district:text=KEC_NAME"},
		{"area code and its names", "nik,nama_depan,nama_belakang,kode_desa,kelurahan,kecamatan,kabupaten,provinsi", "",
			"nik:nik=nik name:name=nama_depan+nama_belakang area:area=kode_desa"},
		{"place and date in one", "Nama,TTL,Alamat", "", "name:name=Nama birth_place:place=TTL birth_date:date=TTL address:address=Alamat"},
		{"capitals within words", "PersonId,FirstName,LastName,BirthDate,ZipCode", "",
			"name:name=FirstName+LastName birth_date:date=BirthDate postcode:code=ZipCode"},
		{"words around", "patient_id,patient_first_name,patient_last_name,patient_dob,res_city", "patient_id", "name:name=patient_first_name+patient_last_name birth_date:date=patient_dob city:text=res_city"},
		{"the registry's own field names", "nik,kk,name,birth_date,sex,birth_place,mother,address,area,email,phone", "",
			"nik:nik=nik kk:number=kk name:name=name birth_date:date=birth_date sex:sex=sex birth_place:place=birth_place mother:name=mother address:address=address area:area=area email:email=email phone:phone=phone"},
		{"computed columns", "id,first_name,surname,first_name_dm,surname_soundex,first_name_surname_concat,dob,dob_year,first_and_surname", "id", "name:name=first_name+surname birth_date:date=dob"},
		{"no title known", "kolom_a,kolom_email,kolom_tgl", "", "kolom_a:text=kolom_a kolom_email:email=kolom_email kolom_tgl:date=kolom_tgl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := mustSample(t, tt.header)
			m, _, err := l.Map("")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(shown(l, m), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			id := ""
			if i, ok := l.Identifier(); ok {
				id = l.Header[i]
			}
			if id != tt.id {
				t.Errorf("record ids: got %q, want %q", id, tt.id)
			}
		})
	}
}

func TestMap_Content(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a,b,c,d,e,f,g,h,i,nama\n")
	for i := range 200 {
		fmt.Fprintf(&b, "%d,%02d/%02d/19%02d,o%d@contoh.test,99010165067100%02d,%s,%d,tetap,,kata %c%c lain,ORANG %d\n",
			i+1, i%28+1, i%12+1, i%90+10, i, i%90+10, []string{"A", "B", "C"}[i%3], 1000000+37*i, 'a'+i%26, 'a'+i/26, i/2)
	}
	l, err := table.Read(mustWrite(t, "x.csv", b.String()), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, notes, err := l.Map("")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"b:date=b", "c:email=c", "d:nik=d", "e:code=e", "f:number=f", "i:text=i", "name:name=nama"}
	if diff := cmp.Diff(want, shown(l, m)); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
	codes := map[string]string{}
	for _, n := range notes {
		codes[n.Field] = n.Code
	}
	if codes["a"] != "column_record_id" || codes["g"] != "column_constant" || codes["h"] != "column_empty" || codes["b"] != "column_by_content" {
		t.Errorf("notes: got %v", codes)
	}
}

func TestMap_Given(t *testing.T) {
	t.Parallel()
	l := mustSample(t, "nomor,depan,belakang,lahir_pada,kota asal,tgl")
	m, _, err := l.Map("nama = depan+belakang, dob=lahir_pada,city=#5, kapan:date=TGL, id=nomor")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"name:name=depan+belakang", "birth_date:date=lahir_pada", "city:text=kota asal", "kapan:date=tgl"}
	if diff := cmp.Diff(want, shown(l, m)); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
	if got := m.Values(l.Rows[0])[0]; got != "depan aa belakang aa" {
		t.Errorf("joined: got %q", got)
	}
	if i, ok := l.Identifier(); !ok || i != 0 || l.IDs()[1] != sample("nomor", 1) {
		t.Errorf("id=: got column %d", i)
	}
	for spec, code := range map[string]string{
		"nama": "map_syntax", "nama=": "map_syntax", "nama=tiada": "map_column_unknown", "x:angka=depan": "map_kind_unknown", "nama=depan,name=belakang": "map_field_twice", "nama=#7": "map_column_unknown",
	} {
		_, _, err := l.Map(spec)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != code || f.Text.ID == "" || f.Text.EN == "" {
			t.Errorf("%s: got %v, want %s", spec, err, code)
		}
	}
}

func TestMapping_Values(t *testing.T) {
	t.Parallel()
	l, err := table.Read(mustWrite(t, "x.csv", "Nama;TTL;Alamat;RT;RW\nA CONTOH;KOTA CONTOH, 12-03-1980;JL. CONTOH;3;\nB CONTOH;;;1;2\nC CONTOH;LUAR NEGERI;-;;\n"), table.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := l.Map("")
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, row := range l.Rows {
		got = append(got, m.Values(row))
	}
	want := [][]string{
		{"A CONTOH", "KOTA CONTOH", "12-03-1980", "JL. CONTOH RT 3"},
		{"B CONTOH", "", "", "RT 1 RW 2"},
		{"C CONTOH", "LUAR NEGERI", "", "-"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestAlign(t *testing.T) {
	t.Parallel()
	a, b := mustSample(t, "id,nama,tgl_lahir,kota,email"), mustSample(t, "no,dob,full_name,city,phone")
	ma, _, err := a.Map("")
	if err != nil {
		t.Fatal(err)
	}
	mb, _, err := b.Map("")
	if err != nil {
		t.Fatal(err)
	}
	outA, outB, notes := table.Align(ma, mb)
	if diff := cmp.Diff(outA.Fields(), outB.Fields()); diff != "" {
		t.Errorf("fields differ:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"name:name=full_name", "birth_date:date=dob", "city:text=city"}, shown(b, outB)); diff != "" {
		t.Errorf("second file (-want +got):\n%s", diff)
	}
	if len(notes) != 2 {
		t.Errorf("got %d fields of one file, want email and phone", len(notes))
	}
}
