// Package stack knows where everything of a local stack is: its folders, its ports, its secrets and its tokens. Whoever
// talks to a stack started by `dtks up` (import, officers, bench, check) asks here.
package stack

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Services in the order in which they start and in which their ports are numbered after the console's.
var Services = []string{"registry", "verification", "nik-match", "eligibility", "notify"}

// All is every service with a database, a NATS user and keys of its own.
var All = append(append([]string(nil), Services...), "console")

// BasePort is the console's port unless --port says otherwise; all others follow from it.
const BasePort = 8400

// ports counts from the base. They stand in the documentation: never renumber.
var ports = map[string]int{
	"console": 0, "registry": 1, "verification": 2, "nik-match": 3, "eligibility": 4, "notify": 5,
	"issuer": 6, "dukcapil-sim": 7, "smtp": 8, "mail": 9, "broker": 10, "broker-monitor": 11, "postgres": 12,
}

// Stack is one local stack: a data folder and a base port.
type Stack struct {
	Data string // absolute
	Port int

	tokens tokens
}

// New is the stack of a data folder and a base port, running or not.
func New(data string, port int) (*Stack, error) {
	abs, err := filepath.Abs(data)
	if err != nil {
		return nil, fmt.Errorf("resolving the data folder: %w", err)
	}
	if port == 0 {
		port = BasePort
	}
	return &Stack{Data: abs, Port: port}, nil
}

// Open is the stack that runs in a data folder: its port comes from the state that `dtks up` left there.
func Open(data string) (*Stack, error) {
	s, err := New(data, 0)
	if err != nil {
		return nil, err
	}
	run, err := ReadRun(s.RunFile())
	if err != nil {
		return nil, err
	}
	s.Port = run.Port
	return s, nil
}

// Ports lists all ports of the stack by name.
func (s *Stack) Ports() map[string]int {
	all := make(map[string]int, len(ports))
	for name, n := range ports {
		all[name] = s.Port + n
	}
	return all
}

// Addr is host:port of a part, on the loopback interface.
func (s *Stack) Addr(part string) string {
	n, ok := ports[part]
	if !ok {
		panic("stack: no part named " + part)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port+n))
}

// URL is the HTTP address of a part, without a path.
func (s *Stack) URL(part string) string { return "http://" + s.Addr(part) }

// NATSURL is the broker's address.
func (s *Stack) NATSURL() string { return "nats://" + s.Addr("broker") }

// ConsoleURL is where a person looks. localhost, not a number: it is also the issuer's redirect target.
func (s *Stack) ConsoleURL() string { return "http://localhost:" + strconv.Itoa(s.Port) }

// Dir is a folder of the stack: log, bin, nats, mail, secrets, sample.
func (s *Stack) Dir(name string) string { return filepath.Join(s.Data, name) }

// RunFile holds what runs now.
func (s *Stack) RunFile() string { return filepath.Join(s.Data, "run.json") }

// LogFile is where a part's lines go.
func (s *Stack) LogFile(part string) string { return filepath.Join(s.Data, "log", part+".log") }

// NATSConfig is the generated configuration of the broker.
func (s *Stack) NATSConfig() string { return filepath.Join(s.Data, "nats", "nats-server.conf") }

// Secret is the path of a secret: Secret("registry", "nats.nk").
func (s *Stack) Secret(part ...string) string {
	return filepath.Join(append([]string{s.Data, "secrets"}, part...)...)
}

// NKeyFile is the seed of a NATS user: a service, "admin", or an external subscriber such as ext-3204.
func (s *Stack) NKeyFile(user string) string { return s.Secret(user, "nats.nk") }

// DatabaseURL is how a service (or "admin") reaches its database.
func (s *Stack) DatabaseURL(service string) (string, error) {
	b, err := os.ReadFile(s.Secret(service, "database.url"))
	if err != nil {
		return "", fmt.Errorf("reading the database address of %s (has `dtks up` run here?): %w", service, err)
	}
	return strings.TrimSpace(string(b)), nil
}
