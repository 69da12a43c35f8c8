package provision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"dtks/pkg/bus"
)

// Users are all NATS users with their rights: the services, the admin and the external subscribers.
func Users(s Secrets) ([]bus.User, error) {
	var users []bus.User
	for _, service := range bus.Services() {
		key, err := s.publicKey(service)
		if err != nil {
			return nil, err
		}
		users = append(users, bus.ServiceUser(service, key))
	}
	key, err := s.publicKey("admin")
	if err != nil {
		return nil, err
	}
	users = append(users, bus.AdminUser(key))
	for _, e := range Externals() {
		key, err := s.publicKey(e.Name)
		if err != nil {
			return nil, err
		}
		users = append(users, bus.ExternalUser(e.Name, key, e.Filters()...))
	}
	return users, nil
}

func (s Secrets) publicKey(user string) (string, error) {
	seed, err := os.ReadFile(s.NKeyFile(user))
	if err != nil {
		return "", fmt.Errorf("reading the NATS key of %s: %w", user, err)
	}
	pair, err := nkeys.ParseDecoratedUserNKey(seed)
	if err != nil {
		return "", fmt.Errorf("the NATS key of %s is damaged", user)
	}
	return pair.PublicKey()
}

// BrokerConfig writes the server's configuration file. It holds public keys only.
func BrokerConfig(s Secrets, file string, o bus.ServerOptions) error {
	users, err := Users(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("creating the broker's folder: %w", err)
	}
	next := file + ".next"
	if err := os.WriteFile(next, []byte(bus.ServerConfig(users, o)), 0o644); err != nil {
		return fmt.Errorf("writing the broker's configuration: %w", err)
	}
	return os.Rename(next, file)
}

// Streams makes or updates every stream and durable consumer, as the admin.
func Streams(ctx context.Context, s Secrets, url string) error {
	conn, err := bus.Connect(ctx, url, s.NKeyFile("admin"), "admin")
	if err != nil {
		return err
	}
	defer conn.Close()
	if conn.NATS.Status() != nats.CONNECTED {
		return fmt.Errorf("the broker at %s does not answer", url)
	}
	return bus.Provision(ctx, conn.NATS)
}
