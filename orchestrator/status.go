package orchestrator

// InstallationOf says whether everything of a deployment is started. One
// without instances is inactive (the original calls it active, which is no use
// to anybody).
func InstallationOf(instances []NodeInstance) InstallationStatus {
	for _, instance := range instances {
		if instance.State != InstanceStarted {
			return Inactive
		}
	}
	if len(instances) == 0 {
		return Inactive
	}
	return Active
}

// StatusOf sums up a deployment: its own newest execution (nil before the
// first) and the statuses of its components, the worst winning.
func StatusOf(installation InstallationStatus, latest *Execution, below []DeploymentStatus) DeploymentStatus {
	worst := ownStatus(installation, latest)
	for _, status := range below {
		if statusRank[status] > statusRank[worst] {
			worst = status
		}
	}
	return worst
}

var statusRank = map[DeploymentStatus]int{Good: 0, InProgress: 1, RequiresAttention: 2}

func ownStatus(installation InstallationStatus, latest *Execution) DeploymentStatus {
	switch {
	case latest != nil && !latest.Status.Final():
		return InProgress
	case latest != nil && latest.Status == Failed, installation != Active:
		return RequiresAttention
	default:
		return Good
	}
}
