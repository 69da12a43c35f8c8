package people

import "testing"

func TestPeople_EveryRoleThreeTimesInEveryArea(t *testing.T) {
	t.Parallel()
	codes := []string{National}
	for _, a := range Areas() {
		codes = append(codes, a.Code)
	}
	for _, code := range codes {
		for _, role := range roles {
			if got := len(With(role.name, code)); got < perRole {
				t.Errorf("area %s role %s: got %d persons, want %d", code, role.name, got, perRole)
			}
		}
	}
}

func TestPeople_AccountsAndIDsAreUnique(t *testing.T) {
	t.Parallel()
	accounts, ids := map[string]bool{}, map[string]bool{}
	for _, p := range All() {
		if accounts[p.Account] || ids[p.ID] {
			t.Errorf("account %s or id %s stands twice", p.Account, p.ID)
		}
		if len(p.ID) != 36 {
			t.Errorf("id %s: got %d characters, want 36", p.ID, len(p.ID))
		}
		accounts[p.Account], ids[p.ID] = true, true
	}
}

// The ids stand in data that was written earlier: they must never change.
func TestPeople_IDsStay(t *testing.T) {
	t.Parallel()
	for account, id := range map[string]string{
		"operator1.00":   "c0470000-0000-8000-8000-000001000001",
		"verifier2.3204": "c0470000-0000-8000-8000-320403000002",
		"desa1.9103":     "c0470000-0000-8000-8000-910301000004",
	} {
		p, ok := Find(account)
		if !ok || p.ID != id {
			t.Errorf("account %s: got id %q, want %q", account, p.ID, id)
		}
	}
}

func TestPeople_ForFallsBackToNational(t *testing.T) {
	t.Parallel()
	if got := For("verifier", "32.04.10.2001"); len(got) != perRole || got[0].Area != "32.04" {
		t.Errorf("got %d of %v, want the regency's three", len(got), got)
	}
	if got := For("verifier", "11.01.01.2001"); len(got) != perRole || got[0].Area != National {
		t.Errorf("got %d, want the three national ones", len(got))
	}
}
