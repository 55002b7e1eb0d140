package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func (c *cli) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Ask the server how it is", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			asking, err := c.connect()
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if err := asking.get(command.Context(), "/status", nil, &raw); err != nil {
				return err
			}
			if c.output.json {
				return c.printObject(raw)
			}
			var answer struct {
				Status   string `json:"status"`
				Services map[string]struct {
					Status string `json:"status"`
				} `json:"services"`
			}
			if err := json.Unmarshal(raw, &answer); err != nil {
				return fmt.Errorf("read the server's answer: %w", err)
			}
			if err := c.say("Server %s (team %s): %s", asking.url, asking.tenant, answer.Status); err != nil {
				return err
			}
			rows := []map[string]any{}
			for _, name := range sortedKeys(answer.Services) {
				rows = append(rows, map[string]any{"service": name, "status": answer.Services[name].Status})
			}
			return c.printTable("Services", columns("service", "status"), rows)
		},
	}
}
