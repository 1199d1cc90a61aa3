// Command guest is the plugin side of the comparison "a plugin route against
// the same handler native". Its handler is the one of twin.go, on the SDK.
package main

import (
	"context"

	"github.com/callboard/callboard/sdk"
)

func init() {
	sdk.Register(sdk.Plugin{Routes: sdk.Routes{"GET /hello/{name}": hello}})
}

func main() {}

// greeting is the answer of both sides.
type greeting struct {
	Message string   `json:"message"`
	Name    string   `json:"name"`
	Length  int      `json:"length"`
	Tags    []string `json:"tags"`
}

func hello(_ context.Context, r *sdk.Request) (*sdk.Response, error) {
	name := r.Param("name")
	return sdk.JSON(200, greeting{Message: "Hello, " + name + "!", Name: name, Length: len(name), Tags: []string{"bench", "plugin"}}), nil
}
