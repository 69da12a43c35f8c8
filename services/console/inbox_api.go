package main

import (
	"context"
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

// noticesShown bounds the list.
const noticesShown = 50

func (n *notifyClient) list(ctx context.Context, token string) ([]notice, error) {
	var answer struct {
		Items []notice `json:"items"`
	}
	err := getJSON(ctx, n.client, n.url+"/v1/notifications?limit="+strconv.Itoa(noticesShown), token, &answer)
	return answer.Items, err
}

// inbox lists what waits for the reader's roles in the reader's area.
func (s *site) inbox(w http.ResponseWriter, r *http.Request, token string) {
	p := s.page(r, "Apa yang menunggu", "What is waiting")
	notices, err := s.notify.list(r.Context(), token)
	s.show(w, r, http.StatusOK, inboxPage(p, notices, err == nil))
}
