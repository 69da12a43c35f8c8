package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"dtks/pkg/fault"
)

// hookTimeout bounds one call, name lookup and answer included.
const hookTimeout = 5 * time.Second

// hooks calls subscribers. It reaches public addresses only: a subscription must not become a way into the network that
// this service runs in.
type hooks struct {
	client   *http.Client
	loopback bool // also this machine, plain http included: the local stack
	now      func() time.Time
}

func newHooks(loopback bool, now func() time.Time) *hooks {
	h := &hooks{loopback: loopback, now: now}
	dialer := &net.Dialer{Timeout: hookTimeout, Control: h.guard}
	h.client = &http.Client{
		Timeout: hookTimeout,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would resolve names out of sight of the guard
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    hookTimeout,
			ResponseHeaderTimeout:  hookTimeout,
			DisableKeepAlives:      true, // a reused connection may fail after bytes went out, or be retried silently
			MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h
}

var errInside = errors.New("address is not public")

// guard looks at the address that is really dialled, after the name was resolved: a name that resolves differently the
// second time gains nothing.
func (h *hooks) guard(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !h.reachable(at.Addr().Unmap()) {
		return errInside
	}
	return nil
}

// inside lists ranges that netip does not call private, but that are not the public internet either.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"),
}

func (h *hooks) reachable(a netip.Addr) bool {
	if a.IsLoopback() {
		return h.loopback
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range inside {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// checkURL says whether a subscription may name this address: https, without credentials; plain http only to this
// machine where that is allowed.
func (h *hooks) checkURL(raw string) *fault.Error {
	refuse := func(code, id, en string) *fault.Error {
		return fault.New(fault.Invalid, "webhook_invalid", "langganan tidak dapat disimpan", "the subscription cannot be stored").
			With(fault.Detail{Field: "url", Code: code, Text: fault.Text{ID: id, EN: en}})
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return refuse("url_malformed", "alamat tidak dapat dibaca", "the address cannot be read")
	}
	if u.User != nil || u.Fragment != "" {
		return refuse("url_credentials", "alamat tidak boleh memuat sandi atau fragmen", "the address must hold no credentials or fragment")
	}
	addr, err := netip.ParseAddr(u.Hostname())
	literal := err == nil
	local := strings.EqualFold(u.Hostname(), "localhost") || literal && addr.Unmap().IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local || !h.loopback) {
		return refuse("url_scheme", "alamat harus https", "the address must be https")
	}
	if literal && !h.reachable(addr.Unmap()) || local && !h.loopback {
		return refuse("url_not_public", "alamat tidak berada di internet publik", "the address is not on the public internet")
	}
	return nil
}

// call makes one attempt. Before a connection stood nothing can have arrived; after that only an answer tells.
func (h *hooks) call(ctx context.Context, sub subscription, d delivery) outcome {
	if h.checkURL(sub.URL) != nil {
		return outcome{failed, "url_refused"}
	}
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.URL, strings.NewReader(d.Body))
	if err != nil {
		return outcome{failed, "url_refused"}
	}
	at := h.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "dtks-notify")
	req.Header.Set("Webhook-Id", d.ID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", sign(sub.Secret, d.ID, at, d.Body))
	res, err := h.client.Do(req)
	if err != nil {
		switch {
		case errors.Is(err, errInside):
			return outcome{failed, "address_not_public"}
		case connected.Load():
			return outcome{unknown, "no_answer"}
		}
		return outcome{pending, "not_reached"}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // what it says is not ours to keep
	return ofStatus(res.StatusCode)
}

// ofStatus reads an answer: 2xx is arrival; 408, 429 and most of 5xx say that it was not taken, so it may come again; a
// gateway that lost its other side cannot tell; everything else (redirects too) is a refusal.
func ofStatus(status int) outcome {
	code := "http_" + strconv.Itoa(status)
	switch {
	case status >= 200 && status <= 299:
		return outcome{sent, code}
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return outcome{unknown, code}
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return outcome{pending, code}
	}
	return outcome{failed, code}
}
