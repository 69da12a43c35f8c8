package bus

import (
	"fmt"
	"strings"

	"dtks/pkg/event"
)

// User is one NATS user: a name, its public nkey, and what it may publish and subscribe to.
type User struct {
	Name      string
	PublicKey string   // U…
	Publish   []string // subjects it may publish to, requests included
	Subscribe []string // subjects it may subscribe to
}

// ServiceUser gives a service exactly its rights: its own subjects out; pulling from, and acknowledging on, its own
// durables; reading back its own stream; reading back single events of the types it consumes, to redrive them; and a replay consumer of its own.
func ServiceUser(service, publicKey string) User {
	u := User{Name: service, PublicKey: publicKey, Subscribe: []string{InboxPrefix(service) + ".>"}}
	if isOwner(service) {
		stream := event.StreamOf(service)
		u.Publish = append(u.Publish, service+".>",
			"$JS.API.STREAM.INFO."+stream, "$JS.API.DIRECT.GET."+stream, "$JS.API.DIRECT.GET."+stream+".>")
	}
	for _, owner := range Owners {
		filters := Filters(service, owner)
		if len(filters) == 0 {
			continue
		}
		stream := event.StreamOf(owner)
		u.Publish = append(u.Publish, consumerRights(stream, service)...)
		replay := ReplayName(service)
		u.Publish = append(u.Publish, consumerRights(stream, replay)...)
		u.Publish = append(u.Publish, "$JS.API.STREAM.INFO."+stream, "$JS.API.CONSUMER.DELETE."+stream+"."+replay)
		for _, f := range filters { // its replay consumer, and reading one event back to redrive it
			u.Publish = append(u.Publish, "$JS.API.CONSUMER.CREATE."+stream+"."+replay+"."+f, "$JS.API.DIRECT.GET."+stream+"."+f)
		}
	}
	return u
}

// ReplayName is the consumer under which a service reads its inputs again from the beginning.
func ReplayName(service string) string { return service + "-replay" }

// ExternalUser may follow the given filters, each by one consumer of its own, and nothing else. A consumer bears the
// user's name, so that nobody can take another's messages or widen a filter (a permission to subscribe would not be
// enough: whoever may create consumers freely reads everything).
func ExternalUser(name, publicKey string, filters ...string) User {
	u := User{Name: name, PublicKey: publicKey, Subscribe: []string{InboxPrefix(name) + ".>"}}
	for _, f := range filters {
		owner, _, _ := strings.Cut(f, ".")
		stream, consumer := event.StreamOf(owner), ExternalConsumer(name, f)
		u.Publish = append(u.Publish, "$JS.API.CONSUMER.CREATE."+stream+"."+consumer+"."+f)
		u.Publish = append(u.Publish, consumerRights(stream, consumer)...)
		u.Publish = append(u.Publish, "$JS.API.CONSUMER.DELETE."+stream+"."+consumer)
	}
	return u
}

// ExternalConsumer names the consumer of an external user for one filter: ext-3204-family, ext-3204-entitlement.
func ExternalConsumer(user, filter string) string {
	token := strings.Split(filter, ".")
	kind := token[1]
	if kind == "registrant" && len(token) > 4 {
		kind = token[4]
	}
	return user + "-" + kind
}

// AdminUser may do everything; provisioning and the checker use it, no service does.
func AdminUser(publicKey string) User {
	return User{Name: "admin", PublicKey: publicKey, Publish: []string{">"}, Subscribe: []string{">"}}
}

func consumerRights(stream, consumer string) []string {
	return []string{
		"$JS.API.CONSUMER.INFO." + stream + "." + consumer,
		"$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer,
		"$JS.ACK." + stream + "." + consumer + ".>",
	}
}

func isOwner(service string) bool {
	for _, o := range Owners {
		if o == service {
			return true
		}
	}
	return false
}

// ServerOptions are the deployment's own choices in the server's configuration.
type ServerOptions struct {
	Name        string
	Host        string
	Port        int
	MonitorPort int // 0 = none
	StoreDir    string
	NoSync      bool // only for tests that say so: acknowledged events may be lost in a power cut
}

// ServerConfig writes the nats-server configuration: JetStream that has synced before it acknowledges, and the users.
// The same text serves the embedded broker, containers and a cluster's config map.
func ServerConfig(users []User, o ServerOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: %q\nlisten: %q\n", o.Name, fmt.Sprintf("%s:%d", o.Host, o.Port))
	if o.MonitorPort != 0 {
		fmt.Fprintf(&b, "http: %q\n", fmt.Sprintf("%s:%d", o.Host, o.MonitorPort))
	}
	sync := "always"
	if o.NoSync {
		sync = `"2m"` // quoted: a bare 2m is two million
	}
	fmt.Fprintf(&b, "max_payload: 1MB\nwrite_deadline: \"10s\"\njetstream {\n  store_dir: %q\n  sync_interval: %s\n}\n", o.StoreDir, sync)
	b.WriteString("authorization {\n  users = [\n")
	for _, u := range users {
		fmt.Fprintf(&b, "    # %s\n    { nkey: %s\n      permissions: {\n        publish: { allow: [\n", u.Name, u.PublicKey)
		for _, s := range u.Publish {
			fmt.Fprintf(&b, "          %q\n", s)
		}
		b.WriteString("        ] }\n        subscribe: { allow: [\n")
		for _, s := range u.Subscribe {
			fmt.Fprintf(&b, "          %q\n", s)
		}
		b.WriteString("        ] }\n      }\n    }\n")
	}
	b.WriteString("  ]\n}\n")
	return b.String()
}
