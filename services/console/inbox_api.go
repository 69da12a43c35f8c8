package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"dtks/pkg/fault"
)

// notice is one in-app notification as notify tells it.
type notice struct {
	ID        string     `json:"id"`
	Area      string     `json:"area"`
	Title     fault.Text `json:"title"`
	Text      fault.Text `json:"text"`
	CreatedAt time.Time  `json:"created_at"`
	Read      bool       `json:"read"` // by this reader
}

// notifyClient reads notifications with the right of their reader.
type notifyClient struct {
	url    string
	client *http.Client
}

func newNotifyClient(url string) *notifyClient {
	return &notifyClient{url: url, client: &http.Client{Timeout: 3 * time.Second}}
}

// noticesShown bounds the list to what one person can look through.
const noticesShown = 200

// list reads the newest notices that are still open; more says that there are older ones.
func (n *notifyClient) list(ctx context.Context, token string) (notices []notice, more bool, err error) {
	var answer struct {
		Items []notice `json:"items"`
		Next  string   `json:"next"`
	}
	err = getJSON(ctx, n.client, n.url+"/v1/notifications?limit="+strconv.Itoa(noticesShown), token, &answer)
	return answer.Items, answer.Next != "", err
}

// noticeGroup is all notices of one kind: the same thing to do, for several families.
type noticeGroup struct {
	Title   fault.Text
	Notices []notice
}

// unread counts those that the reader has not seen.
func (g noticeGroup) unread() int64 {
	var n int64
	for _, notice := range g.Notices {
		if !notice.Read {
			n++
		}
	}
	return n
}

// groupNotices puts notices of one kind together, the kind with the newest notice first.
func groupNotices(notices []notice) []noticeGroup {
	var groups []noticeGroup
	at := map[fault.Text]int{}
	for _, n := range notices {
		i, known := at[n.Title]
		if !known {
			i = len(groups)
			at[n.Title] = i
			groups = append(groups, noticeGroup{Title: n.Title})
		}
		groups[i].Notices = append(groups[i].Notices, n)
	}
	return groups
}

// inbox lists what waits for the reader's roles in the reader's area.
func (s *site) inbox(w http.ResponseWriter, r *http.Request, token string) {
	p := s.page(r, "Apa yang menunggu", "What is waiting")
	notices, more, err := s.notify.list(r.Context(), token)
	if err != nil {
		slog.WarnContext(r.Context(), "asking for notifications", "error", err)
	}
	s.show(w, r, http.StatusOK, inboxPage(p, groupNotices(notices), more, err == nil))
}
