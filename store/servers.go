package store

import "context"

// Beat writes a server's heartbeat: a counter that moves while it lives. What
// "not moving for long" means is for each observer's own clock to say.
func (t *Tx) Beat(ctx context.Context, server string, counter int64) error {
	_, err := t.exec(ctx, "write heartbeat",
		"INSERT INTO servers (name, counter) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET counter = excluded.counter", server, counter)
	return err
}

// Servers returns the heartbeat counter of every server that has not said goodbye.
func (t *Tx) Servers(ctx context.Context) (map[string]int64, error) {
	type beat struct {
		name    string
		counter int64
	}
	beats, err := queryAll(ctx, t, "read heartbeats", func(row scanner) (b beat, err error) {
		err = row.Scan(&b.name, &b.counter)
		return b, err
	}, "SELECT name, counter FROM servers")
	if err != nil {
		return nil, err
	}
	servers := make(map[string]int64, len(beats))
	for _, b := range beats {
		servers[b.name] = b.counter
	}
	return servers, nil
}

// RemoveServer forgets a server that stopped or was found dead.
func (t *Tx) RemoveServer(ctx context.Context, server string) error {
	_, err := t.exec(ctx, "remove heartbeat", "DELETE FROM servers WHERE name = $1", server)
	return err
}
