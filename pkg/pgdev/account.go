package pgdev

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that PostgreSQL runs as: ourselves, or another when we are root.
type account struct {
	uid, gid   int
	name       string
	credential *syscall.Credential // nil = ourselves
}

func findAccount() (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uid, gid: os.Getegid(), name: "this user"}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 != nil || err2 != nil {
			continue
		}
		return account{uid, gid, name, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, errors.New("PostgreSQL refuses to run as root and there is no user postgres or nobody: " +
		"run as an ordinary user or set DATABASE_URL")
}

// reaches reports whether the account may walk down to dir: each folder above it lets it pass.
func (a account) reaches(dir string) bool {
	if a.credential == nil {
		return true
	}
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		info, err := os.Stat(dir)
		if err != nil {
			continue // not made yet; it will be made open
		}
		own := false
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			own = int(s.Uid) == a.uid && info.Mode()&0o100 != 0
		}
		if !own && info.Mode()&0o001 == 0 {
			return false
		}
	}
	return true
}

// home returns the folder to keep the cluster in: dir, or, where the account cannot reach that (root's own folders are
// closed to others), one below /var/tmp that is always the same for the same dir.
func (a account) home(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if a.reaches(dir) {
		return dir, nil
	}
	return filepath.Join("/var/tmp", "dtks-postgres-"+digest(dir)), nil
}

// own makes a folder that only the account can enter, or checks that it is one: in a shared folder somebody else might
// have made it first.
func (a account) own(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("the folder %s cannot be made: %w", dir, cause(err))
	}
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("the folder %s cannot be made: %w", dir, cause(err))
	}
	if err == nil && a.credential != nil {
		if err := os.Lchown(dir, a.uid, a.gid); err != nil {
			return fmt.Errorf("the folder %s cannot be given to user %s: %w", dir, a.name, cause(err))
		}
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(s.Uid) != a.uid || info.Mode()&0o077 != 0 {
		return fmt.Errorf("the folder %s must be a folder of %s's own with mode 0700: remove it or choose another", dir, a.name)
	}
	return nil
}

// cause takes the path off an error, since the sentence around it has it.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
