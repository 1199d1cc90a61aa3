package manifest

// UI is what the plugin adds to the portal's pages, as data. Content comes
// from the plugin's own routes, as a tree of the portal's components.
type UI struct {
	Pages       []Page    `json:"pages,omitempty"`
	Nav         []NavItem `json:"nav,omitempty"`
	EntityTabs  []Panel   `json:"entityTabs,omitempty"`
	EntityCards []Panel   `json:"entityCards,omitempty"`
	Widgets     []Panel   `json:"widgets,omitempty"`
	Commands    []Command `json:"commands,omitempty"`
}

// Page is a page of the plugin below /<id>.
type Page struct {
	ID    string `json:"id" manifest:"required"`    // unique in the plugin
	Path  string `json:"path" manifest:"required"`  // below /<id>
	Title string `json:"title" manifest:"required"` // heading and browser title
	Icon  string `json:"icon,omitempty"`            // name of one of the portal's icons
	Route string `json:"route" manifest:"required"` // path of the plugin's route that answers the content

	Line int `json:"-" manifest:"line"`
}

// NavItem is an entry of the main navigation.
type NavItem struct {
	Title string `json:"title" manifest:"required"` // text of the entry
	Path  string `json:"path" manifest:"required"`  // page that it opens
	Icon  string `json:"icon,omitempty"`            // name of one of the portal's icons
	Order int    `json:"order,omitempty"`           // lower comes first
}

// Panel is a tab or card on entity pages, or a widget of the home page.
type Panel struct {
	ID     string   `json:"id" manifest:"required"`    // unique in the plugin
	Title  string   `json:"title" manifest:"required"` // heading
	Filter []string `json:"filter,omitempty"`          // entities that show it; none = all
	Route  string   `json:"route" manifest:"required"` // path of the plugin's route that answers the content

	Line int `json:"-" manifest:"line"`
}

// Command is an entry of the command palette.
type Command struct {
	Title string `json:"title" manifest:"required"` // text of the entry
	Path  string `json:"path" manifest:"required"`  // page that it opens
	Icon  string `json:"icon,omitempty"`            // name of one of the portal's icons
}
