package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dtks/pkg/pg"
)

// DB returns a pool on a database of the test's own, with the backbone's tables and those of service (its embedded
// migrations; nil = none). It is a clone of a template that is migrated once, and is dropped when the test ends.
func DB(t testing.TB, service fs.FS) *pgxpool.Pool {
	t.Helper()
	db, err := pg.Connect(t.Context(), DatabaseURL(t, service))
	if err != nil {
		t.Fatalf("connecting to the test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// DatabaseURL is DB for a program that opens the database itself.
func DatabaseURL(t testing.TB, service fs.FS) string {
	t.Helper()
	c := theCluster(t)
	name, err := c.clone(t.Context(), service)
	if err != nil {
		t.Fatalf("making the test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test database: %v", err)
		}
	})
	return c.url(name)
}

func (c *cluster) url(database string) string {
	return c.URLFor(url.UserPassword(testRole, testPassword), database)
}

// clone makes a database from the template of these migrations.
func (c *cluster) clone(ctx context.Context, service fs.FS) (string, error) {
	c.mu.Lock()
	template, err := c.template(ctx, service)
	c.next++
	name := fmt.Sprintf("test_%d", c.next)
	c.mu.Unlock()
	if err != nil {
		return "", err
	}
	strategy := "wal_log"
	if c.Programs.Major >= 18 { // copies by reference there; in 15 it is the slower way
		strategy = "file_copy"
	}
	return name, c.exec(ctx, "CREATE DATABASE "+name+" OWNER "+testRole+" TEMPLATE "+template+" STRATEGY "+strategy)
}

// template returns the migrated database for these migrations, made when first asked for.
func (c *cluster) template(ctx context.Context, service fs.FS) (string, error) {
	key, err := digest(service)
	if err != nil {
		return "", fmt.Errorf("reading the migrations: %w", err)
	}
	if name, ok := c.templates[key]; ok {
		return name, nil
	}
	name := "template_" + key[:16]
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		return "", err
	}
	if err := c.exec(ctx, "CREATE DATABASE "+name+" OWNER "+testRole+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return "", err
	}
	db, err := pg.Open(ctx, c.url(name), service)
	if err != nil {
		return "", err
	}
	db.Close() // a database that somebody is connected to cannot be cloned
	c.templates[key] = name
	return name, nil
}

func digest(service fs.FS) (string, error) {
	sum := sha256.New()
	if service != nil {
		err := fs.WalkDir(service, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(service, path)
			fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
