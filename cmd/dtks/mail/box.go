package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Box is the folder of caught messages, one file each, and an index of them in memory.
type Box struct {
	dir string

	mu   sync.Mutex
	list []Message // oldest first
}

// Message is what the list shows of a mail.
type Message struct {
	ID        string    `json:"id"` // UUIDv7: sorts by arrival
	MessageID string    `json:"message_id"`
	From      string    `json:"from"`
	To        []string  `json:"to"`
	Subject   string    `json:"subject"`
	At        time.Time `json:"at"` // when it was kept
	Bytes     int       `json:"bytes"`
}

// Headers that the catcher writes before a message: the envelope, which the message itself need not repeat.
const (
	headerFrom = "X-Dtks-From"
	headerTo   = "X-Dtks-To"
	suffix     = ".eml"
)

// OpenBox opens a folder, with what an earlier run kept in it.
func OpenBox(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the mail folder: %w", err)
	}
	entries, err := os.ReadDir(dir) // sorted by name, and so by arrival
	if err != nil {
		return nil, fmt.Errorf("reading the mail folder: %w", err)
	}
	b := &Box{dir: dir}
	for _, e := range entries {
		id, isMail := strings.CutSuffix(e.Name(), suffix)
		if !isMail {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading a kept mail: %w", err)
		}
		b.list = append(b.list, index(id, string(raw)))
	}
	return b, nil
}

// Keep writes a message to disk and lists it. It returns after the disk has it.
func (b *Box) Keep(from string, to []string, text string) (string, error) {
	uid, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	id := uid.String()
	raw := headerFrom + ": " + from + "\r\n" + headerTo + ": " + strings.Join(to, ", ") + "\r\n" + text
	if err := writeSynced(filepath.Join(b.dir, id+suffix), raw); err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, index(id, raw))
	return id, nil
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing a mail: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing a mail: %w", err)
	}
	return os.Rename(path+".part", path)
}

// index reads what the list shows. A message that does not parse is listed all the same.
func index(id, raw string) Message {
	m := Message{ID: id, Bytes: len(raw)}
	if uid, err := uuid.Parse(id); err == nil {
		sec, nsec := uid.Time().UnixTime()
		m.At = time.Unix(sec, nsec).UTC()
	}
	parsed, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return m
	}
	m.From = parsed.Header.Get(headerFrom)
	m.To = strings.Split(parsed.Header.Get(headerTo), ", ")
	m.MessageID = strings.Trim(parsed.Header.Get("Message-Id"), "<>")
	m.Subject = parsed.Header.Get("Subject")
	if words, err := new(mime.WordDecoder).DecodeHeader(m.Subject); err == nil {
		m.Subject = words
	}
	return m
}

// List gives up to limit messages, newest first, only those to the address when one is given; and how many there are.
func (b *Box) List(to string, limit int) ([]Message, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, total := []Message{}, 0
	for _, m := range slices.Backward(b.list) {
		if to != "" && !slices.Contains(m.To, to) {
			continue
		}
		if total++; len(found) < limit {
			found = append(found, m)
		}
	}
	return found, total
}

// Read gives a message as it was kept.
func (b *Box) Read(id string) ([]byte, error) {
	if _, err := uuid.Parse(id); err != nil { // an id is a file name here
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(filepath.Join(b.dir, id+suffix))
}
