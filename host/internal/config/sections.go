package config

// Catalog says where entities come from and which are let in.
type Catalog struct {
	Locations          []Location    `key:"locations" doc:"Descriptors that are always in the catalog."`
	Rules              []CatalogRule `key:"rules" doc:"Kinds that are let in; absent allows Component, API and Location, an empty list none."`
	ProcessingInterval Duration      `key:"processingInterval" default:"{hours: 1}" doc:"Time between two refreshes of an entity; the next one falls between 1 and 1.5 times of it."`
	OrphanStrategy     string        `key:"orphanStrategy" default:"delete" enum:"delete|keep" doc:"What becomes of an entity that nothing emits any more."`
	History            History       `key:"history" doc:"How much of the past of the catalog is kept."`
	ReadOnly           bool          `key:"readonly" doc:"Refuse to register or remove locations through the API."`
	// By "plugin/processor".
	ProcessorOptions map[string]ProcessorOptions `key:"processorOptions" pattern:"^[a-z][a-z0-9-]{0,62}/.+$" example:"company/checks" doc:"Order of the processors of plugins, by plugin/processor, and which are left out."`
	Limits           CatalogLimits               `key:"limits" doc:"How much one place may bring; what would be more stays as it was, and a status item says so."`
}

// ProcessorOptions is what the operator says about one processor.
type ProcessorOptions struct {
	Disabled bool `key:"disabled" doc:"Entities go on as if the plugin had no such processor."`
	Priority int  `key:"priority" example:"10" doc:"Lower ones see an entity first; 0 means as the plugin says, which is 20 where it says nothing."`
}

// CatalogLimits bounds what one place brings to the catalog.
type CatalogLimits struct {
	EntitiesPerFile     int      `key:"entitiesPerFile" default:"10000" doc:"Documents of one file or URL."`
	EntitiesPerLocation int      `key:"entitiesPerLocation" default:"200000" doc:"Entities that one configured or registered location leads to, through however many files."`
	TargetsPerLocation  int      `key:"targetsPerLocation" default:"10000" doc:"Files that one Location entity names."`
	EntitiesPerProvider int      `key:"entitiesPerProvider" default:"200000" doc:"Entities of one provider of a plugin."`
	BytesPerProvider    ByteSize `key:"bytesPerProvider" default:"256MiB" doc:"Bytes of the descriptors of one provider of a plugin."`
}

// History says how much of the past of the catalog is kept.
type History struct {
	Retention    Duration `key:"retention" default:"{days: 90}" doc:"Changes and removed registrations that are older go; 0s keeps them."`
	MaxPerEntity int      `key:"maxPerEntity" default:"200" doc:"Changes that are kept of one entity, the newest; 0 is no bound."`
}

// Location names descriptors to read.
type Location struct {
	Type   string         `key:"type" example:"url" doc:"file or url, or a type that a plugin brings."`
	Target string         `key:"target" example:"https://git.example.com/shop/blob/main/catalog-info.yaml" doc:"Path or URL; a file may hold * and **."`
	Rules  []LocationRule `key:"rules" doc:"Kinds that this location may bring beside those of catalog.rules."`
}

// LocationRule lets kinds in from one location.
type LocationRule struct {
	Allow []string `key:"allow" example:"[User, Group]" doc:"The kinds."`
}

// CatalogRule lets kinds in, from everywhere or from matching locations.
type CatalogRule struct {
	Allow     []string          `key:"allow" example:"[Component, API]" doc:"The kinds."`
	Locations []LocationMatcher `key:"locations" doc:"Where the rule holds: absent means everywhere, an empty list nowhere."`
}

// LocationMatcher selects locations; Exact and Pattern exclude each other.
type LocationMatcher struct {
	Type    string `key:"type" example:"url" doc:"Type of the location."`
	Exact   string `key:"exact" doc:"The whole target."`
	Pattern string `key:"pattern" example:"https://git.example.com/*/catalog-info.yaml" doc:"Target with * and **."`
}

// Integrations are source hosts and the credentials to read them.
type Integrations struct {
	GitHub          []SourceHost `key:"github" doc:"GitHub and GitHub Enterprise."`
	GitLab          []SourceHost `key:"gitlab" doc:"GitLab."`
	Gitea           []SourceHost `key:"gitea" doc:"Gitea and Forgejo."`
	BitbucketCloud  []SourceHost `key:"bitbucketCloud" doc:"Bitbucket Cloud."`
	BitbucketServer []SourceHost `key:"bitbucketServer" doc:"Bitbucket Data Center."`
	AWSS3           []S3Host     `key:"awsS3" doc:"S3 and what speaks its API."`
}

// SourceHost is one source host; which keys count depends on its type.
type SourceHost struct {
	Host        string      `key:"host" example:"github.com" doc:"Host name of the URLs."`
	APIBaseURL  string      `key:"apiBaseUrl" example:"https://git.example.com/api/v3" doc:"Address of the API, when it cannot be told from the host."`
	RawBaseURL  string      `key:"rawBaseUrl" doc:"Address of raw files, GitHub Enterprise only."`
	BaseURL     string      `key:"baseUrl" doc:"Address of the site, when it is not https://host."`
	Token       Secret      `key:"token" doc:"Access token."`
	Username    string      `key:"username" doc:"User of a password."`
	Password    Secret      `key:"password" doc:"Password."`
	AppPassword Secret      `key:"appPassword" doc:"App password, Bitbucket Cloud only."`
	Apps        []GitHubApp `key:"apps" doc:"GitHub Apps, GitHub only."`
	Plugins     []string    `key:"plugins" example:"[catalog, discovery]" doc:"Plugins that may use this entry; absent means all. Where several entries have one host, that which names the plugin counts. The catalog's own reads count as plugin catalog."`
}

// Events is what other systems send.
type Events struct {
	HTTP    EventsHTTP    `key:"http" doc:"Webhooks, at /api/events/http/<topic>."`
	Modules EventsModules `key:"modules" doc:"The source hosts that send."`
}

// EventsHTTP says which webhooks are taken.
type EventsHTTP struct {
	Topics []string `key:"topics" example:"[github]" doc:"Topics that are taken: github, gitea, gitlab. Each needs the secret of its module."`
}

// EventsModules are the source hosts that send.
type EventsModules struct {
	GitHub EventsModule `key:"github" doc:"GitHub. The webhookSecret of apps below integrations counts as well."`
	Gitea  EventsModule `key:"gitea" doc:"Gitea and Forgejo."`
	GitLab EventsModule `key:"gitlab" doc:"GitLab."`
}

// EventsModule is one source host.
type EventsModule struct {
	WebhookSecret Secret `key:"webhookSecret" doc:"Secret that signs its webhooks."`
}

// GitHubApp is the identity of a GitHub App.
type GitHubApp struct {
	AppID         int      `key:"appId" doc:"Id of the app."`
	ClientID      string   `key:"clientId" doc:"OAuth client id."`
	ClientSecret  Secret   `key:"clientSecret" doc:"OAuth client secret."`
	WebhookSecret Secret   `key:"webhookSecret" doc:"Secret that signs webhooks."`
	PrivateKey    Secret   `key:"privateKey" doc:"Key in PEM; use $file."`
	AllowedOwners []string `key:"allowedInstallationOwners" doc:"Organizations whose installations count; absent means all."`
}

// S3Host is an S3 endpoint and its credentials.
type S3Host struct {
	Host            string `key:"host" example:"s3.example.com" doc:"Host name of the URLs."`
	Endpoint        string `key:"endpoint" example:"https://s3.example.com" doc:"Address, when it is not Amazon's."`
	ForcePathStyle  bool   `key:"s3ForcePathStyle" doc:"Put the bucket into the path."`
	Region          string `key:"region" doc:"Region."`
	AccessKeyID     string `key:"accessKeyId" doc:"Access key id."`
	SecretAccessKey Secret `key:"secretAccessKey" doc:"Secret access key."`
	RoleARN         string `key:"roleArn" doc:"Role to assume."`
	ExternalID      string `key:"externalId" doc:"External id of the role."`

	Plugins []string `key:"plugins" example:"[catalog]" doc:"Plugins that may use this entry; absent means all."`
}

// Auth is how people sign in.
type Auth struct {
	Environment string        `key:"environment" default:"development" enum:"development|production" doc:"Which settings of the providers count; development allows the guest."`
	Providers   AuthProviders `key:"providers" doc:"Identity providers."`
	Session     AuthSession   `key:"session" doc:"Sessions of signed-in people."`
}

// AuthProviders are the identity providers. The keys of a provider's map are
// environments.
type AuthProviders struct {
	Guest  *GuestProvider           `key:"guest" doc:"Lets everybody in without signing in; development only."`
	GitHub map[string]OAuthProvider `key:"github" doc:"GitHub, by environment."`
	OIDC   map[string]OAuthProvider `key:"oidc" doc:"Any OpenID Connect provider, by environment."`
}

// GuestProvider lets everybody in without signing in.
type GuestProvider struct {
	UserEntityRef       string   `key:"userEntityRef" default:"user:development/guest" doc:"Who a guest is."`
	OwnershipEntityRefs []string `key:"ownershipEntityRefs" doc:"What a guest owns as; absent means as itself."`
	Personas            []string `key:"personas" example:"[user:default/ada]" doc:"Users between whom a person may switch in development; ours, Backstage has no such key."`
	OutsideDevelopment  bool     `key:"dangerouslyAllowOutsideDevelopment" doc:"Let guests in although the environment is production or others can reach the address."`
}

// OAuthProvider is a client at an identity provider.
type OAuthProvider struct {
	ClientID              string `key:"clientId" doc:"Client id."`
	ClientSecret          Secret `key:"clientSecret" doc:"Client secret."`
	MetadataURL           string `key:"metadataUrl" example:"https://id.example.com/.well-known/openid-configuration" doc:"OIDC: address of the provider's metadata."`
	CallbackURL           string `key:"callbackUrl" doc:"Address to come back to, when it cannot be told from app.baseUrl."`
	EnterpriseInstanceURL string `key:"enterpriseInstanceUrl" doc:"GitHub Enterprise: its address."`
	Prompt                string `key:"prompt" doc:"OIDC: none, login, consent or auto."`
	AdditionalScopes      Texts  `key:"additionalScopes" doc:"Scopes to ask for beside the needed ones."`
	SignIn                SignIn `key:"signIn" doc:"How an identity is matched to a User entity."`
}

// SignIn lists the resolvers that are tried in order.
type SignIn struct {
	Resolvers []Resolver `key:"resolvers" doc:"Tried in order; the first that finds a User wins."`
}

// Resolver matches an identity to a User entity.
type Resolver struct {
	Name       string `key:"resolver" example:"emailMatchingUserEntityProfileEmail" doc:"Name of the resolver."`
	Annotation string `key:"annotation" doc:"Annotation to compare with, for resolvers that take one."`
}

// AuthSession is about the sessions of signed-in people.
type AuthSession struct {
	Secret Secret `key:"secret" doc:"Key that signs what a sign-in in progress keeps in the browser; absent means one is made and kept in the database."`
}

// TechDocs says how documentation sites are built and kept.
type TechDocs struct {
	Builder   string            `key:"builder" default:"local" enum:"local|external" doc:"local builds on demand, external only serves what a pipeline published."`
	Publisher TechDocsPublisher `key:"publisher" doc:"Where built sites are kept."`
}

// TechDocsPublisher says where built sites are kept.
type TechDocsPublisher struct {
	Type string `key:"type" default:"local" doc:"local or awsS3."`
}

// Search is the search engine.
type Search struct {
	Engine      string      `key:"engine" default:"embedded" enum:"embedded|meilisearch" doc:"embedded keeps the index in the data folder."`
	Meilisearch Meilisearch `key:"meilisearch" doc:"The Meilisearch server."`
}

// Meilisearch is where the Meilisearch server is.
type Meilisearch struct {
	Host   string `key:"host" example:"http://meilisearch:7700" doc:"Address of the server."`
	APIKey Secret `key:"apiKey" doc:"API key."`
}

// Permission says whether policy decides.
type Permission struct {
	Enabled  bool          `key:"enabled" default:"true" doc:"false lets everybody do everything; refused in production."`
	Policy   PolicySource  `key:"policy" doc:"A company's own rules, in Rego." live:"true"`
	Bindings []RoleBinding `key:"bindings" doc:"Who has which role." live:"true"`
	Guests   []string      `key:"guests" example:"[viewer]" doc:"Roles of guests, who are let in during development only; absent means admin, an empty list none but those of bindings." live:"true"`
}

// PolicySource is where the rules of a company are.
type PolicySource struct {
	Folder   string `key:"folder" example:"./policy" doc:"Folder of Rego modules and data.json, read beside the policy in the binary."`
	Replaces bool   `key:"replaces" doc:"true uses the folder in place of the policy in the binary."`
}

// RoleBinding gives a role to people.
type RoleBinding struct {
	Role    string   `key:"role" example:"platform-engineer" doc:"A role of the policy: viewer, developer, platform-engineer, security, admin, or one of the company's."`
	Members []string `key:"members" example:"[group:default/platform]" doc:"Refs of users and groups."`
}

// Plugins are the plugins of this installation.
type Plugins struct {
	Entries   map[string]PluginEntry `key:"entries" pattern:"^[a-z][a-z0-9-]{0,62}$" example:"deploy-board" doc:"One entry a plugin, by plugin id."`
	Recording PluginRecording        `key:"recording" doc:"Recordings of failed calls, to run them again."`
}

// PluginRecording says what is kept of calls that fail.
type PluginRecording struct {
	Enabled bool   `key:"enabled" default:"true" doc:"Keep failed calls of plugins, encrypted in the data folder, for seven days."`
	Bodies  string `key:"bodies" default:"development" enum:"development|always|never" doc:"When payloads are part of a recording; without them it tells what happened and cannot be run again. Development follows auth.environment."`
}

// PluginEntry is one plugin and what the operator allows it.
type PluginEntry struct {
	Enabled bool              `key:"enabled" default:"true" doc:"false keeps the plugin installed and stopped."`
	Source  string            `key:"source" example:"./plugins/deploy-board" doc:"Folder, file or address of the plugin bundle; absent for the plugins in the binary."`
	Digest  string            `key:"digest" pattern:"^sha256:[0-9a-f]{64}$" example:"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"Digest that the plugin bundle must have."`
	Grants  map[string]Grant  `key:"grants" pattern:"^[a-z][a-z0-9-]{0,62}$" example:"http" doc:"What the plugin may use, by capability: true, false, or a scope that narrows it." live:"true"`
	Secrets map[string]Secret `key:"secrets" pattern:"^[a-z0-9._-]{1,63}$" example:"jira" doc:"Secrets that the plugin may use where its manifest and its grant of secret say, by name; give them by $env or $file." live:"true"`
	Limits  Limits            `key:"limits" doc:"Limits of this plugin, at most those of the section limits." live:"true"`
	Config  Tree              `key:"config" doc:"Configuration of the plugin itself, without secrets." live:"true"`
}

// Policy has no keys in this version.
type Policy struct{}

// Limits bound what a plugin may use. Zero leaves the default in force.
type Limits struct {
	Memory         ByteSize  `key:"memory" example:"64MiB" doc:"Memory of one instance."`
	Deadline       Deadlines `key:"deadline" example:"5s" doc:"Wall-clock time of one call."`
	Instances      int       `key:"instances" example:"4" doc:"Instances that may run at once."`
	Fuel           int64     `key:"fuel" example:"2000000000" doc:"Steps of one call, at least 4096: function entries and turns of loops. Absent means 64 for each nanosecond of the deadline, so that the deadline comes first."`
	CPUPercent     int       `key:"cpuPercent" example:"50" doc:"Share of one processor that the plugin's code may use, averaged over a second; 200 is two processors. Calls beyond it wait, and are refused when that would take long. Absent means no limit: long calls step back behind short ones all the same."`
	HostCalls      int       `key:"hostCalls" example:"1000" doc:"Calls to capabilities within one call."`
	Handles        int       `key:"handles" example:"64" doc:"Handles open within one call."`
	HandleBytes    ByteSize  `key:"handleBytes" example:"64MiB" doc:"Bytes behind the handles of one call."`
	LogBytes       ByteSize  `key:"logBytes" example:"64KiB" doc:"Log text of one call."`
	ResponseBytes  ByteSize  `key:"responseBytes" example:"8MiB" doc:"Size of one response."`
	EgressBytes    ByteSize  `key:"egressBytes" example:"32MiB" doc:"Bytes exchanged with other servers within one call."`
	EgressRequests int       `key:"egressRequests" example:"20" doc:"Requests to other servers within one call, redirects included."`
}

// Blob says where plugins' blobs are kept.
type Blob struct {
	Backend string `key:"backend" default:"local" enum:"local|s3" doc:"local keeps them in the data folder, s3 in a bucket, which several replicas need."`
	S3      BlobS3 `key:"s3" doc:"The bucket, with backend: s3."`
}

// BlobS3 is a bucket of S3, or of a server that speaks its protocol.
type BlobS3 struct {
	Endpoint        string `key:"endpoint" example:"https://minio.example.com" doc:"Address of the server; absent means AWS."`
	Region          string `key:"region" default:"us-east-1" doc:"Region of the bucket."`
	Bucket          string `key:"bucket" example:"callboard" doc:"Name of the bucket."`
	Prefix          string `key:"prefix" example:"callboard/" doc:"Stands before every object key, for a bucket that others use too."`
	PathStyle       bool   `key:"pathStyle" doc:"Name the bucket in the path instead of the host, as most servers other than AWS want."`
	AccessKeyID     string `key:"accessKeyId" doc:"Access key id."`
	SecretAccessKey Secret `key:"secretAccessKey" doc:"Secret access key; use $env or $file."`
	SessionToken    Secret `key:"sessionToken" doc:"Session token of temporary credentials."`
}

// Telemetry is logs, metrics and traces.
type Telemetry struct {
	LogFormat    string  `key:"logFormat" default:"text" enum:"json|text" doc:"Form of log lines."`
	LogLevel     string  `key:"logLevel" default:"info" enum:"debug|info|warn|error" doc:"Least severe level that is logged." live:"true"`
	OTLPEndpoint string  `key:"otlpEndpoint" example:"http://otel-collector:4318" doc:"Where traces go by OTLP over HTTP; absent sends none."`
	Metrics      Metrics `key:"metrics" doc:"The metrics of Prometheus."`
}

// Metrics says where /metrics is served.
type Metrics struct {
	Listen *Addr `key:"listen" example:"127.0.0.1:9090" doc:"Own address for /metrics; absent serves it beside the portal while that listens on loopback."`
}
