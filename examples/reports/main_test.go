package main

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
)

func TestAnEventIsCountedOnce(t *testing.T) {
	h := sdktest.New(t, plugin())
	for range 2 { // at least once is sometimes twice
		if err := h.Deliver(sdk.Event{ID: 7, Topic: "catalog/entity.changed", Plugin: "catalog", Ref: "component:default/web"}); err != nil {
			t.Fatal(err)
		}
	}
	if body := string(h.Get("/changes").Body); !strings.Contains(body, `"changes":1`) {
		t.Errorf("after the same event twice: %s", body)
	}
	if err := h.Deliver(sdk.Event{ID: 8, Topic: "catalog/other"}); sdk.CodeOf(err) != sdk.CodeNotFound {
		t.Errorf("a topic without a handler: %v", err)
	}
}

func TestTheDayIsClosed(t *testing.T) {
	h := sdktest.New(t, plugin())
	if err := h.RunSchedule("close"); err != nil {
		t.Fatal(err)
	}
	if body := string(h.Get("/changes").Body); !strings.Contains(body, `"closed":"0 schedule"`) {
		t.Errorf("after the schedule: %s", body)
	}
}

func TestAReportIsWrittenInTwoAttempts(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.Entity(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"web","namespace":"default"},"spec":{"type":"service"}}`))
	var ordered struct{ ID, State string }
	res := h.Post("/reports", "")
	res.JSON(t, &ordered)
	if res.Status != 202 || ordered.State != "pending" {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	if info := h.RunTask(ordered.ID); info.State != "pending" || info.Progress != 50 || info.Note != "counted 1 components" {
		t.Errorf("after the first attempt: %+v", info)
	}
	info := h.RunTask(ordered.ID)
	if info.State != "done" || !strings.Contains(string(info.Result), `"components":1,"resumed":true`) {
		t.Errorf("after the second attempt: %+v %s", info, info.Result)
	}
	if log := h.TaskLog(ordered.ID); len(log) != 1 || !strings.Contains(log[0], "attempt 1") {
		t.Errorf("log: %v", log)
	}
	if events := h.Published(); len(events) != 1 || events[0].Topic != "reports/ready" || events[0].Ref != "task:"+ordered.ID {
		t.Errorf("published: %+v", events)
	}
}
