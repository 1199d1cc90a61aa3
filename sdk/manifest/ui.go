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
	ID    string `json:"id" manifest:"required"`
	Path  string `json:"path" manifest:"required"`
	Title string `json:"title" manifest:"required"`
	Icon  string `json:"icon,omitempty"`
	Route string `json:"route" manifest:"required"` // path of the plugin's route that answers the content

	Line int `json:"-" manifest:"line"`
}

// NavItem is an entry of the main navigation.
type NavItem struct {
	Title string `json:"title" manifest:"required"`
	Path  string `json:"path" manifest:"required"`
	Icon  string `json:"icon,omitempty"`
	Order int    `json:"order,omitempty"`
}

// Panel is a tab or card on entity pages, or a widget of the home page.
type Panel struct {
	ID     string   `json:"id" manifest:"required"`
	Title  string   `json:"title" manifest:"required"`
	Filter []string `json:"filter,omitempty"` // entities that show it; none = all
	Route  string   `json:"route" manifest:"required"`

	Line int `json:"-" manifest:"line"`
}

// Command is an entry of the command palette.
type Command struct {
	Title string `json:"title" manifest:"required"`
	Path  string `json:"path" manifest:"required"`
	Icon  string `json:"icon,omitempty"`
}
