package main

// matched are the fields that the civil registry is asked about. Only a change of one of them raises a person's
// identity version: a verdict holds for exactly one set of them.
type matched struct{ nik, kk, name, birthPlace, birthDate, sex, mother string }

func (m *Member) matched(kk string) matched {
	return matched{m.NIK, kk, m.Name, m.BirthPlace, m.BirthDate, m.Sex, m.Mother}
}

func (p *person) matched() matched {
	return matched{p.NIK, p.KK, p.Name, p.BirthPlace, p.BirthDate, p.Sex, p.Mother}
}

// known is one identity version and the fields it stands for.
type known struct {
	version int64
	fields  matched
}

// identityVersion gives the version that proposed fields bring, and whether they differ from what is in force, so that
// the civil registry is asked. Fields equal to those in force keep their version; fields equal to those last proposed
// keep the one then handed out (a verdict may be there already); anything else gets a version never used before.
func identityVersion(inForce, last known, highest int64, proposed matched) (version int64, match bool) {
	if inForce.version > 0 && inForce.fields == proposed {
		return inForce.version, false
	}
	if last.version > 0 && last.fields == proposed {
		return last.version, true
	}
	return max(inForce.version, last.version, highest) + 1, true
}
