// Package fact holds what eligibility knows of a family, and nothing more: the survey answers that a model or a rule
// may read, and of each member what a decision needs. No name, no NIK, no address.
//
// Facts are kept as a few dozen bytes (see Encode). Answers that are not listed here are not stored at all; a model
// that needs another item gets it by a rebuild from the stream, which still has every answer.
package fact

import (
	"github.com/google/uuid"

	"dtks/pkg/regsosek"
)

// Absent marks an answer that was not given. It is never treated as zero.
const Absent int16 = -1

// names lists the items that are kept, in the order of their place in Encode: append only, never reorder.
var names = [...]string{
	regsosek.StatusBangunan, regsosek.LuasLantai, regsosek.Lantai, regsosek.Dinding, regsosek.Atap, regsosek.AirMinum,
	regsosek.Penerangan, regsosek.Daya, regsosek.BahanBakar, regsosek.Jamban, regsosek.Kloset, regsosek.Limbah,
	regsosek.TabungGas, regsosek.Kulkas, regsosek.AC, regsosek.TV, regsosek.Emas, regsosek.Laptop, regsosek.Motor,
	regsosek.Mobil, regsosek.Smartphone, regsosek.Lahan, regsosek.RumahLain, regsosek.Sapi, regsosek.Kerbau,
	regsosek.Internet, regsosek.Rekening, regsosek.Usaha,
	regsosek.BuktiKepemilikan, regsosek.PemanasAir, regsosek.TeleponRumah, regsosek.Sepeda, regsosek.Perahu,
	regsosek.Kambing, regsosek.Omzet,
	regsosek.TempatTinggal, regsosek.KhawatirMakan, regsosek.PanganSeparuh, regsosek.BeliPakaian, regsosek.Pendapatan,
	regsosek.TerimaPKH, regsosek.TerimaSembako, regsosek.TerimaBLTDesa, regsosek.TerimaBST,
	regsosek.GuruSertifikat, regsosek.PengurusPerusahaan, regsosek.UpahDiAtasUMK, regsosek.PerangkatDesa,
	regsosek.ListrikNonsubsidi,
}

// Items is the number of survey items kept.
const Items = len(names)

// Names lists the survey items kept, in their order of storage.
func Names() []string { return append([]string(nil), names[:]...) }

// Index finds the place of a survey item; false when it is not kept.
func Index(name string) (int, bool) {
	i, ok := index[name]
	return i, ok
}

var index = func() map[string]int {
	m := make(map[string]int, Items)
	for i, n := range names {
		m[n] = i
	}
	return m
}()

// Family is the facts of one family.
type Family struct {
	Answers [Items]int16 // code of the instrument, or Absent
	Members []Member     // in the order of the survey
}

// New returns a family none of whose items has been answered.
func New() Family {
	var f Family
	for i := range f.Answers {
		f.Answers[i] = Absent
	}
	return f
}

// Head is the first member who lives with the family and is recorded as its head; nil when there is none.
func (f *Family) Head() *Member {
	if i := f.HeadIndex(); i >= 0 {
		return &f.Members[i]
	}
	return nil
}

// HeadIndex is the place of Head among the members, -1 when there is none.
func (f *Family) HeadIndex() int {
	for i := range f.Members {
		if f.Members[i].Relation == regsosek.Head && f.Members[i].Lives() {
			return i
		}
	}
	return -1
}

// Marks of what was not recorded, where zero is an answer.
const (
	NoCover uint8 = 0xff
	NoWork  uint8 = 0xff // also for a code that the instrument does not have
)

// Member is what a decision needs of one person. Codes are those of REGSOSEK2022.K; zero = not recorded, except Work,
// where zero = does not work, as the form says, and Cover.
type Member struct {
	Person   uuid.UUID
	Identity int64 // identity version in force
	Relation uint8
	Sex      byte  // 'L', 'P' or 0
	Born     int32 // birth date as yyyymmdd, 0 = not recorded
	Marital  uint8
	School   uint8 // 1 never, 2 attends, 3 no longer
	Level    uint8 // school level attended or highest, 1..22
	Work     uint8 // work status 1..8
	Presence uint8 // 1 lives here, 2 died, 3 and 4 moved away, 5 new, 6 not found
	Orphan   uint8 // 1 both parents alive, 2 yatim, 3 piatu, 4 yatim piatu
	Cover    uint8 // health cover: regsosek.CoverPBI and other bits, 0 = none, NoCover = not recorded
	Pregnant bool
	Disabled bool // at least one function is severely limited (regsosek.Severe)
}

// Age is the number of full years on a day given as yyyymmdd; false when the birth date is missing or later.
func (m *Member) Age(day int32) (int64, bool) {
	if m.Born == 0 || m.Born > day {
		return 0, false
	}
	// The four digits of month and day compare like the days themselves.
	return int64(day-m.Born) / 10000, true
}

// Stage is the stage of schooling of the member's level; false when there is none.
func (m *Member) Stage() (regsosek.Stage, bool) {
	stage := regsosek.StageOf(int(m.Level))
	return stage, stage != regsosek.NoStage
}

// Lives reports whether the member lives with the family: one whose presence was not recorded does.
func (m *Member) Lives() bool { return m.Presence == 0 || m.Presence == 1 || m.Presence == 5 }

// Living is the number of members that live with the family.
func (f *Family) Living() int {
	n := 0
	for i := range f.Members {
		if f.Members[i].Lives() {
			n++
		}
	}
	return n
}
