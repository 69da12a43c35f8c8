package main

import (
	"context"
	"path/filepath"
	"testing"
)

// The issuer signs anybody in: being reachable from elsewhere is a decision that somebody must have typed.
func TestIssuer_LoopbackUnlessTold(t *testing.T) {
	t.Parallel()
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	key := filepath.Join(t.TempDir(), "key.json")
	for _, c := range []struct {
		addr    string
		private bool
		serves  bool
	}{
		{"127.0.0.1:0", false, true}, {"0.0.0.0:0", false, false}, {":0", false, false}, {"0.0.0.0:0", true, true}, {"none", true, false},
	} {
		err := (&IssuerCmd{Addr: c.addr, Private: c.private, Key: key, Audience: audience}).Run(stopped)
		if (err == nil) != c.serves {
			t.Errorf("%s, private network %t: got %v, want serving %t", c.addr, c.private, err, c.serves)
		}
	}
}
