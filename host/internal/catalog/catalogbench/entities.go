package catalogbench

import (
	"fmt"
	"strings"
)

var (
	adjectives = strings.Fields("amber brisk calm dusty eager fuzzy grand hasty ivory jolly keen lucid mellow noble olive " +
		"proud quick rapid solar tidy urban vivid warm young zesty")
	nouns = strings.Fields("account basket billing booking cart catalog checkout claim consent coupon customer delivery " +
		"device email event feed fraud gateway identity inventory invoice ledger loan loyalty mailer " +
		"media metric notification order parcel partner payment payout policy pricing product profile " +
		"quote rating refund report review risk routing search session settlement shipment statement " +
		"stock subscription tariff tax token transfer wallet warehouse")
	suffixes = strings.Fields("api worker web batch sync proxy store engine adapter job")
	tags     = strings.Fields("java go python nodejs typescript kotlin rust grpc rest kafka postgres redis graphql react " +
		"batch streaming ml pci gdpr tier-1 tier-2 tier-3 legacy cloud-native")
	regions = strings.Fields("eu-west us-east ap-south")
	types   = strings.Fields("service service service service service service website website " +
		"library library library batch-job mobile-app")
	lifecycles = strings.Fields("production production production production production production production " +
		"experimental experimental deprecated")
	verbs  = strings.Fields("handles stores validates publishes renders aggregates reconciles enriches exports forwards")
	given  = strings.Fields("ada ben cleo dan eva finn gia hugo ines jon kira leo mia nils ola pia ravi sara tom uma")
	family = strings.Fields("abt berg cole dahl engel frank grau holm ito jung kato lind mori nowak ott park roth sato")
	links  = [][2]string{{"Runbook", "docs"}, {"Dashboard", "dashboard"}, {"Chat", "chat"}, {"Admin", "admin"}}
)

// breadth is how many groups stand under one.
const breadth = 8

// title makes words of a name.
func title(name string) string {
	words := strings.Split(name, "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// noun is the second word of a name that begins with adjective and noun.
func noun(name string) string { return strings.Split(name, "-")[1] }

// head writes everything above spec. No value needs quotes that is not in them.
func (g *generator) head(kind, name, title, description string) *strings.Builder {
	b := &strings.Builder{}
	fmt.Fprintf(b, "apiVersion: backstage.io/v1alpha1\nkind: %s\nmetadata:\n  name: %s\n  namespace: default\n", kind, name)
	fmt.Fprintf(b, "  title: %q\n  description: %q\n", title, description)
	fmt.Fprintf(b, "  labels:\n    example.org/tier: \"%d\"\n    example.org/region: %s\n    example.org/cost-center: cc-%d\n",
		1+g.rng.IntN(4), g.pick(regions), 100+g.rng.IntN(81))
	fmt.Fprintf(b, "  annotations:\n    example.org/project-slug: \"example/%s\"\n    example.org/source: \"https://git.example.org/example/%s\"\n", name, name)
	if kind == "Component" || kind == "API" {
		fmt.Fprintf(b, "    example.org/oncall-service: \"PD%06X\"\n    example.org/dashboard: \"https://metrics.example.org/d/%s\"\n    example.org/ci: \"https://ci.example.org/job/%s\"\n",
			g.rng.IntN(1<<24), name, name)
	}
	fmt.Fprintf(b, "  tags: [%s]\n  links:\n", strings.Join(g.pickSome(tags, 2+g.rng.IntN(4)), ", "))
	first := g.rng.IntN(len(links))
	for _, at := range []int{first, (first + 1 + g.rng.IntN(len(links)-1)) % len(links)} {
		fmt.Fprintf(b, "    - url: \"https://%s.example.org/%s\"\n      title: %s\n      icon: %s\n",
			strings.ToLower(links[at][0]), name, links[at][0], links[at][1])
	}
	b.WriteString("spec:\n")
	return b
}

func (g *generator) domain(i int) string {
	name := g.domains[i]
	b := g.head("Domain", name, title(name), "Everything about "+nouns[i%len(nouns)]+".")
	fmt.Fprintf(b, "  owner: %s\n", g.owner())
	return b.String()
}

func (g *generator) system(i int) string {
	name := g.systems[i]
	b := g.head("System", name, title(name), fmt.Sprintf("The %s system, which %s %s data.", noun(name), g.pick(verbs), noun(name)))
	fmt.Fprintf(b, "  owner: %s\n  domain: %s\n", g.owner(), g.pick(g.domains))
	return b.String()
}

// group writes one node of a tree: group i stands under group (i-1)/breadth.
func (g *generator) group(i int) string {
	name, level := g.groups[i], 0
	for at := i; at > 0; at = (at - 1) / breadth {
		level++
	}
	kind := []string{"organization", "business-unit", "department", "team"}[min(level, 3)]
	b := g.head("Group", name, title(name), "A "+kind+".")
	fmt.Fprintf(b, "  type: %s\n  profile:\n    displayName: %q\n    email: %s@example.org\n", kind, title(name), name)
	if i > 0 {
		fmt.Fprintf(b, "  parent: %s\n", g.groups[(i-1)/breadth])
	}
	first := min(i*breadth+1, len(g.groups))
	fmt.Fprintf(b, "  children: [%s]\n", strings.Join(g.groups[first:min(first+breadth, len(g.groups))], ", "))
	return b.String()
}

func (g *generator) user(i int) string {
	name := g.users[i]
	first, last, _ := strings.Cut(strings.TrimRight(name, "0123456789"), ".")
	display := title(first) + " " + title(last)
	b := g.head("User", name, display, "Engineer.")
	fmt.Fprintf(b, "  profile:\n    displayName: %q\n    email: %s@example.org\n  memberOf: [%s]\n",
		display, name, strings.Join(g.pickSome(g.groups, 1+g.rng.IntN(2)), ", "))
	return b.String()
}

func (g *generator) api(i int) string {
	name := g.apis[i]
	b := g.head("API", name, title(name), fmt.Sprintf("The %s API, which %s %s records.", noun(name), g.pick(verbs), noun(name)))
	fmt.Fprintf(b, "  type: openapi\n  lifecycle: %s\n  owner: %s\n  system: %s\n  definition: |\n", g.pick(lifecycles), g.owner(), g.pick(g.systems))
	version := fmt.Sprintf("%d.%d.0", 1+g.rng.IntN(4), g.rng.IntN(21))
	definition := strings.NewReplacer("TITLE", name, "VERSION", version, "NOUN", noun(name), "TYPE", title(noun(name))).Replace(openAPI)
	for line := range strings.Lines(definition) {
		b.WriteString("    " + line)
	}
	return b.String()
}

func (g *generator) component(i int) string {
	name, kind := g.components[i], g.pick(types)
	b := g.head("Component", name, title(name), fmt.Sprintf("A %s that %s %s data for the %s team.", kind, g.pick(verbs), noun(name), g.pick(nouns)))
	fmt.Fprintf(b, "  type: %s\n  lifecycle: %s\n  owner: %s\n  system: %s\n  dependsOn:\n", kind, g.pick(lifecycles), g.owner(), g.pick(g.systems))
	others := map[int]bool{i: true}
	for len(others) < min(4, len(g.components)) {
		other := g.rng.IntN(len(g.components))
		if !others[other] {
			others[other] = true
			fmt.Fprintf(b, "    - component:default/%s\n", g.components[other])
		}
	}
	if kind == "service" || kind == "website" {
		if g.rng.IntN(100) < 35 {
			fmt.Fprintf(b, "  providesApis:\n    - %s\n", g.pick(g.apis))
		}
		fmt.Fprintf(b, "  consumesApis:\n    - %s\n", strings.Join(g.pickSome(g.apis, 1+g.rng.IntN(2)), "\n    - "))
	}
	return b.String()
}

const openAPI = `openapi: 3.0.3
info:
  title: TITLE
  version: VERSION
  description: Operations on NOUN records.
paths:
  /NOUNs:
    get:
      operationId: listTYPE
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 20}}
      responses:
        '200':
          description: A page of NOUN records
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/TYPE'}}
    post:
      operationId: createTYPE
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/TYPE'}
      responses:
        '201': {description: Created}
  /NOUNs/{id}:
    get:
      operationId: getTYPE
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        '200': {description: The record}
        '404': {description: Not found}
components:
  schemas:
    TYPE:
      type: object
      required: [id, state]
      properties:
        id: {type: string, format: uuid}
        state: {type: string, enum: [new, active, closed]}
        updatedAt: {type: string, format: date-time}
`
