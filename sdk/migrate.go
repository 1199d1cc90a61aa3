package sdk

import "github.com/callboard/callboard/sdk/contract"

// migrate answers lifecycle.migrate/1.
func (g *Guest) migrate(c *call, payload []byte) []byte {
	var m contract.Migration
	if _, err := m.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the migration: %w", err))
	}
	if g.plugin.Migrate == nil {
		return g.fail(NotFound("this plugin registers no migration"))
	}
	if err := g.plugin.Migrate(c, m.From, m.To); err != nil {
		return g.fail(err)
	}
	return g.succeed(&contract.Migrated{Schema: m.To})
}
