package api

import (
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// resourceObject is one thing that the rehearsal clouds hold.
type resourceObject struct {
	Cloud      string `json:"cloud"`
	Kind       string `json:"kind"`
	ID         string `json:"id"`
	Name       string `json:"name"`
	Deployment string `json:"deployment"`
	State      string `json:"state"`
	CreatedAt  moment `json:"created_at"`
}

func listRehearsalResources(c *call) error {
	p, err := c.page("")
	if err != nil {
		return err
	}
	deployment, err := c.one("deployment")
	if err != nil {
		return err
	}
	found, err := c.api.control.RehearsalResources(c.Request().Context(), c.Actor, deployment)
	if err != nil {
		return err
	}
	objects := []resourceObject{}
	for _, o := range found {
		if fits(c.query["cloud"], o.Cloud) && fits(c.query["kind"], o.Kind) {
			objects = append(objects, resourceObject{o.Cloud, o.Kind, o.ID, o.Name, o.Deployment, o.State, moment(o.CreatedAt)})
		}
	}
	return sendList(c, p, cut(p, objects), len(objects))
}

// callObject is one request that a rehearsal cloud received.
type callObject struct {
	At         moment `json:"at"`
	Cloud      string `json:"cloud"`
	Call       string `json:"call"`
	ID         string `json:"id"`
	Deployment string `json:"deployment"`
	Effective  bool   `json:"effective"`
	Error      string `json:"error"`
}

func listRehearsalCalls(c *call) error {
	p, err := c.page("")
	if err != nil {
		return err
	}
	var query rehearsal.CallQuery
	if query.Deployment, err = c.one("deployment"); err != nil {
		return err
	}
	if query.Cloud, err = c.one("cloud"); err != nil {
		return err
	}
	if query.Effective, err = c.truth("effective"); err != nil {
		return err
	}
	found, err := c.api.control.RehearsalCalls(c.Request().Context(), c.Actor, query)
	if err != nil {
		return err
	}
	shown := cut(p, found)
	objects := make([]callObject, len(shown))
	for i, each := range shown {
		objects[i] = callObject{moment(each.At), each.Cloud, each.Call, each.ID, each.Deployment, each.Effective, each.Error}
	}
	return sendList(c, p, objects, len(found))
}
