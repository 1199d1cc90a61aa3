package contract

//go:generate go tool msgp -io=false

// Migration is the payload of lifecycle.migrate/1: the plugin's data shall go
// from one schema version to another. The host took a copy before, and puts it
// back when the reply is an error. The reply is a Migrated.
type Migration struct {
	From int `msg:"f" json:"from"`
	To   int `msg:"t" json:"to"`
}

// Migrated is the reply to lifecycle.migrate/1.
type Migrated struct {
	Schema int `msg:"s" json:"schema"` // version that the data has now
}
