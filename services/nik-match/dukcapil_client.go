package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"dtks/pkg/event"
	"dtks/pkg/nik"
	"dtks/services/nik-match/judge"
)

// outcome is what became of one call; the ledger holds it.
type outcome string

// Outcomes. Only decided leads to a verdict; timeout, network, status and malformed are failures of the connection.
const (
	decided    outcome = "verdict"
	noQuota    outcome = "quota"
	noHours    outcome = "hours"
	noSetup    outcome = "setup"
	incomplete outcome = "incomplete"
	unknown    outcome = "unknown"
	timedOut   outcome = "timeout"
	noNetwork  outcome = "network"   // refused, reset, TLS
	badStatus  outcome = "status"    // HTTP other than 200
	malformed  outcome = "malformed" // 200 with something that is no answer to the question
	lost       outcome = "lost"      // cut off by our own end; what Dukcapil said is not known
	notSent    outcome = ""          // given back before it was sent: nothing to record
)

// ofClass names the outcome of a code's class.
var ofClass = map[judge.Class]outcome{judge.Verdict: decided, judge.Quota: noQuota, judge.Hours: noHours, judge.Setup: noSetup,
	judge.Incomplete: incomplete, judge.Unknown: unknown}

// reply is one call's outcome with what belongs to it.
type reply struct {
	outcome    outcome
	code       string
	result     judge.Result  // of decided
	remain     *int64        // quotaLimiter, where it came along
	retryAfter time.Duration // of badStatus, where it was said
}

// failed reports whether the connection is at fault, not an answer.
func (r reply) failed() bool {
	return r.outcome == timedOut || r.outcome == noNetwork || r.outcome == badStatus || r.outcome == malformed
}

// dukcapil calls the civil registry. It never retries: every call is a job's, written down before.
type dukcapil struct {
	http    *http.Client
	url     string
	cfg     config
	rules   judge.Rules
	buffers sync.Pool
}

// maxAnswer bounds what is read of an answer; a true one has about a kilobyte.
const maxAnswer = 64 << 10

func newDukcapil(cfg config, rules judge.Rules) (*dukcapil, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" {
		return nil, errors.New("DUKCAPIL_URL is not an address")
	}
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: cfg.Timeout, KeepAlive: 15 * time.Second}).DialContext,
		MaxConnsPerHost:        cfg.Concurrency,
		MaxIdleConnsPerHost:    cfg.Concurrency,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxAnswer,
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("DUKCAPIL_CA_FILE: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, errors.New("DUKCAPIL_CA_FILE holds no certificate")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	d := &dukcapil{cfg: cfg, rules: rules}
	d.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	d.url = strings.TrimSuffix(cfg.URL, "/") + "/dukcapil/get_json/" + url.PathEscape(cfg.Instansi) + "/CALL_VERIFY_BY_ELEMEN"
	d.buffers.New = func() any { return new(bytes.Buffer) }
	return d, nil
}

// question is the body of CALL_VERIFY_BY_ELEMEN. Empty fields are left out and not answered.
type question struct {
	User      string `json:"USER_ID"`
	Password  string `json:"PASSWORD"`
	IP        string `json:"IP_USER"`
	Threshold string `json:"TRESHOLD"` // the service spells it so
	NIK       string `json:"NIK"`
	KK        string `json:"NO_KK,omitempty"`
	Name      string `json:"NAMA_LGKP,omitempty"`
	Place     string `json:"TMPT_LHR,omitempty"`
	Date      string `json:"TGL_LHR,omitempty"`
	Sex       string `json:"JENIS_KLMIN,omitempty"`
	Mother    string `json:"NAMA_LGKP_IBU,omitempty"`
}

// content is one entry of an answer: a refusal, or the fields.
type content struct {
	Code         loose  `json:"RESPONSE_CODE"`
	Respon       string `json:"RESPON"`
	Response     string `json:"RESPONSE"`
	ResponseDesc string `json:"RESPONSE_DESC"`
	NIK          loose  `json:"NIK"`
	KK           loose  `json:"NO_KK"`
	Name         string `json:"NAMA_LGKP"`
	Place        string `json:"TMPT_LHR"`
	Date         string `json:"TGL_LHR"`
	Sex          string `json:"JENIS_KLMIN"`
	Mother       string `json:"NAMA_LGKP_IBU"`
}

// loose is a string that some deployments send as a number.
type loose string

// UnmarshalJSON takes a string without escapes, or a number, as it is.
func (l *loose) UnmarshalJSON(b []byte) error {
	*l = loose(strings.Trim(string(b), `"`))
	return nil
}

var sexes = map[string]string{"L": "Laki-laki", "P": "Perempuan"}

// sent is an identity as it is asked about: what cannot be said in Dukcapil's terms is left out.
func (d *dukcapil) sent(p event.PersonIdentity) event.PersonIdentity {
	if date, err := time.Parse(time.DateOnly, p.BirthDate); err == nil {
		p.BirthDate = date.Format(d.cfg.DateFormat)
	} else {
		p.BirthDate = ""
	}
	p.Sex = sexes[p.Sex]
	number, _ := nik.Parse(p.NIK) // as typed it may hold spaces
	p.NIK = string(number)
	return p
}

// verify asks about one person; own is what our own records say of them. It returns within the configured time; an answer that comes later is never read.
func (d *dukcapil) verify(ctx context.Context, p event.PersonIdentity, own judge.Own) reply {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	asked := d.sent(p)
	body, err := event.Marshal(question{User: d.cfg.User, Password: d.cfg.Password, IP: d.cfg.IP,
		Threshold: strconv.Itoa(d.rules.Threshold), NIK: asked.NIK, KK: asked.KK, Name: asked.Name, Place: asked.BirthPlace,
		Date: asked.BirthDate, Sex: asked.Sex, Mother: asked.Mother})
	if err != nil {
		return reply{outcome: incomplete}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return reply{outcome: incomplete}
	}
	request.Header["Content-Type"] = []string{"application/json"}
	response, err := d.http.Do(request)
	if err != nil {
		return broken(ctx)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return reply{outcome: badStatus, retryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	buffer := d.buffers.Get().(*bytes.Buffer)
	defer d.buffers.Put(buffer)
	buffer.Reset()
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return broken(ctx)
	}
	if n > maxAnswer {
		return reply{outcome: malformed}
	}
	return d.read(asked, own, buffer.Bytes())
}

// broken tells a time-out and our own end from a connection that failed.
func broken(ctx context.Context) reply {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return reply{outcome: timedOut}
	case ctx.Err() != nil:
		return reply{outcome: lost}
	}
	return reply{outcome: noNetwork}
}

// read turns the body of a 200 into an outcome. Whatever is not plainly an answer to the question is malformed.
func (d *dukcapil) read(asked event.PersonIdentity, own judge.Own, body []byte) reply {
	var page struct {
		Content []content `json:"content"`
		Remain  *int64    `json:"quotaLimiter"`
	}
	if event.Unmarshal(body, &page) != nil || len(page.Content) != 1 {
		return reply{outcome: malformed}
	}
	c := &page.Content[0]
	r := reply{code: c.code(), remain: page.Remain}
	class := judge.Compare
	if r.code != "" {
		class = d.rules.Of(r.code).Class
	}
	if class != judge.Compare {
		r.outcome = ofClass[class]
		if class == judge.Verdict {
			r.result = d.rules.Final(r.code)
		}
		return r
	}
	result, ok := d.rules.Compared(asked, own, judge.Answer{Code: r.code, Fields: map[string]string{judge.NIK: string(c.NIK),
		judge.KK: string(c.KK), judge.Name: c.Name, judge.BirthPlace: c.Place, judge.BirthDate: c.Date, judge.Sex: c.Sex, judge.Mother: c.Mother}})
	if !ok {
		return reply{outcome: malformed, remain: page.Remain}
	}
	r.outcome, r.result = decided, result
	return r
}

// known texts of refusals that older deployments send without a code, in lower case with single spaces.
var codeOfText = map[string]string{"data tidak ditemukan": "13", "login gagal": "03", "ip address tidak sesuai": "04",
	"ip client tidak terdaftar": "10", "kuota akses hari ini telah habis": "05"}

// code is the RESPONSE_CODE in two digits, or the one that a text alone stands for; "??" for anything else.
func (c *content) code() string {
	code := string(c.Code)
	if code == "null" {
		code = ""
	}
	if len(code) == 1 {
		code = "0" + code
	}
	if code != "" && (len(code) != 2 || strings.Trim(code, "0123456789") != "") {
		return "??" // not of this protocol: an unknown code, and not to be repeated in logs, metrics or the ledger
	}
	if code != "" || c.NIK != "" {
		return code
	}
	for _, text := range []string{c.Respon, c.Response, c.ResponseDesc} {
		if known := codeOfText[strings.ToLower(strings.Join(strings.Fields(text), " "))]; known != "" {
			return known
		}
	}
	return ""
}

// retryAfter reads seconds or an HTTP date, at most an hour; 0 = nothing was said.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), time.Hour)
}
