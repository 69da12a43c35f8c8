package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// newCatcher runs an SMTP catcher over a folder and gives its address.
func newCatcher(t *testing.T, dir string) (string, *Box) {
	t.Helper()
	box, err := OpenBox(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- ServeSMTP(ctx, l, box) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), box
}

const letter = "From: dtks@contoh.invalid\r\nTo: a@contoh.invalid\r\nSubject: =?utf-8?q?Usulan_baru?=\r\n" +
	"Message-ID: <e1@dtks>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHalo =C3=A9\r\n.titik di awal\r\n"

func TestMail_KeepsAcrossRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr, _ := newCatcher(t, dir)
	for _, to := range []string{"a@contoh.invalid", "b@contoh.invalid"} {
		if err := smtp.SendMail(addr, nil, "dtks@contoh.invalid", []string{to}, []byte(letter)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := OpenBox(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, total := again.List("", 10)
	if total != 2 || list[0].To[0] != "b@contoh.invalid" || list[0].MessageID != "e1@dtks" || list[0].Subject != "Usulan baru" {
		t.Fatalf("got %d %+v, want both, newest first", total, list)
	}
	if time.Since(list[0].At) > time.Minute {
		t.Errorf("got time %v, want about now", list[0].At)
	}
	if only, n := again.List("a@contoh.invalid", 10); n != 1 || len(only) != 1 {
		t.Errorf("got %d for one address, want 1", n)
	}
}

func TestMail_Pages(t *testing.T) {
	t.Parallel()
	addr, box := newCatcher(t, t.TempDir())
	if err := smtp.SendMail(addr, nil, "dtks@contoh.invalid", nil, nil); err == nil {
		t.Error("a mail to nobody was accepted")
	}
	if err := smtp.SendMail(addr, nil, "dtks@contoh.invalid", []string{"a@contoh.invalid"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(Handler(box))
	defer server.Close()
	get := func(path string) (int, string) {
		resp, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	var listed struct {
		Total    int
		Messages []Message
	}
	_, body := get("/messages")
	if err := json.Unmarshal([]byte(body), &listed); err != nil || listed.Total != 1 {
		t.Fatalf("got %s (%v), want one message", body, err)
	}
	id := listed.Messages[0].ID
	for path, want := range map[string]string{
		"/": "Usulan baru", "/mail/" + id: "Halo é\n.titik di awal", "/messages/" + id: "Subject: =?utf-8?q?Usulan_baru?=",
	} {
		if status, body := get(path); status != 200 || !strings.Contains(strings.ReplaceAll(body, "\r", ""), want) {
			t.Errorf("%s: got %d %q, want %q in it", path, status, body, want)
		}
	}
	if status, _ := get("/messages/..%2f..%2fsecret"); status != 404 {
		t.Errorf("a path instead of an id got %d, want 404", status)
	}
}

func TestMail_TooLarge(t *testing.T) {
	t.Parallel()
	addr, box := newCatcher(t, t.TempDir())
	big := fmt.Sprintf("Subject: besar\r\n\r\n%s\r\n", strings.Repeat("x", maxMessage))
	if err := smtp.SendMail(addr, nil, "dtks@contoh.invalid", []string{"a@contoh.invalid"}, []byte(big)); err == nil {
		t.Error("a message over the limit was accepted")
	}
	if _, total := box.List("", 1); total != 0 {
		t.Errorf("got %d kept, want none", total)
	}
}
