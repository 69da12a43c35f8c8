package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"
)

// question is the body of CALL_VERIFY_BY_ELEMEN. Keys are accepted in any case, as deployments differ.
type question struct {
	User      string `json:"USER_ID"`
	Password  string `json:"PASSWORD"`
	IP        string `json:"IP_USER"`
	Threshold string `json:"TRESHOLD"` // so spelt; percent
	NIK       string `json:"NIK"`
	KK        string `json:"NO_KK"`
	Name      string `json:"NAMA_LGKP"`
	Place     string `json:"TMPT_LHR"`
	Date      string `json:"TGL_LHR"`
	Sex       string `json:"JENIS_KLMIN"`
	Mother    string `json:"NAMA_LGKP_IBU"`
}

// meanings are the texts beside each RESPONSE_CODE; 02 has never been seen.
var meanings = map[string]string{
	"00": "Data Ditemukan", "01": "Data Ditemukan",
	"03": "Login Gagal", "04": "IP Address Tidak Sesuai", "05": "Kuota Akses Hari ini telah Habis",
	"06": "Di Luar Jam Akses", "07": "Parameter Tidak Lengkap", "08": "NIK Tidak Dapat Diproses",
	"09": "User, Password dan IP User Kosong", "10": "IP Client  Tidak terdaftar",
	"11": "Data Ditemukan, Meninggal Dunia", "12": "Data Ditemukan, Status Data Ganda",
	"13": "Data Tidak Ditemukan, NIK tidak terdapat di Database Kependudukan",
	"14": "Data Ditemukan, Status Non Aktif, Silahkan Hubungi Dinas Dukcapil",
	"15": "Format NIK tidak sesuai dengan format Dukcapil", "16": "Instansi Tidak Aktif", "17": "User Tidak Aktif",
}

func codes() []string { return sorted(meanings) }

// answerKeys are the names under which deployments send the text of a failure.
var answerKeys = [...]string{"RESPON", "RESPONSE", "RESPONSE_DESC"}

func twoDigits(n int) string { return fmt.Sprintf("%02d", n) }

// answer decides what Dukcapil would say now and appends it to buf. It does not wait and knows no faults.
func (s *simulator) answer(buf []byte, m *mode, instansi string, q *question) []byte {
	code := m.Code
	if code == "" {
		code = s.refusal(m, instansi, q)
	}
	var found person
	if code == "" {
		if !s.quota.take(m, s.now()) {
			code = "05"
		} else {
			found, code = s.lookup(m, q.NIK)
		}
	}
	left := s.quota.left(m)
	if code != "" && code != "00" && code != "01" {
		n, _ := strconv.Atoi(code)
		s.counts.byCode[n].Add(1)
		return failure(buf, m, code, left)
	}
	s.counts.byCode[0].Add(1)
	return compared(buf, m, q, found, left)
}

// refusal is the code of a call that is turned away before anything is looked up; "" = let in.
func (s *simulator) refusal(m *mode, instansi string, q *question) string {
	if q.User == "" || q.Password == "" || q.IP == "" {
		return "09"
	}
	if m.User != "" && q.User != m.User || m.Password != "" && q.Password != m.Password {
		return "03"
	}
	if m.IP != "" && q.IP != m.IP {
		return "04"
	}
	if _, err := netip.ParseAddr(q.IP); err != nil {
		return "10"
	}
	if m.Instansi != "" && instansi != m.Instansi {
		return "16"
	}
	if !m.Hours.open(s.now()) {
		return "06"
	}
	if _, err := strconv.ParseUint(q.Threshold, 10, 7); err != nil || q.NIK == "" {
		return "07"
	}
	return ""
}

// lookup finds the record, or the code that says why there is none to compare. Synthetic: an empty record.
func (s *simulator) lookup(m *mode, nik string) (person, string) {
	p, ok := s.people.find(nik)
	switch {
	case ok:
		return p, codeOf[p.status]
	case !wellFormed(nik):
		return p, "15"
	case m.Synthetic:
		return person{}, ""
	}
	return p, "13"
}

// failure is a code with its text; HTTP is 200 all the same.
func failure(buf []byte, m *mode, code string, left int64) []byte {
	key := m.AnswerKey
	if key == "mixed" {
		key = answerKeys[rand.IntN(len(answerKeys))]
	}
	buf = append(buf, `{"content":[{"`...)
	buf = append(buf, key...)
	buf = append(buf, `":"`...)
	buf = append(buf, meanings[code]...)
	buf = append(buf, `","RESPONSE_CODE":"`...)
	buf = append(buf, code...)
	buf = append(buf, `"}],`...)
	return page(buf, left)
}

// compared lists each field sent as Sesuai or Tidak Sesuai, with the similarity on text fields only.
func compared(buf []byte, m *mode, q *question, p person, left int64) []byte {
	least, _ := strconv.Atoi(q.Threshold)
	buf = append(buf, `{"content":[{`...)
	if m.SuccessCode != "none" {
		buf = append(buf, `"RESPONSE_CODE":"`...)
		buf = append(buf, m.SuccessCode...)
		buf = append(buf, `",`...)
	}
	buf = append(buf, `"NIK":"Sesuai"`...)
	agree := p.status == "" // the empty record of synthetic mode
	buf = exact(buf, "NO_KK", q.KK, agree || q.KK == p.kk)
	buf = scored(buf, "NAMA_LGKP", q.Name, p.name, agree, least)
	buf = scored(buf, "TMPT_LHR", q.Place, p.birthPlace, agree, least)
	buf = exact(buf, "TGL_LHR", q.Date, agree || sameDate(q.Date, p.birthDate, m.DateFormat))
	buf = exact(buf, "JENIS_KLMIN", q.Sex, agree || sexOf(q.Sex) == sexOf(p.sex))
	buf = scored(buf, "NAMA_LGKP_IBU", q.Mother, p.mother, agree, least)
	buf = append(buf, `}],`...)
	return page(buf, left)
}

// page is the rest of the envelope.
func page(buf []byte, left int64) []byte {
	buf = append(buf, `"lastPage":true,"numberOfElements":1,"sort":null,"totalElements":1,"firstPage":true,"number":0,"size":1,"quotaLimiter":`...)
	buf = strconv.AppendInt(buf, left, 10)
	return append(buf, '}')
}

// exact appends a field without similarity; fields that were not sent are not answered.
func exact(buf []byte, field, sent string, agrees bool) []byte {
	if sent == "" {
		return buf
	}
	return append(head(buf, field, agrees), '"')
}

// scored appends a text field with its similarity.
func scored(buf []byte, field, sent, have string, agree bool, least int) []byte {
	if sent == "" {
		return buf
	}
	score := 100
	if !agree {
		score = similarity(normal(sent), have)
	}
	buf = append(head(buf, field, score >= least), ` (`...)
	buf = strconv.AppendInt(buf, int64(score), 10)
	return append(buf, `)"`...)
}

func head(buf []byte, field string, agrees bool) []byte {
	buf = append(buf, `,"`...)
	buf = append(buf, field...)
	if agrees {
		return append(buf, `":"Sesuai`...)
	}
	return append(buf, `":"Tidak Sesuai`...)
}

// sameDate compares the date sent in the deployment's format with the record's yyyy-mm-dd.
func sameDate(sent, have, format string) bool {
	if format == "yyyy-mm-dd" {
		return sent == have
	}
	return len(sent) == 10 && len(have) == 10 && sent[6:] == have[:4] && sent[3:5] == have[5:7] && sent[:2] == have[8:] &&
		sent[2] == '-' && sent[5] == '-'
}

// sexOf reads L, P and the long forms; 0 = neither.
func sexOf(s string) byte {
	switch normal(s) {
	case "L", "LAKI-LAKI", "LAKI - LAKI", "LAKI LAKI":
		return 'L'
	case "P", "PEREMPUAN":
		return 'P'
	}
	return 0
}

// dayOf numbers the days of WIB.
func dayOf(now time.Time) int64 { return (now.Unix() + 7*60*60) / (24 * 60 * 60) }
