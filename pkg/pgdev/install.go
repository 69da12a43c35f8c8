package pgdev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Install has the machine's package manager install PostgreSQL. Unless yes, it first asks, showing the command. Say is
// told what runs. Afterwards Find finds the programs.
func Install(ctx context.Context, yes bool, ask func(question string) bool, say func(string)) error {
	commands := installCommands()
	if len(commands) == 0 {
		return ErrNone
	}
	var shown []string
	for _, c := range commands {
		shown = append(shown, strings.Join(c, " "))
	}
	line := strings.Join(shown, " && ")
	if !yes && (ask == nil || !ask("PostgreSQL is missing. Install it now? ("+line+")")) {
		return ErrNone
	}
	for i, c := range commands {
		if say != nil {
			say("running " + shown[i])
		}
		cmd := exec.CommandContext(ctx, c[0], c[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%q did not succeed (%s): install PostgreSQL by hand or set DATABASE_URL", shown[i], lastLine(out))
		}
	}
	if _, ok := findInstalled(ctx); !ok {
		return errors.New("the package manager reports success, but PostgreSQL's programs are not where they should be: " +
			"set PGDEV_BIN to the folder that holds initdb")
	}
	return nil
}

// installCommands for the package manager found here; none where none is known. The server that a package may start by
// itself is not used.
func installCommands() [][]string {
	have := func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	var as []string
	if os.Geteuid() != 0 {
		if have("brew") {
			return [][]string{{"brew", "install", "postgresql@17"}}
		}
		if !have("sudo") {
			return nil
		}
		as = []string{"sudo"}
	}
	with := func(args ...string) []string { return append(append([]string(nil), as...), args...) }
	switch {
	case have("apt-get"):
		return [][]string{with("apt-get", "update"), with("apt-get", "install", "-y", "postgresql")}
	case have("dnf"):
		return [][]string{with("dnf", "install", "-y", "postgresql-server")}
	case have("apk"):
		return [][]string{with("apk", "add", "postgresql")}
	case have("pacman"):
		return [][]string{with("pacman", "-S", "--noconfirm", "postgresql")}
	}
	return nil
}
