package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

// Service runs a service's own binary with a subcommand and hands over its standard output.
type Service func(ctx context.Context, service string, args ...string) (io.ReadCloser, error)

// Marks fixes the end of each stream, by owner.
func Marks(ctx context.Context, js jetstream.JetStream) (map[string]uint64, error) {
	marks := map[string]uint64{}
	for _, owner := range bus.Owners {
		stream, err := js.Stream(ctx, event.StreamOf(owner))
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", event.StreamOf(owner), err)
		}
		marks[owner] = stream.CachedInfo().State.LastSeq
	}
	return marks, nil
}

// Wait blocks until every durable of services has acknowledged everything up to the marks, or ctx ends. It reports who
// is behind.
func Wait(ctx context.Context, js jetstream.JetStream, services []string, marks map[string]uint64, say func(text string)) error {
	for {
		behind, err := behind(ctx, js, services, marks)
		if err != nil {
			return err
		}
		if len(behind) == 0 {
			return nil
		}
		say("waiting for " + strings.Join(behind, ", "))
		select {
		case <-ctx.Done():
			return fmt.Errorf("still behind: %s", strings.Join(behind, ", "))
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func behind(ctx context.Context, js jetstream.JetStream, services []string, marks map[string]uint64) ([]string, error) {
	var out []string
	for _, owner := range bus.Owners {
		for _, name := range services {
			if len(bus.Filters(name, owner)) == 0 {
				continue
			}
			consumer, err := js.Consumer(ctx, event.StreamOf(owner), name)
			if err != nil {
				return nil, fmt.Errorf("durable of %s on %s: %w", name, event.StreamOf(owner), err)
			}
			info := consumer.CachedInfo()
			idle := info.NumPending == 0 && info.NumAckPending == 0
			if !idle && info.AckFloor.Stream < marks[owner] {
				out = append(out, fmt.Sprintf("%s on %s (%d waiting, %d in hand)", name, event.StreamOf(owner), info.NumPending, info.NumAckPending))
			}
		}
	}
	return out, nil
}

// ReadStream reads everything up to mark.
func ReadStream(ctx context.Context, js jetstream.JetStream, owner string, mark uint64) ([]Logged, error) {
	if mark == 0 {
		return nil, nil
	}
	consumer, err := js.OrderedConsumer(ctx, event.StreamOf(owner), jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", event.StreamOf(owner), err)
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(2000))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", event.StreamOf(owner), err)
	}
	defer it.Stop()
	var out []Logged
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", event.StreamOf(owner), err)
		}
		l, err := logged(msg)
		if err != nil {
			return nil, err
		}
		if l.Seq <= mark {
			out = append(out, l)
		}
		if l.Seq >= mark {
			return out, nil
		}
	}
}

func logged(msg jetstream.Msg) (Logged, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Logged{}, err
	}
	l := Logged{Seq: meta.Sequence.Stream}
	at, err := event.ParseSubject(msg.Subject())
	if err != nil {
		return l, nil //nolint:nilerr // foreign message: its missing id makes it a violation of I3
	}
	var env struct {
		ID      string `json:"id"`
		Version int64  `json:"version"`
	}
	if err := event.Unmarshal(msg.Data(), &env); err != nil {
		env.ID = msg.Headers().Get("Nats-Msg-Id")
	}
	l.ID, l.Type, l.Filter, l.Key, l.Version = env.ID, at.Type, at.Filter, at.Key(), env.Version
	return l, nil
}

// ReadFacts parses what a service's "check" prints.
func ReadFacts(service string, in io.Reader) (Facts, error) {
	f := Facts{Events: map[string]Archived{}, Applied: map[string]Applied{}, Buried: map[string]int64{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		if err := f.add(service, part); err != nil {
			return f, fmt.Errorf("facts of %s: %w", service, err)
		}
	}
	return f, lines.Err()
}

func (f *Facts) add(service string, part []string) error {
	number := func(i int) int64 {
		n, err := strconv.ParseInt(part[i], 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	switch {
	case part[0] == "E" && len(part) == 5:
		f.Events[part[1]] = Archived{part[2], number(3), part[4] == "1"}
	case part[0] == "A" && len(part) == 4:
		f.Applied[part[1]] = Applied{number(2), number(3)}
	case part[0] == "D" && len(part) == 4:
		f.Buried[part[2]] = max(f.Buried[part[2]], number(3))
	case part[0] == "V" && len(part) == 3:
		f.Violations = append(f.Violations, Violation{part[1], service, part[2]})
	default:
		return errors.New("a line that is no fact")
	}
	return nil
}
