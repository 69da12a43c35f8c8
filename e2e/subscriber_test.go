package e2e

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"dtks/cmd/dtks/subscribe"
	"dtks/pkg/event"
)

// follower is an external subscriber that keeps what a programme system would: the newest state per family.
type follower struct {
	mu    sync.Mutex
	state map[string]string // family -> state and area
	seen  map[string]int    // event id -> times
	stop  context.CancelFunc
	done  chan error
}

// follow starts a subscriber of an area that applies versions and deletes on moved.
func (w *world) follow(t *testing.T, user, area string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{state: map[string]string{}, seen: map[string]int{}, stop: cancel, done: make(chan error, 1)}
	newest := map[string]int64{}
	go func() {
		f.done <- subscribe.Follow(ctx, subscribe.Options{URL: w.NATSURL(), NKeyFile: w.NKeyFile(user), User: user, Kind: "family", Area: area},
			func(e subscribe.Event) error {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.seen[e.ID]++
				if e.Version <= newest[e.Key] {
					return nil
				}
				newest[e.Key] = e.Version
				var data event.RegistrantUpdated
				if err := event.Unmarshal(e.Data, &data); err != nil {
					return err
				}
				if data.State == event.Moved {
					delete(f.state, e.Key)
				} else {
					f.state[e.Key] = string(data.State) + " " + data.Area
				}
				return nil
			})
	}()
	t.Cleanup(func() { f.end(t) })
	return f
}

func (f *follower) end(t *testing.T) {
	t.Helper()
	f.stop()
	select {
	case err := <-f.done:
		if err != nil {
			t.Errorf("subscriber: %v", err)
		}
		f.done <- nil
	case <-time.After(10 * time.Second):
		t.Error("the subscriber does not end")
	}
}

func (f *follower) of(family string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state[family]
}

// TestMove_ThreeSubscribers: a family moves from one regency to another. The old area's subscriber forgets it, the new
// area's learns it, the national one sees one family all the time; its entitlement moves along.
func TestMove_ThreeSubscribers(t *testing.T) {
	w := shared
	old, young, national := w.follow(t, "ext-3204", "32.04"), w.follow(t, "ext-3374", "33.74"), w.follow(t, "ext-00", "00")
	f := w.complete(t, input(bandung))
	w.wantOutcome(t, f, "sembako", event.Entitled)
	eventually(t, "the old area's and the national subscriber have the family", 20*time.Second, func() bool {
		return old.of(f.FamilyID) == "active "+bandung && national.of(f.FamilyID) == "active "+bandung && young.of(f.FamilyID) == ""
	})
	move := w.propose(t, map[string]any{"kind": "pindah", "family_id": f.FamilyID, "base_version": w.familyVersion(t, f), "to_area": semarang})
	w.decide(t, move)
	eventually(t, "the move reaches all three", 20*time.Second, func() bool {
		return old.of(f.FamilyID) == "" && young.of(f.FamilyID) == "active "+semarang && national.of(f.FamilyID) == "active "+semarang
	})
	eventually(t, "the entitlement has moved", 20*time.Second, func() bool {
		gone := w.newest(t, "eligibility", string(event.TypeEntitlementChanged)+".sembako.32.04."+f.FamilyID)
		here := w.newest(t, "eligibility", string(event.TypeEntitlementChanged)+".sembako.33.74."+f.FamilyID)
		var left event.EntitlementChanged
		decode(t, gone.Data, &left)
		return left.State == event.Moved && here.Version == gone.Version+1
	})
	w.mustHold(t)
}

// TestSubscribe_Resumes: a subscriber that was stopped goes on where it stopped and misses nothing.
func TestSubscribe_Resumes(t *testing.T) {
	w := shared
	first := w.follow(t, "ext-1271", "12.71")
	medan := "12.71.01.1001"
	a := w.complete(t, input(medan))
	eventually(t, "the first family arrives", 20*time.Second, func() bool { return first.of(a.FamilyID) != "" })
	first.end(t)
	b := w.complete(t, input(medan))
	w.familyVersion(t, b)
	second := w.follow(t, "ext-1271", "12.71")
	eventually(t, "what happened meanwhile arrives", 20*time.Second, func() bool { return second.of(b.FamilyID) != "" })
	if second.of(a.FamilyID) != "" {
		t.Error("the second run got again what the first had acknowledged")
	}
}

// TestSubscriber_NeighbourArea: an external user tries everything it can think of to read a neighbour's area.
func TestSubscriber_NeighbourArea(t *testing.T) {
	w := shared
	credential, err := nats.NkeyOptionFromSeed(w.NKeyFile("ext-3204"))
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(w.NATSURL(), credential, nats.CustomInboxPrefix("_INBOX_ext-3204"), nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(700*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	const mine, theirs = "registry.registrant.updated.v1.family.32.04.>", "registry.registrant.updated.v1.family.33.74.>"
	consumer := func(name string, filters ...string) error {
		cfg := jetstream.ConsumerConfig{Durable: name, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: 30 * time.Second, MaxAckPending: 1000}
		if len(filters) == 1 {
			cfg.FilterSubject = filters[0]
		} else {
			cfg.FilterSubjects = filters
		}
		_, err := js.CreateOrUpdateConsumer(t.Context(), "REGISTRY", cfg)
		return err
	}
	tries := map[string]func() error{
		"a consumer on the neighbour":      func() error { return consumer("ext-3204-family", theirs) },
		"a consumer on both":               func() error { return consumer("ext-3204-family", mine, theirs) },
		"a consumer without filter":        func() error { return consumer("ext-3204-family") },
		"a consumer of another name":       func() error { return consumer("other", mine) },
		"pulling from a service's durable": func() error { return pull(t, js, "verification") },
		"pulling from the neighbour's":     func() error { return pull(t, js, "ext-3374-family") },
		"reading one message by subject": func() error {
			return request(nc, "$JS.API.DIRECT.GET.REGISTRY.registry.proposal.updated.v1.all.32.04.x", "")
		},
		"reading the first message":            func() error { return request(nc, "$JS.API.STREAM.MSG.GET.REGISTRY", `{"seq":1}`) },
		"the stream's subjects":                func() error { return request(nc, "$JS.API.STREAM.INFO.REGISTRY", `{"subjects_filter":">"}`) },
		"deleting the stream":                  func() error { return request(nc, "$JS.API.STREAM.DELETE.REGISTRY", "") },
		"publishing an event":                  func() error { return request(nc, "registry.registrant.updated.v1.family.32.04.x", `{}`) },
		"listening to a neighbour's answers":   func() error { return listen(nc, "_INBOX_ext-3374.>") },
		"listening to the events themselves":   func() error { return listen(nc, "registry.>") },
		"a service's rights, forged by a user": func() error { return request(nc, "eligibility.entitlement.changed.v1.pkh.32.04.x", `{}`) },
	}
	for name, try := range tries {
		if err := try(); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
	if err := consumer("ext-3204-family", mine); err != nil {
		t.Errorf("its own area: %v", err)
	}
}

func pull(t *testing.T, js jetstream.JetStream, name string) error {
	consumer, err := js.Consumer(t.Context(), "REGISTRY", name)
	if err != nil {
		return err
	}
	_, err = consumer.Next(jetstream.FetchMaxWait(500 * time.Millisecond))
	return err
}

func request(nc *nats.Conn, subject, body string) error {
	_, err := nc.Request(subject, []byte(body), 500*time.Millisecond)
	return err
}

// listen reports nil when the subscription is taken: a refusal is an asynchronous error that invalidates it.
func listen(nc *nats.Conn, subject string) error {
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		return err
	}
	_, err = sub.NextMsg(500 * time.Millisecond)
	if errors.Is(err, nats.ErrTimeout) {
		return nil // nobody refused it
	}
	return err
}
