package views

// CataloguePage is what a team can launch.
type CataloguePage struct {
	Chrome
	Search Search
	Tiles  []Tile // environments and workloads: what one launches by itself
	Blocks []Block
	// BlocksTotal counts the building blocks before any search.
	BlocksTotal string
	Empty       string // what to say when a search finds nothing
}

// Tile is a blueprint that people launch directly.
type Tile struct {
	ID, Version string
	Description string
	Kind        string // "Environment", "Workload"
	Cells       []CellLine
	Running     string // "3 running"
	Launch      string
	Page        string
}

// CellLine says whether one cell of a blueprint can be launched now.
type CellLine struct {
	Name string
	Mark Mark
	Href string
}

// Block is a blueprint that other blueprints use.
type Block struct {
	ID, Version, Description, Page, Launch string
	Nodes                                  string
	Running                                string
}
