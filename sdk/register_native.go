//go:build !wasip1

package sdk

// Register makes p the plugin of this module. Call it once, from init. In a
// native build, such as go test, it only checks the plugin: sdktest runs it.
func Register(p Plugin) {
	if _, err := NewGuest(p, nil); err != nil {
		panic("sdk: " + err.Error())
	}
}
