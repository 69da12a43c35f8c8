package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailTimeout bounds one e-mail from dialling to the server's last answer.
const mailTimeout = 20 * time.Second

// mailer sends e-mail through one SMTP server, one connection per message: a message then never shares the fate of
// another one.
type mailer struct {
	client *mail.Client
	from   string
	domain string // of message ids
}

func newMailer(cfg config) (*mailer, error) {
	host, port, err := net.SplitHostPort(cfg.SMTPAddr)
	if err != nil {
		return nil, errors.New("SMTP_ADDR is not host:port")
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, errors.New("SMTP_ADDR has no numeric port")
	}
	_, domain, ok := strings.Cut(cfg.MailFrom, "@")
	if !ok {
		return nil, errors.New("MAIL_FROM is not an address")
	}
	policy := mail.TLSMandatory
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		policy = mail.NoTLS // the mail catcher of the local stack; nothing leaves the machine
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTLSPolicy(policy), mail.WithTimeout(mailTimeout),
		mail.WithHELO("dtks-notify"), mail.WithoutNoop()}
	if cfg.SMTPUser != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(cfg.SMTPUser),
			mail.WithPassword(cfg.SMTPPassword))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, err
	}
	return &mailer{client, cfg.MailFrom, domain}, nil
}

// send makes one attempt. Until the server has taken the end of the text, nothing has been delivered; when its answer to
// that is lost, nobody here can tell.
func (m *mailer) send(ctx context.Context, d delivery) outcome {
	msg := mail.NewMsg()
	if msg.From(m.from) != nil || msg.To(d.Recipient) != nil {
		return outcome{failed, "address_malformed"}
	}
	msg.SetMessageIDWithValue(d.ID + "@" + m.domain) // the same at every attempt, so that a mailbox can tell doubles
	msg.SetDateWithValue(d.CreatedAt)
	msg.Subject(d.Subject)
	msg.SetBodyString(mail.TypeTextPlain, d.Body)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")

	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	conn, err := m.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return outcome{pending, "not_reached"}
	}
	defer m.client.CloseWithSMTPClient(conn) //nolint:errcheck // the answer that counts has been read
	err = m.client.SendWithSMTPClient(conn, msg)
	if err == nil || msg.IsDelivered() {
		return outcome{sent, "smtp_250"}
	}
	return ofMail(err)
}

// ofMail reads why a message was not sent.
func ofMail(err error) outcome {
	var refusal *mail.SendError
	if !errors.As(err, &refusal) {
		return outcome{unknown, "no_answer"}
	}
	answer := refusal.ErrorCode()
	code := "smtp_" + strconv.Itoa(answer)
	if answer == 0 {
		code = "no_answer"
	}
	switch refusal.Reason {
	case mail.ErrConnCheck, mail.ErrSMTPMailFrom, mail.ErrSMTPRcptTo, mail.ErrSMTPData:
		if answer >= 500 {
			return outcome{failed, code}
		}
		return outcome{pending, code} // the text was not yet handed over
	case mail.ErrSMTPDataClose:
		switch {
		case answer >= 500:
			return outcome{failed, code}
		case answer >= 400:
			return outcome{pending, code}
		}
	case mail.ErrGetSender, mail.ErrGetRcpts, mail.ErrNoUnencoded:
		return outcome{failed, "message_malformed"}
	}
	return outcome{unknown, code}
}
