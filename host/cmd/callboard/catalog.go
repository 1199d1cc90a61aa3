package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/config"
)

func newCatalogCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "catalog",
		Short:   "Check descriptors, and write the catalog to files",
		Example: "  callboard catalog validate .\n  callboard catalog export > catalog.yaml",
		Args:    usageArgs(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newCatalogValidate(), newCatalogExport())
	return command
}

func newCatalogValidate() *cobra.Command {
	var files []string
	var output string
	var strict bool
	command := &cobra.Command{
		Use:   "validate [PATH]…",
		Short: "Check descriptors as the portal would",
		Long: `Reads descriptors and all that they lead to, as a portal with an empty catalog
would, and reports what is wrong with file and line. Nothing is stored, and no
portal is needed. A path is a file, a folder with catalog-info.yaml files below
it, or a pattern with * and **; without one it is this folder.

With --config the kinds of further plugins, catalog.rules and the hosts that may
be read are those of a portal. Without it every kind of the core is allowed, and
what URLs hold is not looked at: that is a warning.

--output github writes annotations for a GitHub workflow.

Exit code: 0 the portal would take everything, 1 it would not (with --strict: or
there are warnings), 2 wrong usage.`,
		Example: `  callboard catalog validate
  callboard catalog validate services/**/catalog-info.yaml --strict
  callboard catalog validate . --output github`,
		RunE: func(cmd *cobra.Command, args []string) error {
			options := app.InspectOptions{Paths: args}
			if len(args) == 0 {
				options.Paths = []string{"."}
			}
			if len(files) > 0 {
				var err error
				if options.Config, err = config.Load(cmd.Context(), config.Options{Files: files}); err != nil {
					return usage(err)
				}
			}
			found, err := app.Inspect(cmd.Context(), options)
			if err != nil {
				return usage(err)
			}
			if err := printFindings(cmd, output, found); err != nil {
				return err
			}
			return findingsVerdict(found, strict)
		},
	}
	configFilesFlag(command, &files)
	command.Flags().BoolVar(&strict, "strict", false, "fail on warnings too")
	outputFlag(command, &output, "text", "json", "github")
	return command
}

func findingsVerdict(found app.Inspected, strict bool) error {
	errs, warnings := countFindings(found)
	switch {
	case errs > 0:
		return fmt.Errorf("%s in %s", plural(errs, "error"), plural(len(found.Entities), "entity"))
	case strict && warnings > 0:
		return fmt.Errorf("%s in %s", plural(warnings, "warning"), plural(len(found.Entities), "entity"))
	}
	return nil
}

func countFindings(found app.Inspected) (errs, warnings int) {
	for _, f := range found.Problems {
		if f.Warning {
			warnings++
		} else {
			errs++
		}
	}
	return errs, warnings
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printFindings writes one line a finding, or all of it as JSON.
func printFindings(cmd *cobra.Command, output string, found app.Inspected) error {
	if output == "json" {
		return printJSON(cmd, map[string]any{"entities": orEmpty(found.Entities), "problems": orEmpty(found.Problems)})
	}
	var text strings.Builder
	for _, f := range found.Problems {
		if output == "github" {
			text.WriteString(annotation(f) + "\n")
			continue
		}
		if f.File != "" {
			text.WriteString(f.File)
			if f.Line > 0 {
				fmt.Fprintf(&text, ":%d", f.Line)
			}
			text.WriteString(": ")
		}
		if f.Warning {
			text.WriteString("warning: ")
		}
		text.WriteString(f.Message + "\n")
	}
	if output == "text" {
		errs, warnings := countFindings(found)
		fmt.Fprintf(&text, "%s, %s, %s\n", plural(len(found.Entities), "entity"), plural(errs, "error"), plural(warnings, "warning"))
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), text.String()); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// annotation is a workflow command of GitHub's, as in
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func annotation(f app.Finding) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	level := "error"
	if f.Warning {
		level = "warning"
	}
	var at []string
	if f.File != "" {
		at = append(at, "file="+property.Replace(f.File))
	}
	if f.Line > 0 {
		at = append(at, fmt.Sprintf("line=%d", f.Line))
	}
	if f.Ref != "" {
		at = append(at, "title="+property.Replace(f.Ref))
	}
	command := "::" + level
	if len(at) > 0 {
		command += " " + strings.Join(at, ",")
	}
	return command + "::" + data.Replace(f.Message)
}

// exportPage is how many entities are asked for at once.
const exportPage = 500

func newCatalogExport() *cobra.Command {
	var server, output string
	var filters []string
	var whole bool
	command := &cobra.Command{
		Use:   "export",
		Short: "Write the entities of a portal to standard output",
		Long: `Writes entities as descriptors that can be registered again: without uid, etag,
status, relations and the annotations that say where they came from. With
--whole they are written as the portal shows them. What you may not see in the
portal is not written.`,
		Example: `  callboard catalog export > catalog.yaml
  callboard catalog export --filter kind=component,spec.owner=team-a --output json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cursor := ""
			for {
				page, err := readPage(cmd, server, filters, cursor)
				if err != nil {
					return err
				}
				for _, entity := range page.Items {
					if !whole {
						strip(entity)
					}
					if err := writeEntity(cmd, output, entity); err != nil {
						return err
					}
				}
				if cursor = page.PageInfo.NextCursor; cursor == "" {
					return nil
				}
			}
		},
	}
	serverFlag(command, &server)
	command.Flags().StringArrayVar(&filters, "filter", nil, "`filter` as in the API: key=value,key; several are alternatives")
	command.Flags().BoolVar(&whole, "whole", false, "keep what only a portal gives")
	outputFlag(command, &output, "yaml", "json")
	return command
}

type entityPage struct {
	Items    []map[string]any `json:"items"`
	PageInfo struct {
		NextCursor string `json:"nextCursor"`
	} `json:"pageInfo"`
}

func readPage(cmd *cobra.Command, server string, filters []string, cursor string) (entityPage, error) {
	var page entityPage
	answer, err := askPortal(cmd, server, "GET", "/api/catalog/entities/by-query?"+exportQuery(filters, cursor), "")
	if err != nil {
		return page, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(answer)))
	decoder.UseNumber() // what is written is what was read
	if err := decoder.Decode(&page); err != nil {
		return page, errors.New("the answer is not that of a catalog")
	}
	return page, nil
}

func exportQuery(filters []string, cursor string) string {
	q := url.Values{"limit": {strconv.Itoa(exportPage)}}
	if cursor != "" {
		q.Set("cursor", cursor)
		return q.Encode()
	}
	q["filter"], q["orderField"] = filters, []string{"kind", "metadata.namespace", "metadata.name"}
	return q.Encode()
}

// givenAnnotations are those that a portal sets.
var givenAnnotations = []string{
	"backstage.io/managed-by-location", "backstage.io/managed-by-origin-location", "backstage.io/orphan",
	"backstage.io/view-url", "backstage.io/edit-url", "backstage.io/source-location",
}

// strip leaves what an author wrote.
func strip(entity map[string]any) {
	delete(entity, "relations")
	delete(entity, "status")
	metadata, _ := entity["metadata"].(map[string]any)
	delete(metadata, "uid")
	delete(metadata, "etag")
	annotations, _ := metadata["annotations"].(map[string]any)
	for _, key := range givenAnnotations {
		delete(annotations, key)
	}
	if annotations != nil && len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}

// writeEntity writes one YAML document, or one line of JSON.
func writeEntity(cmd *cobra.Command, output string, entity map[string]any) error {
	out := cmd.OutOrStdout()
	if output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(entity)
	}
	if _, err := fmt.Fprintln(out, "---"); err != nil {
		return fmt.Errorf("writing the catalog: %w", err)
	}
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(yamlOf(entity)); err != nil {
		return fmt.Errorf("writing the catalog: %w", err)
	}
	return encoder.Close() //nolint:wrapcheck // of standard output
}

// first are the keys that people look for at the top.
var first = []string{"apiVersion", "kind", "metadata", "spec", "name", "namespace", "title", "description", "type"}

// yamlOf turns a value of JSON into YAML that reads the same: numbers keep
// their spelling, and text that would be something else is quoted.
func yamlOf(value any) *yaml.Node {
	switch v := value.(type) {
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode}
		keys := slices.SortedFunc(maps.Keys(v), func(a, b string) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
		})
		for _, key := range keys {
			node.Content = append(node.Content, yamlOf(key), yamlOf(v[key]))
		}
		return node
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			node.Content = append(node.Content, yamlOf(item))
		}
		return node
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(v.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}
	}
	node := &yaml.Node{}
	_ = node.Encode(value) // text, truth and nothing
	return node
}

func rank(key string) int {
	if i := slices.Index(first, key); i >= 0 {
		return i
	}
	return len(first)
}
