package sample

import (
	"dtks/cmd/dtks/importer"
	"dtks/pkg/regsosek"
)

// Proposal is the family as the registry's API takes it; reading it from families.csv gives the same.
func (f *Family) Proposal() importer.Proposal {
	p := importer.Proposal{
		Kind: "usulan", Source: f.Source, SourceID: f.SourceID, Area: f.Area, KK: f.KK, Address: f.place(),
		Survey:  &importer.Survey{Instrument: regsosek.Instrument, Answers: make(map[string]int, len(f.Answers))},
		Members: make([]importer.Member, len(f.Members)),
	}
	for _, a := range f.Answers {
		p.Survey.Answers[a.Item] = a.Code
	}
	for i := range f.Members {
		m := &f.Members[i]
		p.Members[i] = importer.Member{
			MemberID: m.ID, NIK: m.Entered.NIK, Name: m.Entered.Name, BirthPlace: m.Entered.BirthPlace,
			BirthDate: m.Entered.BirthDate, Sex: m.Entered.Sex, Mother: m.Entered.Mother,
			Relation: m.Relation, Marital: m.Marital, School: m.School, SchoolLevel: m.SchoolLevel, Work: m.Work,
			Presence: m.Presence, Orphan: m.Orphan, Cover: m.Cover, Pregnant: m.Pregnant, Chronic: m.Chronic, PPKS: m.PPKS,
		}
		for k, code := range m.Disability {
			if code == 0 {
				continue
			}
			if p.Members[i].Disability == nil {
				p.Members[i].Disability = map[string]int{}
			}
			p.Members[i].Disability[regsosek.Functions[k]] = code
		}
	}
	return p
}

// place is the address as it is written down.
func (f *Family) place() string { return f.Address + " RT " + number(f.RT) + " RW " + number(f.RW) }
