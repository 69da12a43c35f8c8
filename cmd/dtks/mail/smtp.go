// Package mail catches the e-mails of a local stack: it accepts whatever is sent to it over SMTP, keeps each message as a
// file, and shows them on a page. Nothing is ever passed on. It is never part of a deployment.
//
// A message is acknowledged after it is on disk, so that "sent" in notify and "kept" here mean the same even when one of
// them is killed.
package mail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// Limits of one session. They are far above what notify sends.
const (
	maxMessage    = 1 << 20 // bytes
	maxRecipients = 100
	idleLimit     = 2 * time.Minute
)

// ServeSMTP accepts sessions until ctx ends.
func ServeSMTP(ctx context.Context, l net.Listener, box *Box) error {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting mail: %w", err)
		}
		sessions.Go(func() {
			end := context.AfterFunc(ctx, func() { conn.Close() })
			defer end()
			defer conn.Close()
			s := &session{conn: conn, box: box, text: textproto.NewConn(conn)}
			if err := s.run(); err != nil && ctx.Err() == nil {
				slog.Warn("mail session ended", "error", err.Error())
			}
		})
	}
}

// session is one SMTP dialogue (RFC 5321, the commands that a sender needs).
type session struct {
	conn net.Conn
	text *textproto.Conn
	box  *Box

	from string
	to   []string
}

// errQuit ends a session politely.
var errQuit = errors.New("quit")

func (s *session) run() error {
	if err := s.say("220 dtks mail catcher"); err != nil {
		return err
	}
	for {
		if err := s.conn.SetDeadline(time.Now().Add(idleLimit)); err != nil {
			return err
		}
		line, err := s.text.ReadLine()
		if err != nil {
			return nil //nolint:nilerr // the sender has hung up
		}
		verb, rest, _ := strings.Cut(line, " ")
		err = s.command(strings.ToUpper(verb), rest)
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) command(verb, rest string) error {
	switch verb {
	case "EHLO":
		return s.say("250-dtks", fmt.Sprintf("250-SIZE %d", maxMessage), "250-8BITMIME", "250 SMTPUTF8")
	case "HELO":
		return s.say("250 dtks")
	case "MAIL":
		s.from, s.to = address(rest, "FROM:"), nil
		return s.say("250 ok")
	case "RCPT":
		to := address(rest, "TO:")
		if s.from == "" && !strings.Contains(rest, "<") || to == "" {
			return s.say("501 no address")
		}
		if len(s.to) == maxRecipients {
			return s.say("452 too many recipients")
		}
		s.to = append(s.to, to)
		return s.say("250 ok")
	case "DATA":
		if len(s.to) == 0 {
			return s.say("503 no recipient yet")
		}
		return s.data()
	case "RSET":
		s.from, s.to = "", nil
		return s.say("250 ok")
	case "NOOP":
		return s.say("250 ok")
	case "QUIT":
		_ = s.say("221 bye")
		return errQuit
	}
	return s.say("502 not known here")
}

// data reads a message, keeps it, and only then says so.
func (s *session) data() error {
	if err := s.say("354 end with a dot"); err != nil {
		return err
	}
	var b strings.Builder
	dot := bufio.NewReader(s.text.DotReader())
	buf := make([]byte, 32<<10)
	for {
		n, err := dot.Read(buf)
		if b.Len() <= maxMessage {
			b.Write(buf[:n])
		}
		if err != nil {
			break
		}
	}
	if b.Len() > maxMessage {
		return s.say("552 too large")
	}
	id, err := s.box.Keep(s.from, s.to, b.String())
	s.from, s.to = "", nil
	if err != nil {
		slog.Error("keeping a mail", "error", err.Error())
		return s.say("451 not kept, try again")
	}
	return s.say("250 kept as " + id)
}

func (s *session) say(lines ...string) error {
	for _, line := range lines {
		if err := s.text.PrintfLine("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// address takes what stands between the angle brackets.
func address(rest, prefix string) string {
	if len(rest) < len(prefix) || !strings.EqualFold(rest[:len(prefix)], prefix) {
		return ""
	}
	_, after, _ := strings.Cut(rest, "<")
	inside, _, _ := strings.Cut(after, ">")
	return inside
}
