package main

import (
	"time"

	"dtks/cmd/dtks/people"
)

// shownRoles are the roles whose sign-ins are printed, with what each is for.
var shownRoles = []struct{ role, does string }{
	{"operator", "enters and corrects families"},
	{"lksa", "enters children in care"},
	{"verifier", "verifies cases"},
	{"approver", "approves cases"},
	{"programme", "reads entitlements"},
	{"ops", "watches the pipeline"},
	{"admin", "releases rankings"},
	{"auditor", "reads everything, changes nothing"},
}

// printReady says where to look and who can sign in.
func (u *launch) printReady() {
	s := u.stack
	u.say.say("\nReady in %.1f s.\n", time.Since(u.say.began).Seconds())
	u.say.say("  Console   %s", s.ConsoleURL())
	u.say.say("  Mail      %s", s.URL("mail"))
	u.say.say("  NATS      %s   (keys in %s)", s.NATSURL(), s.Secret())
	u.say.say("\nSign in at the console by choosing a person; on the command line: dtks token ACCOUNT")
	home := people.Areas()[0]
	for _, r := range shownRoles {
		local, national := people.With(r.role, home.Code), people.With(r.role, people.National)
		u.say.say("  %-10s %-16s (%s)   %-13s (Indonesia)   %s", r.role, local[0].Account, home.Name, national[0].Account, r.does)
	}
	u.say.say("  all others: dtks people\n")
}
