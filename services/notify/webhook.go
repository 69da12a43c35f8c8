package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"dtks/pkg/event"
)

// subscription is somebody who wants events as signed HTTP requests (Standard Webhooks).
type subscription struct {
	ID     string
	URL    string
	Secret []byte // HMAC key
	Events []string
	Filter string // programme, or unit of a registrant; all = every one
	Area   string // 00 = national
	Active bool
}

// wants reports whether o lies in what the subscription asks for.
func (s subscription) wants(o occurrence) bool {
	if !s.Active || !slices.Contains(s.Events, string(o.Type)) {
		return false
	}
	if s.Filter != event.All && s.Filter != o.Filter {
		return false
	}
	return s.Area == "00" || o.Area == s.Area || strings.HasPrefix(o.Area, s.Area+".")
}

// hookBody is the body of a call: what Standard Webhooks asks for, and the open part of the event.
type hookBody struct {
	Type      event.Type `json:"type"`
	Timestamp time.Time  `json:"timestamp"`
	ID        string     `json:"id"` // aggregate
	Version   int64      `json:"version"`
	Data      any        `json:"data"`
}

// sign spells the webhook-signature of a call: HMAC-SHA256 over id, time and body. The receiver holds the same secret
// and refuses what is older than a few minutes, so the time is that of the attempt.
func sign(secret []byte, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// secretText spells a secret as Standard Webhooks does.
func secretText(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }
