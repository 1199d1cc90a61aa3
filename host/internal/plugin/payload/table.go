package payload

import (
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// Message is a pointer to a contract type.
type Message = payload.Message

// Type makes an empty message; nil is the type of what has no payload.
type Type func() Message

// Operation is one operation with the types of its payloads.
type Operation struct {
	Name       string // "kv.get/1"
	Capability abi.Capability
	Op         uint32
	Request    Type
	Answer     Type
}

// Error is the type of every payload under a code other than ok.
var Error = Type(payload.Error)

// Guest returns the types of an operation of a guest. An operation without
// types has no payload in either direction.
func Guest(op abi.Op) (request, answer Type) {
	q, a := payload.Guest(op)
	return Type(q), Type(a)
}

// Host returns a capability's operation by its numbers.
func Host(capability abi.Capability, op uint32) (Operation, bool) {
	o, ok := payload.Host(capability, op)
	return typed(o), ok
}

func typed(o payload.Operation) Operation {
	return Operation{o.Name, o.Capability, o.Op, Type(o.Request), Type(o.Answer)}
}

// Table is the capabilities' operations by name.
type Table map[string]Operation

// NewTable returns all of them.
func NewTable() Table {
	t := Table{}
	for _, o := range payload.Operations() {
		t[o.Name] = typed(o)
	}
	return t
}

// Names returns the operations of one capability, for messages.
func (t Table) Names(capability string) []string {
	var names []string
	for _, o := range payload.Operations() { // in the order of the table
		if strings.HasPrefix(o.Name, capability+".") {
			names = append(names, o.Name)
		}
	}
	return names
}
