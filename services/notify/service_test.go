package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dtks/pkg/auth"
	"dtks/pkg/bus"
	"dtks/pkg/event"
	"dtks/pkg/outbox"
	"dtks/pkg/testkit"

	"github.com/jackc/pgx/v5/pgxpool"
)

const village = "32.04.10.2001"

// world is the service under test with real neighbours, and an SMTP server that does what a test tells it.
type world struct {
	broker  *testkit.Broker
	db      *pgxpool.Pool
	service *service
	sender  *sender
	mail    *smtpServer
	url     string
	issuer  *testkit.OpenID
	owners  map[string]*testkit.Owner
}

// newWorld starts the service with these owners as its neighbours. Without sending, deliveries stay pending until the
// test calls round itself.
func newWorld(t *testing.T, sending bool, owners ...string) *world {
	t.Helper()
	b, keys := testkit.Bus(t), testkit.Keys(t)
	w := &world{broker: b, db: testkit.DB(t, migrations), mail: newSMTP(t), issuer: testkit.Issuer(t), owners: map[string]*testkit.Owner{}}
	for _, o := range owners {
		w.owners[o] = testkit.NewOwner(t, b, keys, o)
	}
	cfg := config{SMTPAddr: w.mail.addr, MailFrom: "dtks@dtks.example", MailTo: "{role}-{area}@petugas.example", MailRate: 1000, HookRate: 1000}
	rules, err := parseRules(builtInRules)
	if err != nil {
		t.Fatalf("the rules: %v", err)
	}
	mail, err := newMailer(cfg)
	if err != nil {
		t.Fatalf("the mailer: %v", err)
	}
	conn, box := b.Connect(t, name), outbox.New(name, w.db, nil)
	w.service = &service{store: &store{w.db}, outbox: box, rules: rules, mailTo: cfg.MailTo, console: "http://127.0.0.1:8400",
		hooks: newHooks(true, time.Now), now: time.Now}
	w.sender = newSender(w.service, mail, cfg)
	front := httptest.NewServer(newServer(w.service, w.sender, w.issuer.Verifier(t)))
	t.Cleanup(front.Close)
	w.url = front.URL
	parts := append(box.Relays(conn), conn.Consume(bus.Consumer{Name: name, DB: w.db, After: w.sender.Wake}, w.service.routes()...)...)
	if sending {
		parts = append(parts, w.sender.part())
	}
	testkit.Run(t, parts...)
	return w
}

func (w *world) person(t *testing.T, area string, roles ...string) string {
	t.Helper()
	id := newID()
	return w.issuer.Token(t, auth.Principal{Account: "acc-" + id, Person: id, Name: "PETUGAS CONTOH", Roles: roles, Area: area})
}

func (w *world) do(t *testing.T, token, method, path string, body any) (int, string) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatalf("encoding a request: %v", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("making a request: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(answer)
}

func must[T any](t *testing.T, w *world, token, method, path string, body any) T {
	t.Helper()
	status, raw := w.do(t, token, method, path, body)
	if status < 200 || status > 299 {
		t.Fatalf("%s %s: got %d %s, want 2xx", method, path, status, raw)
	}
	var out T
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatalf("%s %s: decoding the answer: %v", method, path, err)
	}
	return out
}

type notifications struct {
	Items []notificationView `json:"items"`
}

type deliveries struct {
	Items []deliveryView `json:"items"`
}

// newReturned is a proposal that was sent back: the operators of its regency get an e-mail.
func newReturned() outbox.Draft {
	return outbox.Draft{Type: event.TypeProposalUpdated, Area: event.AreaOf(village), ID: newID(), Data: event.ProposalUpdated{
		FamilyID: newID(), Kind: event.Usulan, Status: event.ProposalReturned, Area: village, Proposer: newID(), ProposedAt: at,
		ReasonCode: "berkas_kurang"}}
}

// state reads the one delivery there is.
func (w *world) state(t *testing.T) (state, code string) {
	t.Helper()
	if err := w.db.QueryRow(t.Context(), `SELECT state, code FROM delivery`).Scan(&state, &code); err != nil {
		return "", ""
	}
	return state, code
}

// delivered waits until the one delivery has a state and returns its code.
func (w *world) delivered(t *testing.T, want string) string {
	t.Helper()
	var code string
	testkit.Eventually(t, "a delivery in state "+want, func() bool {
		var state string
		state, code = w.state(t)
		return state == want
	})
	return code
}

// smtpServer speaks enough SMTP to take mail, refuse it or break off.
type smtpServer struct {
	addr string

	mu       sync.Mutex
	messages []string
	answers  map[string]string // command -> answer instead of success; "drop" ends the connection
}

func newSMTP(t *testing.T) *smtpServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting the SMTP server: %v", err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &smtpServer{addr: listener.Addr().String(), answers: map[string]string{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	return s
}

// on says how to answer a command (MAIL, RCPT, DATA or END, the end of the text); "" is success again.
func (s *smtpServer) on(command, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[command] = answer
}

func (s *smtpServer) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.messages...)
}

func (s *smtpServer) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 smtp.contoh.example")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		command := strings.ToUpper(strings.Fields(line + " x")[0])
		if stop := s.answer(command, say); stop {
			return
		}
		if command == "DATA" && s.refusal("DATA") == "" {
			if !s.text(in, say) {
				return
			}
		}
		if command == "QUIT" {
			return
		}
	}
}

func (s *smtpServer) refusal(command string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[command]
}

func (s *smtpServer) answer(command string, say func(string)) (stop bool) {
	refusal := s.refusal(command)
	switch {
	case refusal == "drop":
		return true
	case refusal != "":
		say(refusal)
	case command == "DATA":
		say("354 go on")
	default:
		say("250 ok")
	}
	return false
}

// text reads a message to its end. It is kept before the answer, so that a lost answer is a delivered message.
func (s *smtpServer) text(in *bufio.Reader, say func(string)) bool {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(line)
	}
	refusal := s.refusal("END")
	if refusal == "" || refusal == "drop" {
		s.mu.Lock()
		s.messages = append(s.messages, b.String())
		s.mu.Unlock()
	}
	return !s.answer("END", say)
}
