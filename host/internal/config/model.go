package config

// Config is the whole configuration, decoded and checked. It is not changed
// after Load; a reload makes a new one.
type Config struct {
	App          App          `key:"app" doc:"The portal as people see it."`
	Organization Organization `key:"organization" doc:"The company that the portal belongs to."`
	Backend      Backend      `key:"backend" doc:"The server: address, database, access of other systems."`
	Catalog      Catalog      `key:"catalog" doc:"Where entities come from and which are let in."`
	Integrations Integrations `key:"integrations" doc:"Source hosts and the credentials to read them."`
	Events       Events       `key:"events" doc:"What source hosts send when something changed in them."`
	Auth         Auth         `key:"auth" doc:"How people sign in."`
	TechDocs     TechDocs     `key:"techdocs" doc:"How documentation sites are built and kept."`
	Search       Search       `key:"search" doc:"The search engine."`
	Permission   Permission   `key:"permission" doc:"Whether policy decides."`
	Plugins      Plugins      `key:"plugins" doc:"The plugins of this installation." own:"true"`
	Policy       Policy       `key:"policy" doc:"Reserved for the policy engine; it has no keys in this version." own:"true"`
	Limits       Limits       `key:"limits" doc:"The most that any plugin may be given, whatever its manifest or its entry asks for." own:"true"`
	Blob         Blob         `key:"blob" doc:"Where plugins' blobs are kept." own:"true"`
	Telemetry    Telemetry    `key:"telemetry" doc:"Logs, metrics and traces." own:"true"`

	// DataDir is the folder for the host's own files: --data, else the
	// environment variable CALLBOARD_DATA, else "data".
	DataDir string

	tree  *node
	files []string
}

// App is the portal as people see it.
type App struct {
	Title   string `key:"title" default:"Callboard" doc:"Name shown in the header and the browser's tab."`
	BaseURL string `key:"baseUrl" example:"https://portal.example.com" doc:"Address under which people open the portal. Default: the listen address."`
}

// Organization is the company that the portal belongs to.
type Organization struct {
	Name string `key:"name" doc:"Name of the company, shown beside the title."`
}

// Backend is the server.
type Backend struct {
	BaseURL        string      `key:"baseUrl" example:"https://portal.example.com" doc:"Address under which API clients reach the server. Default: app.baseUrl."`
	Listen         Addr        `key:"listen" example:"127.0.0.1:7007" doc:"Address to listen on, as \"host:port\", \":port\" (every interface) or an object."`
	Database       Database    `key:"database" doc:"Where the state is kept."`
	CORS           *CORS       `key:"cors" doc:"Which other origins may call the API from a browser; absent allows none."`
	HTTPS          HTTPS       `key:"https" doc:"Serve HTTPS, with the certificate given here."`
	TrustedProxies []string    `key:"trustedProxies" example:"[10.0.0.0/8]" doc:"Addresses or networks of reverse proxies whose X-Forwarded headers count."`
	Reading        Reading     `key:"reading" doc:"Hosts that may be read beside the integrations."`
	Auth           BackendAuth `key:"auth" doc:"Access of other systems to the API."`
}

// Database says where the state is kept.
type Database struct {
	Client     string     `key:"client" default:"sqlite" enum:"sqlite|better-sqlite3|sqlite3|pg" doc:"sqlite (also under its names in Backstage) or pg for PostgreSQL."`
	Connection Connection `key:"connection" doc:"A URL, a file name or \":memory:\", or an object with the parts."`
}

// Connection holds the parts of a database connection.
type Connection struct {
	URL       Secret `key:"connectionString" example:"postgres://callboard@db/callboard" doc:"PostgreSQL URL; the same as writing connection as one string."`
	Host      string `key:"host" doc:"PostgreSQL host or the folder of its socket."`
	Port      Port   `key:"port" default:"5432" doc:"PostgreSQL port."`
	User      string `key:"user" doc:"PostgreSQL user."`
	Password  Secret `key:"password" doc:"PostgreSQL password."`
	Database  string `key:"database" doc:"PostgreSQL database."`
	SSL       SSL    `key:"ssl" doc:"TLS to PostgreSQL: true, or an object."`
	Filename  string `key:"filename" doc:"SQLite file; \":memory:\" keeps nothing."`
	Directory string `key:"directory" doc:"Folder of the SQLite file."`
}

// SSL is TLS to the database.
type SSL struct {
	Enabled            bool
	RejectUnauthorized bool   `key:"rejectUnauthorized" default:"true" doc:"Refuse a server whose certificate does not verify."`
	CA                 string `key:"ca" doc:"Authorities in PEM; use $file."`
	Cert               string `key:"cert" doc:"Client certificate in PEM; use $file."`
	Key                Secret `key:"key" doc:"Key of the client certificate in PEM; use $file."`
}

// CORS says which other origins may call the API from a browser.
type CORS struct {
	Origin         CORSOrigin `key:"origin" example:"https://tools.example.com" doc:"Allowed origins: one, a list, true for any, false for none."`
	Methods        Texts      `key:"methods" example:"[GET, POST]" doc:"Allowed methods."`
	AllowedHeaders Texts      `key:"allowedHeaders" doc:"Request headers that scripts may set."`
	ExposedHeaders Texts      `key:"exposedHeaders" doc:"Response headers that scripts may read."`
	Credentials    bool       `key:"credentials" doc:"Whether cookies are sent along."`
	MaxAge         int        `key:"maxAge" example:"600" doc:"Seconds for which a browser may keep the answer."`
}

// HTTPS makes the server speak TLS.
type HTTPS struct {
	Enabled     bool
	Certificate Certificate `key:"certificate" doc:"The server's certificate. Required with HTTPS."`
}

// Certificate is a certificate and its key, in PEM.
type Certificate struct {
	Cert string `key:"cert" doc:"Certificate chain in PEM; use $file."`
	Key  Secret `key:"key" doc:"Key in PEM; use $file."`
}

// Reading lists hosts that may be read without an integration.
type Reading struct {
	Allow []ReadingTarget `key:"allow" doc:"The hosts."`
}

// ReadingTarget is a host, with a port or a leading *. if need be.
type ReadingTarget struct {
	Host  string   `key:"host" example:"'*.example.com'" doc:"Host name; *. before it means every sub-domain, :port after it a port."`
	Paths []string `key:"paths" example:"[/docs/]" doc:"Path prefixes that may be read; absent means all."`
}

// BackendAuth is the access of other systems to the API.
type BackendAuth struct {
	ExternalAccess []ExternalAccess `key:"externalAccess" doc:"Tokens that other systems may use."`
	Keys           []BackendKey     `key:"keys" doc:"Shared keys of the older Backstage scheme, accepted as external access of type legacy. The first one also seals recordings of plugins."`
}

// ExternalAccess is one way in for another system.
type ExternalAccess struct {
	Type         string              `key:"type" enum:"static|legacy|jwks" doc:"static token, legacy shared key, or jwks."`
	Options      ExternalOptions     `key:"options" doc:"What the type needs."`
	Restrictions []AccessRestriction `key:"accessRestrictions" doc:"What the token may do; absent means everything."`
}

// ExternalOptions are the settings of the three types of external access.
type ExternalOptions struct {
	Token         Secret `key:"token" doc:"static: the token."`
	Secret        Secret `key:"secret" doc:"legacy: the shared key in base64."`
	Subject       string `key:"subject" example:"ci" doc:"static and legacy: the name of the service."`
	URL           string `key:"url" example:"https://issuer.example.com/jwks.json" doc:"jwks: address of the keys."`
	Issuer        Texts  `key:"issuer" doc:"jwks: accepted issuers."`
	Audience      Texts  `key:"audience" doc:"jwks: accepted audiences."`
	Algorithm     Texts  `key:"algorithm" example:"ES256" doc:"jwks: accepted algorithms."`
	SubjectPrefix string `key:"subjectPrefix" doc:"jwks: put before the token's subject."`
}

// AccessRestriction narrows external access to a plugin's permissions.
type AccessRestriction struct {
	Plugin              string               `key:"plugin" example:"catalog" doc:"Plugin that may be called."`
	Permission          Texts                `key:"permission" doc:"Permissions that may be used; absent means all."`
	PermissionAttribute PermissionAttributes `key:"permissionAttribute" doc:"Attributes that a permission must have."`
}

// PermissionAttributes select permissions by what they do.
type PermissionAttributes struct {
	Action Texts `key:"action" example:"read" doc:"create, read, update or delete."`
}

// BackendKey is a shared key of the older Backstage scheme.
type BackendKey struct {
	Secret Secret `key:"secret" doc:"The key in base64."`
}
