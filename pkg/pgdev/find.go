// Package pgdev runs a private PostgreSQL cluster on this machine: for a local stack whose user has none configured, and
// for tests. It finds the programs, makes the cluster, starts it as a child of this process, and stops it cleanly. As
// root it runs them as another user, because PostgreSQL refuses to run as root.
package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest PostgreSQL that the migrations are written for.
const minMajor = 15

// Programs is a folder with initdb and postgres.
type Programs struct {
	Dir   string // absolute, symbolic links resolved
	Major int    // version, such as 15
	From  string // where they were found, for people
}

// ErrNone says that this machine has no usable PostgreSQL programs. Install can mend that.
var ErrNone = errors.New("no PostgreSQL programs (version 15 or newer) on this machine: " +
	"install them (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17) or set DATABASE_URL")

// places where distributions put PostgreSQL.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// Find looks for PostgreSQL: in bin when set, then on the PATH, then in the usual places (the newest wins), then in
// what npm left in cache, and last through npm itself, where that is installed; say is told before a download.
func Find(ctx context.Context, bin, cache string, say func(string)) (Programs, error) {
	if bin != "" {
		p, err := inspect(ctx, bin, bin)
		if err != nil {
			return Programs{}, fmt.Errorf("the PostgreSQL folder %s cannot be used: %w", bin, err)
		}
		return p, nil
	}
	if p, ok := findInstalled(ctx); ok {
		return p, nil
	}
	if cache == "" {
		return Programs{}, ErrNone
	}
	return fetch(ctx, cache, say)
}

func findInstalled(ctx context.Context) (Programs, bool) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			if p, err := inspect(ctx, filepath.Dir(path), "the PATH"); err == nil {
				return p, true
			}
		}
	}
	var all []Programs
	for _, pattern := range places {
		dirs, _ := filepath.Glob(pattern) // the only error is a malformed pattern
		for _, dir := range dirs {
			if p, err := inspect(ctx, dir, dir); err == nil {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		return Programs{}, false
	}
	return slices.MaxFunc(all, func(a, b Programs) int { return a.Major - b.Major }), true
}

var versionNumber = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect asks the programs in dir for their version.
func inspect(ctx context.Context, dir, from string) (Programs, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Programs{}, errors.New("there is no such folder")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return Programs{}, err
	}
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			return Programs{}, fmt.Errorf("it holds no program %s", name)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Programs{}, errors.New("its postgres does not run")
	}
	found := versionNumber.FindStringSubmatch(string(out))
	if found == nil {
		return Programs{}, fmt.Errorf("its postgres says %q", strings.TrimSpace(string(out)))
	}
	major, _ := strconv.Atoi(found[1])
	if major < minMajor {
		return Programs{}, fmt.Errorf("version %d is older than %d", major, minMajor)
	}
	return Programs{dir, major, from}, nil
}
