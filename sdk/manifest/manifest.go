package manifest

import (
	"encoding/json"

	"github.com/callboard/callboard/sdk/abi"
)

// APIVersion is the only apiVersion that this package reads.
const APIVersion = "callboard.dev/v1"

// FileName is what the file is called in a plugin's folder.
const FileName = "plugin.yaml"

// Manifest is a parsed plugin.yaml.
type Manifest struct {
	APIVersion   string                `json:"apiVersion" manifest:"required"`
	ID           string                `json:"id" manifest:"required"` // 2 to 40 of a-z, 0-9, "-"; starts with a letter
	Version      string                `json:"version" manifest:"required"`
	Title        string                `json:"title" manifest:"required"`
	Description  string                `json:"description,omitempty"`
	Owner        string                `json:"owner,omitempty"`   // entity ref
	Licence      string                `json:"licence,omitempty"` // SPDX identifier
	Homepage     string                `json:"homepage,omitempty"`
	Data         Data                  `json:"data,omitzero"`
	Runtime      Runtime               `json:"runtime,omitzero"`
	Capabilities map[string]Capability `json:"capabilities,omitempty"`
	Permissions  []Permission          `json:"permissions,omitempty"`
	Routes       []Route               `json:"routes,omitempty"`
	Extensions   Extensions            `json:"extensions,omitzero"`
	Model        Model                 `json:"model,omitzero"`
	Config       json.RawMessage       `json:"config,omitempty"` // JSON Schema of plugins.entries.<id>.config
	UI           UI                    `json:"ui,omitzero"`

	file string
}

// File returns the name that the manifest was parsed under, for messages.
func (m *Manifest) File() string { return m.file }

// Data says in which form the code keeps its data, and with which older forms
// it gets along.
type Data struct {
	SchemaVersion  int `json:"schemaVersion,omitempty"`  // version of the data that this code writes; raise it when the form changes
	CompatibleFrom int `json:"compatibleFrom,omitempty"` // oldest version of the data that this code gets along with: it reads it, and code of that version reads what this one writes; absent = schemaVersion
}

// Runtime asks for limits; the operator caps them. A zero field means the
// host's default.
type Runtime struct {
	Memory         Size                `json:"memory,omitempty"`                                     // linear memory of one instance; default 64MiB, at least 4MiB for Go
	Instances      int                 `json:"instances,omitempty"`                                  // instances alive at once
	Deadlines      map[string]Duration `json:"deadlines,omitempty"`                                  // by operation, "http.handle/1"
	Fuel           int                 `json:"fuel,omitempty"`                                       // steps of one call; default 64 for each nanosecond of its deadline
	HostCalls      int                 `json:"hostCalls,omitempty"`                                  // host calls of one call; default 1,000
	LogBytes       Size                `json:"logBytes,omitempty"`                                   // log and output of one call; default 64KiB
	ResponseBytes  Size                `json:"responseBytes,omitempty"`                              // one reply; default 8MiB
	Handles        int                 `json:"handles,omitempty"`                                    // live handles of one call; default 64
	HandleBytes    Size                `json:"handleBytes,omitempty"`                                // memory behind the handles of one call; default 64MiB
	EgressRequests int                 `json:"egressRequests,omitempty"`                             // requests to other servers of one call, redirects included; default 20
	EgressBytes    Size                `json:"egressBytes,omitempty"`                                // bytes exchanged with other servers by one call; default 32MiB
	Start          string              `json:"start,omitempty" manifest:"oneof=lazy|eager"`          // when the module is loaded: at first use, or with the portal
	Isolation      string              `json:"isolation,omitempty" manifest:"oneof=shared|per-call"` // per-call gives every call a fresh instance
}

// Capability is one power that the plugin asks for, with the reason that the
// operator reads.
type Capability struct {
	Reason string `json:"reason" manifest:"required"` // why, for the operator who grants it
	Scope  Scope  `json:"scope,omitzero"`

	Line int `json:"-" manifest:"line"`
}

// Scope says how far a capability shall reach. Which of the keys apply depends
// on the capability; without any the scope is the capability's default.
type Scope struct {
	Read          *CatalogScope  `json:"read,omitempty"`          // catalog, with the viewer's rights; absent = everything the viewer may see
	Own           *CatalogScope  `json:"own,omitempty"`           // catalog, with the plugin's own rights; absent = nothing
	Write         *WriteScope    `json:"write,omitempty"`         // catalog: entities of the plugin's own bucket; absent = none
	Identity      bool           `json:"identity,omitempty"`      // catalog: users, groups and what decides who owns and who is a member of what
	Locations     bool           `json:"locations,omitempty"`     // catalog: registering and removing locations
	Quota         Size           `json:"quota,omitempty"`         // kv, blob
	Prefixes      []string       `json:"prefixes,omitempty"`      // blob
	Targets       []HTTPTarget   `json:"targets,omitempty"`       // http
	Secrets       []SecretTarget `json:"secrets,omitempty"`       // secret
	DocumentTypes []string       `json:"documentTypes,omitempty"` // search
	Plugins       []PluginTarget `json:"plugins,omitempty"`       // plugin
	Topics        []string       `json:"topics,omitempty"`        // event
	Queues        []string       `json:"queues,omitempty"`        // task
	Integrations  []string       `json:"integrations,omitempty"`  // source: types, github, gitlab, gitea, awsS3, or url for other URLs; "*" = every type of integration; absent = none
	Hosts         []string       `json:"hosts,omitempty"`         // source: hosts of the URLs; absent = those of the integrations
	API           bool           `json:"api,omitempty"`           // source: the APIs of the hosts may be asked, by GET
}

// JSON returns the scope as grants write it, nil when it names nothing.
func (s Scope) JSON() (json.RawMessage, error) {
	b, err := json.Marshal(s)
	if err != nil || string(b) == "{}" {
		return nil, err
	}
	return b, nil
}

// CatalogScope narrows reading of the catalog. No kinds means every kind;
// filter is a filter of the catalog API, "kind=component,spec.type=service".
type CatalogScope struct {
	Kinds  []string `json:"kinds,omitempty"`  // none = every kind
	Filter []string `json:"filter,omitempty"` // filters of the catalog API, ORed
}

// WriteScope narrows what the plugin may bring to the catalog.
type WriteScope struct {
	Kinds []string `json:"kinds,omitempty"` // none = every kind
}

// HTTPTarget is one place that the plugin may call.
type HTTPTarget struct {
	Scheme      string   `json:"scheme,omitempty" manifest:"oneof=https|http"` // default https
	Host        string   `json:"host" manifest:"required"`                     // host name or address; *.example.com = every host below; * = the host that the grant names
	Port        int      `json:"port,omitempty"`                               // default of the scheme
	Methods     []string `json:"methods,omitempty"`                            // none = GET and HEAD
	PathPrefix  string   `json:"pathPrefix,omitempty"`                         // default /
	Own         bool     `json:"own,omitempty"`                                // the plugin may also send it for itself, without a viewer
	Credentials bool     `json:"credentials,omitempty"`                        // the plugin may write Authorization and Cookie itself
}

// PluginTarget is a part of another plugin's routes that the plugin may call.
type PluginTarget struct {
	ID         string   `json:"id" manifest:"required"` // plugin that is called
	Methods    []string `json:"methods,omitempty"`      // none = GET and HEAD
	PathPrefix string   `json:"pathPrefix,omitempty"`   // below /api/<id>; default /
	Own        bool     `json:"own,omitempty"`          // the plugin may also call it for itself, without a viewer
}

// SecretTarget says where the host may put a secret.
type SecretTarget struct {
	Name   string `json:"name" manifest:"required"` // name of the secret
	Host   string `json:"host,omitempty"`           // host that it may be sent to, as in targets of http
	Header string `json:"header,omitempty"`         // header field that it may be put in
	Reveal bool   `json:"reveal,omitempty"`         // the plugin may see the value, if the grant says so too
}

// Permission is a permission that the plugin defines, "hello.greeting.read".
type Permission struct {
	Name         string `json:"name" manifest:"required"`                                        // starts with the plugin id and a dot
	Description  string `json:"description,omitempty"`                                           // for the people who write policies
	Action       string `json:"action,omitempty" manifest:"oneof=create|read|update|delete|use"` // what is done
	ResourceType string `json:"resourceType,omitempty"`                                          // type of resource that it is about; none = a basic permission

	Line int `json:"-" manifest:"line"`
}

// Route is one HTTP route below /api/<id>. Path is a pattern with {name} for
// one segment and {name...} for the rest.
type Route struct {
	Method      string `json:"method" manifest:"required"` // GET, POST, PUT, PATCH or DELETE
	Path        string `json:"path" manifest:"required"`   // pattern below /api/<id>
	Permission  string `json:"permission,omitempty"`       // that a caller needs
	Description string `json:"description,omitempty"`      // for the API reference

	Line int `json:"-" manifest:"line"`
}

// Extensions are the places of the host that the plugin takes part in.
type Extensions struct {
	Processors []Processor `json:"processors,omitempty"`
	Providers  []Provider  `json:"providers,omitempty"`
	Collators  []Collator  `json:"collators,omitempty"`
	Actions    []Action    `json:"actions,omitempty"`
	Events     Events      `json:"events,omitzero"`
	Schedules  []Schedule  `json:"schedules,omitempty"`
}

// Processor looks at entities of its kinds before they are stitched. It is
// never called for another kind; "*" is every kind.
type Processor struct {
	Name      string   `json:"name" manifest:"required"`                         // as the code registers it
	Kinds     []string `json:"kinds" manifest:"required"`                        // that it is called for; "*" is every kind
	OnFailure string   `json:"onFailure,omitempty" manifest:"oneof=open|closed"` // open (default): the entity goes on unchanged with a status item; closed: the new version is refused
	Batch     int      `json:"batch,omitempty"`                                  // entities per call, default 100
	Priority  int      `json:"priority,omitempty"`                               // lower ones see an entity first; default 20; catalog.processorOptions may say otherwise

	Line int `json:"-" manifest:"line"`
}

// Provider brings entities under its own name.
type Provider struct {
	Name     string   `json:"name" manifest:"required"` // as the code registers it
	Schedule string   `json:"schedule,omitempty"`       // id of a schedule
	Kinds    []string `json:"kinds,omitempty"`          // that it may bring; none = any

	Line int `json:"-" manifest:"line"`
}

// Collator brings documents of one type to the search index.
type Collator struct {
	Type     string `json:"type" manifest:"required"` // document type
	Schedule string `json:"schedule,omitempty"`       // id of a schedule

	Line int `json:"-" manifest:"line"`
}

// Action is a step that templates can use.
type Action struct {
	ID          string          `json:"id" manifest:"required"` // as templates name it
	Title       string          `json:"title,omitempty"`        // name for people
	Description string          `json:"description,omitempty"`  // what it does, for people
	Input       json.RawMessage `json:"input,omitempty"`        // JSON Schema of its input
	Output      json.RawMessage `json:"output,omitempty"`       // JSON Schema of its output
	ReadOnly    bool            `json:"readOnly,omitempty"`     // it changes nothing
	Destructive bool            `json:"destructive,omitempty"`  // it may destroy something
	Idempotent  bool            `json:"idempotent,omitempty"`   // running it twice does no more than once

	Line int `json:"-" manifest:"line"`
}

// Events are the topics that the plugin publishes and listens to.
type Events struct {
	Publish   []string `json:"publish,omitempty"`   // topics, "<id>/…"
	Subscribe []string `json:"subscribe,omitempty"` // topics of any plugin
}

// Schedule runs a piece of the plugin: every so often, or by cron expression.
type Schedule struct {
	ID    string   `json:"id" manifest:"required"` // as the code and others name it
	Every Duration `json:"every,omitempty"`        // interval
	Cron  string   `json:"cron,omitempty"`         // cron expression, in UTC

	Line int `json:"-" manifest:"line"`
}

// knownCapability reports whether name can be asked for in a manifest. Handles
// are always there and are not asked for.
func knownCapability(name string) bool {
	c, ok := abi.CapabilityByName(name)
	return ok && c != abi.CapHandle
}

// scopes says which scope fields belong to which capability.
var scopes = map[string][]string{
	"catalog": {"read", "own", "write", "identity", "locations"},
	"kv":      {"quota"},
	"blob":    {"prefixes", "quota"},
	"http":    {"targets"},
	"secret":  {"secrets"},
	"search":  {"documentTypes"},
	"plugin":  {"plugins"},
	"event":   {"topics"},
	"task":    {"queues"},
	"source":  {"integrations", "hosts", "api"},
}
