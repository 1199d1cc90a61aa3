package config

import (
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// Memory is the name of an SQLite database that is never written to disk.
const Memory = ":memory:"

func (c *Connection) decodeShort(n *node) (bool, error) {
	if n.kind != kindString {
		return false, nil
	}
	c.URL = Secret(n.text)
	return true, nil
}

func (*Connection) shortSchema() jsonObject { return jsonObject{"type": "string"} }

func (s *SSL) decodeShort(n *node) (bool, error) {
	switch n.kind {
	case kindBool:
		s.Enabled, s.RejectUnauthorized = n.flag, true
		return true, nil
	case kindObject:
		s.Enabled = n.origin != Origin{} // an object that only carries defaults turns nothing on
	}
	return false, nil
}

func (*SSL) shortSchema() jsonObject { return jsonObject{"type": "boolean"} }

func (h *HTTPS) decodeShort(n *node) (bool, error) {
	switch n.kind {
	case kindBool:
		h.Enabled = n.flag
		return true, nil
	case kindObject:
		h.Enabled = true
	}
	return false, nil
}

func (*HTTPS) shortSchema() jsonObject { return jsonObject{"type": "boolean"} }

// SelfSigned reports whether a certificate has to be made for this server.
func (h HTTPS) SelfSigned() bool { return h.Enabled && h.Certificate.Cert == "" }

// IsPostgres tells which of the two backends is meant.
func (d Database) IsPostgres() bool { return d.Client == "pg" }

// SQLiteFile returns the database file, or Memory. A relative name is taken
// as it is; the default file lies in dataDir.
func (d Database) SQLiteFile(dataDir string) string {
	name := d.Connection.URL.Reveal()
	if name == "" {
		name = d.Connection.Filename
	}
	switch {
	case name != "":
		return name
	case d.Connection.Directory != "":
		return filepath.Join(d.Connection.Directory, "callboard.sqlite")
	default:
		return filepath.Join(dataDir, "callboard.sqlite")
	}
}

// PostgresURL returns the connection as one URL. Certificates in PEM do not
// fit into a URL; they stay in Connection.SSL.
func (d Database) PostgresURL() Secret {
	c := d.Connection
	if c.URL != "" {
		return c.URL
	}
	u := url.URL{Scheme: "postgres", Path: "/" + c.Database}
	query := url.Values{}
	port := strconv.Itoa(int(c.Port))
	if strings.HasPrefix(c.Host, "/") { // a folder that holds the server's socket
		query.Set("host", c.Host)
		query.Set("port", port)
	} else {
		u.Host = net.JoinHostPort(c.Host, port)
	}
	switch {
	case c.User != "" && c.Password != "":
		u.User = url.UserPassword(c.User, c.Password.Reveal())
	case c.User != "":
		u.User = url.User(c.User)
	}
	switch {
	case c.SSL.Enabled && c.SSL.RejectUnauthorized:
		query.Set("sslmode", "verify-full")
	case c.SSL.Enabled:
		query.Set("sslmode", "require")
	}
	u.RawQuery = query.Encode()
	return Secret(u.String())
}

func (d Database) check(c *checker) {
	const path = "backend.database.connection"
	conn := d.Connection
	switch {
	case !d.IsPostgres():
		if strings.Contains(conn.URL.Reveal(), "://") || conn.Host != "" {
			c.problem(path, "is a PostgreSQL connection, but backend.database.client is %s; set client to pg", d.Client)
		}
	case conn.URL == "" && conn.Host == "":
		c.problem(path, "is missing: PostgreSQL needs a URL (postgres://user@host/database) or host, user, password and database")
	case conn.URL != "" && !strings.HasPrefix(conn.URL.Reveal(), "postgres://") && !strings.HasPrefix(conn.URL.Reveal(), "postgresql://") && !strings.Contains(conn.URL.Reveal(), "="):
		c.problem(path, "is not a PostgreSQL URL; write for example postgres://user@host/database")
	case conn.URL == "" && conn.Database == "":
		c.problem(join(path, "database"), "is missing: name the PostgreSQL database")
	}
}

func (h HTTPS) check(c *checker) {
	cert, key := h.Certificate.Cert != "", h.Certificate.Key != ""
	if cert != key {
		missing := map[bool]string{true: "key", false: "cert"}[cert]
		c.problem("backend.https.certificate", "has no %s: a certificate needs cert and key", missing)
	}
}
