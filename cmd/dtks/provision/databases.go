package provision

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dtks/pkg/bus"
)

// Databases makes databases and roles and writes each service's address into its secrets. admin is an address whose user
// may create both.
func Databases(ctx context.Context, s Secrets, admin string) error {
	if err := Roles(ctx, s, admin); err != nil {
		return err
	}
	cfg, err := pgx.ParseConfig(admin)
	if err != nil {
		return errors.New("the address of PostgreSQL cannot be read") // the parser's text may hold the password
	}
	for _, service := range bus.Services() {
		secret, err := os.ReadFile(s.path(service, "database.password"))
		if err != nil {
			return fmt.Errorf("reading the database password of %s: %w", service, err)
		}
		address, err := addressFor(cfg, admin, DatabaseName(service), strings.TrimSpace(string(secret)))
		if err != nil {
			return err
		}
		if err := keep(s.path(service, "database.url"), []byte(address+"\n")); err != nil {
			return err
		}
	}
	return keep(s.path("admin", "database.url"), []byte(admin+"\n"))
}

// Roles makes one database and one role per service, and writes nothing: the secrets may be mounted read-only.
func Roles(ctx context.Context, s Secrets, admin string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", redacted(err))
	}
	defer conn.Close(ctx)
	for _, service := range bus.Services() {
		secret, err := os.ReadFile(s.path(service, "database.password"))
		if err != nil {
			return fmt.Errorf("reading the database password of %s: %w", service, err)
		}
		name, pass := DatabaseName(service), strings.TrimSpace(string(secret))
		if err := database(ctx, conn, name, pass); err != nil {
			return fmt.Errorf("making the database of %s: %w", service, err)
		}
	}
	return nil
}

// DatabaseName is the name of a service's database and of its role.
func DatabaseName(service string) string { return "dtks_" + strings.ReplaceAll(service, "-", "_") }

// database makes role and database where missing. The role owns its database and cannot connect to any other.
func database(ctx context.Context, conn *pgx.Conn, name, pass string) error {
	var role, db bool
	err := conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		       EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&role, &db)
	if err != nil {
		return err
	}
	id := pgx.Identifier{name}.Sanitize()
	verb := "CREATE"
	if role {
		verb = "ALTER"
	}
	statements := []string{verb + " ROLE " + id + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '" + pass + "'"}
	if !db {
		statements = append(statements,
			"GRANT "+id+" TO CURRENT_USER", // an admin who is no superuser may give a database only to a role it is member of
			"CREATE DATABASE "+id+" OWNER "+id+" TEMPLATE template0 ENCODING 'UTF8'",
			"REVOKE ALL ON DATABASE "+id+" FROM PUBLIC")
	}
	for _, statement := range statements {
		// The simple protocol: CREATE DATABASE cannot be prepared inside a transaction block.
		if _, err := conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return redacted(err)
		}
	}
	return nil
}

// redacted keeps the server's message only: a driver's error may quote an address with its password.
func redacted(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return errors.New(pg.Message)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return errors.New("no connection: wrong address, wrong password, or no server there")
	}
	return err
}

// addressFor is the admin's address with another user and database; options such as sslmode stay.
func addressFor(cfg *pgx.ConnConfig, admin, name, pass string) (string, error) {
	query := url.Values{}
	if u, err := url.Parse(admin); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		query = u.Query()
	}
	for _, gone := range []string{"user", "password", "dbname", "database", "passfile"} {
		query.Del(gone)
	}
	host := fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
	if strings.HasPrefix(cfg.Host, "/") { // a socket's folder cannot stand where a host name stands
		query.Set("host", cfg.Host)
		query.Set("port", fmt.Sprint(cfg.Port))
		host = ""
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(name, pass), Host: host, Path: "/" + name, RawQuery: query.Encode()}
	return u.String(), nil
}
