package descriptor

// What aliases may repeat grows with the text that has them: a file of many
// small documents must not become a thousand times its size either.
const (
	aliasFloor = 16 << 10
	aliasTimes = 16
	copyCost   = 4 // of a value or key beside its text, as JSON
)

// allowance is how many bytes the aliases in a text may stand for.
func allowance(text int) int64 { return aliasFloor + aliasTimes*int64(text) }

// budget is what may still be made of a document, or of everything that its
// placeholders put in.
type budget struct {
	values int
	copies int64 // bytes that aliases repeat
}

func newBudget(lim Limits) *budget { return &budget{values: lim.Values, copies: lim.FileBytes} }

// value takes one value; it reports false when there is none left.
func (b *budget) value() bool {
	b.values--
	return b.values >= 0
}
