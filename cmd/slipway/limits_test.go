package main

import (
	"fmt"
	"testing"
	"time"
)

// TestTwelveEnvironmentsThroughFourPlaces sets queue workers, operation slots
// and resident executions to 4 each and launches 12 environments of seven or
// six nested deployments at once: all must end.
func TestTwelveEnvironmentsThroughFourPlaces(t *testing.T) {
	if testing.Short() {
		t.Skip("launches twelve environments")
	}
	p := newProcess(t, "SLIPWAY_QUEUE_WORKERS=4", "SLIPWAY_OPERATION_SLOTS=4", "SLIPWAY_RESIDENT_EXECUTIONS=4", "SLIPWAY_REHEARSAL_SPEED=max")
	p.start()
	began := time.Now()
	for _, workflow := range []string{"install", "uninstall"} {
		var started []execution
		for i := range 12 {
			id, cloud, envType := fmt.Sprintf("app_%d", i), "aws", "dev-small"
			if i%2 == 1 {
				cloud, envType = "azure", "production"
			}
			if workflow == "install" {
				p.launch(id, cloud, envType)
			}
			started = append(started, p.run(id, workflow))
		}
		for _, x := range started {
			if ended := p.await(x.ID, 3*time.Minute); ended.Status != "terminated" {
				t.Errorf("%s of %s ended %s: %s", workflow, x.Deployment, ended.Status, ended.Error)
			}
		}
	}
	t.Logf("12 environments up and down took %s", time.Since(began).Round(time.Millisecond))
	for _, left := range p.rehearsed("resources") {
		t.Errorf("left: %+v", left)
	}
}
