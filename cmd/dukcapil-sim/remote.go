package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// remote runs a subcommand against a running simulator and prints its answer.
func remote(ctx context.Context, command string, args []string, getenv func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("dukcapil-sim "+command, flag.ContinueOnError)
	base := flags.String("url", either(getenv("DUKCAPIL_SIM_URL"), "http://127.0.0.1:8407"), "where it runs (DUKCAPIL_SIM_URL)")
	reset := false
	if command == "counts" {
		flags.BoolVar(&reset, "reset", false, "start counting anew")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	method, path, body, err := request(command, flags.Args(), reset)
	if err != nil {
		return err
	}
	call, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(*base, "/")+path, body)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(call)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("%s", bytes.TrimSpace(text))
	}
	_, err = out.Write(text)
	return err
}

// request spells the call of a subcommand.
func request(command string, args []string, reset bool) (method, path string, body io.Reader, err error) {
	switch {
	case command == "mode" && len(args) > 0:
		settings, err := pairs(args)
		if err != nil {
			return "", "", nil, err
		}
		text, err := json.Marshal(settings)
		return http.MethodPut, "/admin/mode", bytes.NewReader(text), err
	case command == "mode":
		return http.MethodGet, "/admin/mode", nil, nil
	case command == "counts" && reset:
		return http.MethodDelete, "/admin/counts", nil, nil
	case command == "counts":
		return http.MethodGet, "/admin/counts", nil, nil
	case command == "reload":
		return http.MethodPost, "/admin/reload", nil, nil
	}
	if len(args) != 1 {
		return "", "", nil, fmt.Errorf("append takes one CSV file")
	}
	text, err := os.ReadFile(args[0])
	return http.MethodPost, "/admin/civil", bytes.NewReader(text), err
}
