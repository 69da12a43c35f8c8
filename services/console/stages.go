package main

import (
	"slices"

	"dtks/pkg/event"
)

// stage is one card of the flow diagram.
type stage struct {
	Noun             string // what it counts; also its colour class
	ID, EN           string
	Rate             float64 // events a second
	Total            int64
	TotalID, TotalEN string
	Parts            []bar
	Lapse            string    // stage whose duration it shows
	LapseFor         [2]string // what that duration is of, in both languages
}

// stages reads the five stations of the flow from a snapshot, the two parallel ones side by side.
func stages(s *snapshot) []stage {
	c := s.Counts
	return []stage{
		{
			Noun: nounProposal, Rate: s.Volume.perSecond(nounProposal), ID: "Usulan", EN: "Proposals",
			Total: c.of(nounProposal), TotalID: "usulan masuk", TotalEN: "proposals entered",
			Parts: []bar{
				{"wait", "Terbuka", "Open", c.of(nounProposal, string(event.ProposalOpen))},
				{"good", "Diterapkan", "Applied", c.of(nounProposal, string(event.ProposalApplied))},
				{"warn", "Dikembalikan", "Returned", c.of(nounProposal, string(event.ProposalReturned))},
				{"bad", "Ditolak", "Rejected", c.of(nounProposal, string(event.ProposalRejected))},
			},
			Lapse: stageWhole, LapseFor: [2]string{"sampai keputusan", "to decision"},
		},
		{
			Noun: nounCase, Rate: s.Volume.perSecond(nounCase), ID: "Verifikasi", EN: "Verification",
			Total: c.of(nounCase), TotalID: "kasus", TotalEN: "cases",
			Parts: []bar{
				{"wait", "Menunggu verifikator", "Awaiting verifier", c.of(nounCase, string(event.CaseOpened))},
				{"wait", "Menunggu penyetuju", "Awaiting approver", c.of(nounCase, string(event.CaseVerified))},
				{"good", "Disetujui", "Approved", c.of(nounCase, string(event.CaseApproved))},
				{"warn", "Dikembalikan", "Returned", c.of(nounCase, string(event.CaseReturned), string(event.CaseOutdated))},
				{"bad", "Ditolak", "Rejected", c.of(nounCase, string(event.CaseRejected))},
			},
			Lapse: stageOpened, LapseFor: [2]string{"membuka kasus", "to open a case"},
		},
		{
			Noun: nounMatch, Rate: s.Volume.perSecond(nounMatch), ID: "Padan NIK", EN: "NIK matching",
			Total: c.of(nounMatch), TotalID: "putusan", TotalEN: "verdicts",
			Parts: verdicts(c),
			Lapse: stageMatch, LapseFor: [2]string{"sampai putusan", "to verdict"},
		},
		{
			Noun: nounFamily, Rate: s.Volume.perSecond(nounFamily), ID: "Terdaftar", EN: "Registered",
			Total: c.of(nounFamily, string(event.Active)), TotalID: "keluarga", TotalEN: "families",
			Parts: []bar{
				{"good", "Keluarga aktif", "Active families", c.of(nounFamily, string(event.Active))},
				{"good", "Orang aktif", "Active persons", c.of(nounPerson, string(event.Active))},
				{"mute", "Keluarga nonaktif", "Inactive families", c.of(nounFamily, string(event.Inactive))},
			},
			Lapse: stageFamily, LapseFor: [2]string{"menerapkan", "to apply"},
		},
		{
			Noun: nounEntitlement, Rate: s.Volume.perSecond(nounEntitlement), ID: "Keputusan", EN: "Decisions",
			Total: c.of(nounEntitlement), TotalID: "keputusan program", TotalEN: "programme decisions",
			Parts: outcomes(c, ""),
			Lapse: stageDecision, LapseFor: [2]string{"memutus", "to decide"},
		},
		{
			Noun: nounDelivery, Rate: s.Volume.perSecond(nounDelivery), ID: "Pemberitahuan", EN: "Notifications",
			Total: c.of(nounDelivery), TotalID: "kiriman", TotalEN: "deliveries",
			Parts: []bar{
				{"good", "Terkirim", "Sent", c.of(nounDelivery, "sent")},
				{"warn", "Belum pasti", "Unknown", c.of(nounDelivery, "unknown")},
				{"bad", "Gagal", "Failed", c.of(nounDelivery, "failed")},
			},
			Lapse: stageDelivery, LapseFor: [2]string{"mengirim", "to deliver"},
		},
	}
}

// verdicts are the verdicts of nik-match as parts of a bar.
func verdicts(c counts) []bar {
	return []bar{
		{"good", "Padan", "Matched", c.of(nounMatch, string(event.Padan))},
		{"warn", "Perlu ditinjau", "Needs review", c.of(nounMatch, string(event.PerluTinjau))},
		{"bad", "Tidak padan", "Not matched", c.of(nounMatch, string(event.TidakPadan))},
	}
}

// outcomes are the outcomes of one programme, or of all, as parts of a bar. A programme is told of a family once it is
// entitled: what is not entitled here was so before.
func outcomes(c counts, programme string) []bar {
	return []bar{
		{"good", "Berhak", "Entitled", c.in(nounEntitlement, programme, string(event.Entitled))},
		{"mute", "Tidak lagi berhak", "No longer entitled", c.in(nounEntitlement, programme, string(event.NotEntitled))},
		{"warn", "Ditangguhkan, data kurang", "On hold, data missing", c.in(nounEntitlement, programme, string(event.Undetermined))},
	}
}

// programmes lists the programmes with decisions, by code.
func programmes(c counts) []string {
	var codes []string
	for k := range c {
		if k.Noun == nounEntitlement && !slices.Contains(codes, k.Filter) {
			codes = append(codes, k.Filter)
		}
	}
	slices.Sort(codes)
	return codes
}

// line is one curve of the chart of rates.
type line struct{ Noun, ID, EN string }

// lines are the curves, in the order of the flow.
var lines = []line{
	{nounProposal, "Usulan", "Proposals"},
	{nounCase, "Kasus", "Cases"},
	{nounMatch, "Putusan NIK", "NIK verdicts"},
	{nounFamily, "Keluarga", "Families"},
	{nounEntitlement, "Keputusan", "Decisions"},
	{nounDelivery, "Kiriman", "Deliveries"},
}

// timing is one row of the table of durations.
type timing struct {
	Stage, ID, EN string
	FromID        string
	FromEN        string
	Officer       bool // a person's time, not a machine's
}

// timings are the rows of the table of durations, in the order of the flow.
var timings = []timing{
	{stageOpened, "Membuka kasus", "Open a case", "usulan → kasus", "proposal → case", false},
	{stageMatch, "Memadankan NIK", "Match the NIK", "usulan → putusan", "proposal → verdict", false},
	{stageVerified, "Verifikator", "Verifier", "kasus → verifikasi", "case → verified", true},
	{stageApproved, "Penyetuju", "Approver", "verifikasi → persetujuan", "verified → approved", true},
	{stageFamily, "Menerapkan", "Apply", "persetujuan → data berlaku", "approved → in force", false},
	{stageDecision, "Memutus", "Decide", "data berlaku → keputusan", "in force → decision", false},
	{stageDelivery, "Memberi tahu", "Notify", "peristiwa → kiriman", "event → delivery", false},
	{stageWhole, "Seluruh alur", "Whole flow", "usulan → keputusan", "proposal → decision", false},
}
