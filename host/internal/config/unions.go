package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Addr is an address to listen on. An empty host means every interface.
type Addr struct {
	Host string `key:"host" default:"127.0.0.1" doc:"Interface to listen on; 0.0.0.0 is every interface."`
	Port Port   `key:"port" default:"7007" doc:"TCP port; 0 lets the system choose."`
}

// String returns "host:port" as net.Listen takes it.
func (a Addr) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// IsLoopback reports whether only this machine can connect to the address.
func (a Addr) IsLoopback() bool {
	if strings.EqualFold(a.Host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(a.Host)
	return err == nil && ip.Unmap().IsLoopback()
}

// ParseAddr reads "host:port", ":port" (every interface) or "port" (loopback).
func ParseAddr(text string) (Addr, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if host, port = "127.0.0.1", text; strings.Contains(text, ":") || text == "" {
			return Addr{}, errors.New("must be an address such as 127.0.0.1:7007 or :7007")
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Addr{}, errors.New("must be an address such as 127.0.0.1:7007, with a port up to 65535")
	}
	return Addr{Host: host, Port: Port(number)}, nil
}

func (a *Addr) decodeShort(n *node) (bool, error) {
	if n.kind != kindString && n.kind != kindNumber {
		return false, nil
	}
	addr, err := ParseAddr(n.text)
	if err != nil {
		return false, err
	}
	*a = addr
	return true, nil
}

func (*Addr) shortSchema() jsonObject { return jsonObject{"type": []any{"string", "integer"}} }

// Port is a TCP port.
type Port uint16

func (p *Port) decodeLeaf(n *node) error {
	value, err := wholeNumber(n)
	if err != nil || value > 65535 {
		return errors.New("must be a port number up to 65535")
	}
	*p = Port(value)
	return nil
}

func (*Port) leafSchema() jsonObject {
	return jsonObject{"type": []any{"integer", "string"}, "minimum": 0, "maximum": 65535, "pattern": `^[0-9]{1,5}$`}
}

// Texts is a list of texts that may also be written as one text.
type Texts []string

func (t *Texts) decodeShort(n *node) (bool, error) {
	if n.kind == kindString {
		*t = Texts{n.text}
	}
	return n.kind == kindString, nil
}

func (*Texts) shortSchema() jsonObject { return jsonObject{"type": "string"} }

// CORSOrigin is the origin patterns of CORS; Any and None come from the boolean form.
type CORSOrigin struct {
	Any     bool     // true: reflect the request's origin
	Allowed []string // exact origins, or with * as a wildcard
}

func (c *CORSOrigin) decodeLeaf(n *node) error {
	switch n.kind {
	case kindBool:
		c.Any = n.flag
		return nil
	case kindString:
		c.Allowed = []string{n.text}
		return nil
	case kindList:
		for _, item := range n.list {
			if item.kind != kindString {
				return fmt.Errorf("must be a list of strings, item %d is %s", len(c.Allowed)+1, item.kind)
			}
			c.Allowed = append(c.Allowed, item.text)
		}
		return nil
	default:
		return fmt.Errorf("must be a string, a list of strings or a boolean, got %s", n.kind)
	}
}

func (*CORSOrigin) leafSchema() jsonObject {
	return jsonObject{"anyOf": []any{
		jsonObject{"type": []any{"string", "boolean"}},
		jsonObject{"type": "array", "items": jsonObject{"type": "string"}},
	}}
}

// Grant is what the operator allows a plugin for one capability.
type Grant struct {
	Allowed bool // false only when written as false
	Scope   Tree // narrows the capability; absent grants what the manifest asks for
}

func (g *Grant) decodeLeaf(n *node) error {
	switch n.kind {
	case kindBool:
		g.Allowed = n.flag
	case kindObject:
		g.Allowed, g.Scope = true, Tree{n}
	default:
		return fmt.Errorf("must be true, false or an object with a scope, got %s", n.kind)
	}
	return nil
}

func (*Grant) leafSchema() jsonObject { return jsonObject{"type": []any{"boolean", "object"}} }

// Deadlines bound the wall-clock time of one call, by what is called. Zero
// leaves the default in force.
type Deadlines struct {
	Request  Duration `key:"request" example:"5s" doc:"HTTP requests and actions. A single duration sets this one."`
	Process  Duration `key:"process" example:"1s" doc:"Processing of one batch of entities."`
	Schedule Duration `key:"schedule" example:"5m" doc:"Scheduled runs and entity providers."`
}

func (d *Deadlines) decodeShort(n *node) (bool, error) {
	if n.kind != kindString {
		return false, nil
	}
	return true, d.Request.decodeLeaf(n)
}

func (*Deadlines) shortSchema() jsonObject { return jsonObject{"type": "string"} }
