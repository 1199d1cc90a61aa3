package web

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Policy is the policy that is live.
type Policy interface {
	Status() PolicyStatus
	// Evaluate answers for somebody else. Fault: Invalid.
	Evaluate(ctx context.Context, q PolicyQuestion) (PolicyAnswer, error)
}

// PolicyQuestion asks what somebody may do.
type PolicyQuestion struct {
	User       string `json:"user"`   // ref; what it owns is the catalog's to say
	Plugin     string `json:"plugin"` // id, in place of a user
	Permission string `json:"permission"`
	EntityRef  string `json:"entityRef"` // empty: with which entities
}

// PolicyAnswer is what the policy says, and why.
type PolicyAnswer struct {
	Allow  bool     `json:"allow"`
	Rules  []string `json:"rules"`
	Reason string   `json:"reason,omitempty"`
	// Condition says of which entities a permission is had, when no entity is named.
	Condition string `json:"condition,omitempty"`
	// AskedEach says why the policy has to be asked about each entity.
	AskedEach string         `json:"askedEach,omitempty"`
	Input     map[string]any `json:"input"` // what the policy saw
	Revision  string         `json:"revision"`
}

// PolicyStatus says which policy decides, and who has which role by it.
type PolicyStatus struct {
	Revision string      `json:"revision"`
	Since    time.Time   `json:"since"`
	Modules  []string    `json:"modules"` // files of Rego, tests included
	Roles    []RoleShown `json:"roles"`
	// Refused is the newest policy, when it could not be used: it does not
	// compile, or fails its own tests. The one of Revision stays.
	Refused *RefusedPolicy `json:"refused,omitempty"`
}

// RoleShown is a role of the policy.
type RoleShown struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Permissions []string `json:"permissions"`
	Owned       []string `json:"owned"`   // permissions with what one owns
	Members     []string `json:"members"` // refs of users and groups
	// Everybody who is signed in has it; Guests do, in development.
	Everybody bool `json:"everybody"`
	Guests    bool `json:"guests"`
}

// RefusedPolicy is a policy that is not used.
type RefusedPolicy struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// permitReadPolicy shows the policy; what it says tells how to get around it.
const permitReadPolicy = "policy.read"

// maxAuthorized is how many questions one request may ask.
const maxAuthorized = 1000

// maxPermission is how long the name of a permission may be.
const maxPermission = 200

// authorizeItem is one question as Backstage's permission client asks it. What
// the permission does is the host's to know: the client's word is not read.
type authorizeItem struct {
	ID         string `json:"id"`
	Permission struct {
		Name         string `json:"name"`
		ResourceType string `json:"resourceType"`
	} `json:"permission"`
	ResourceRef refs `json:"resourceRef"`
}

// refs are a ref or a list of them; single tells which was written.
type refs struct {
	all    []string
	single bool
}

// UnmarshalJSON reads either form.
func (r *refs) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, &r.all) //nolint:wrapcheck // the caller says what it was reading
	}
	var one string
	if err := json.Unmarshal(text, &one); err != nil {
		return err //nolint:wrapcheck // as above
	}
	r.all, r.single = []string{one}, true
	return nil
}

type authorizeAnswer struct {
	ID     string `json:"id"`
	Result any    `json:"result"` // "ALLOW" or "DENY", or a list of them for a list of refs
}

func (s *Server) permissionRoutes() {
	s.app.Get("/api/policy", func(c *fiber.Ctx) error {
		if _, err := s.permitted(c, permitReadPolicy); err != nil {
			return err
		}
		return s.answer(c, s.config.Policy.Status())
	})
	s.app.Post("/api/policy/evaluate", func(c *fiber.Ctx) error {
		if _, err := s.permitted(c, permitReadPolicy); err != nil {
			return err
		}
		var q PolicyQuestion
		if err := readJSON(c, &q); err != nil {
			return err
		}
		answer, err := s.config.Policy.Evaluate(c.UserContext(), q)
		if err != nil {
			return err
		}
		return s.answer(c, answer)
	})
	s.app.Post("/api/permission/authorize", func(c *fiber.Ctx) error {
		who, err := s.signedIn(c)
		if err != nil {
			return err
		}
		var in struct {
			Items []authorizeItem `json:"items"`
		}
		if err := decodeJSON(c, &in, false); err != nil {
			return err
		}
		if in.Items == nil || len(in.Items) > maxAuthorized {
			return fault.New(fault.Invalid, "items must be a list of at most %d questions: {id, permission: {name, …}, resourceRef}", maxAuthorized)
		}
		out, questions := make([]authorizeAnswer, len(in.Items)), 0
		for i, item := range in.Items {
			if questions += max(1, len(item.ResourceRef.all)); questions > maxAuthorized {
				return fault.New(fault.Invalid, "more than %d questions at once: each ref is one", maxAuthorized)
			}
			if item.ID == "" || item.Permission.Name == "" || len(item.Permission.Name) > maxPermission {
				return fault.New(fault.Invalid, "items[%d] needs an id, and a permission with a name", i)
			}
			result, err := s.authorize(c.UserContext(), who, item)
			if err != nil {
				return err
			}
			out[i] = authorizeAnswer{item.ID, result}
		}
		return s.answer(c, map[string][]authorizeAnswer{"items": out})
	})
}

func (s *Server) authorize(ctx context.Context, who principal.Authority, item authorizeItem) (any, error) {
	p, name := s.config.Permissions, item.Permission.Name
	switch {
	case len(item.ResourceRef.all) == 0 && (p.OfEntity(name) || item.Permission.ResourceType != ""):
		return nil, fault.New(fault.Invalid, "Resource permissions require a resourceRef to be set. Direct user requests without a resourceRef are not allowed.")
	case len(item.ResourceRef.all) == 0:
		return verdict(p.May(ctx, who, name))
	case item.ResourceRef.single:
		return verdict(p.MayWith(ctx, who, name, item.ResourceRef.all[0]))
	}
	results := make([]string, len(item.ResourceRef.all))
	for i, ref := range item.ResourceRef.all {
		one, err := verdict(p.MayWith(ctx, who, name, ref))
		if err != nil {
			return nil, err
		}
		results[i] = one
	}
	return results, nil
}

func verdict(err error) (string, error) {
	switch {
	case err == nil:
		return "ALLOW", nil
	case fault.Is(err, fault.Denied):
		return "DENY", nil
	}
	return "", err
}
