package contract

//go:generate go tool msgp -io=false

// ConfigAnswer is the answer to config.get/1: plugins.entries.<id>.config, with secrets redacted.
type ConfigAnswer struct {
	JSON []byte `msg:"j" json:"json"`
}

// LogAttr is one attribute of a log record; the value is text.
type LogAttr struct {
	Key   string `msg:"k" json:"key"`
	Value string `msg:"v" json:"value"`
}

// LogRecord is the payload of log.emit/1.
type LogRecord struct {
	Level   uint32    `msg:"l" json:"level"` // abi.Level
	Message string    `msg:"m" json:"message"`
	Attrs   []LogAttr `msg:"a,limit=20000" json:"attrs,omitempty"`
}

// ClockAnswer is the answer to clock.now/1.
type ClockAnswer struct {
	UnixNano int64 `msg:"n" json:"unixNano"`
}

// IdentityAnswer is the answer to identity.current/1.
type IdentityAnswer struct {
	Kind      string   `msg:"k" json:"kind"` // user, service, plugin, none
	Ref       string   `msg:"r" json:"ref,omitempty"`
	Ownership []string `msg:"o,limit=20000" json:"ownership,omitempty"`
	Mode      string   `msg:"m" json:"mode"` // viewer, own
}
