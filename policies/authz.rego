# METADATA
# title: Who may do what
# description: |
#   What holds when an installation brings no policy of its own. In development a guest has the
#   role admin; everybody else, and everybody in production, is denied.
#   Input: {principal: {kind, issuer, id, ref}, actor, permission: {name}, resource}.
package callboard.authz

# METADATA
# title: The decision
# description: "effect is allow or deny; reason is for the decision log and for explanations."
# entrypoint: true
default decision := {"effect": "deny", "reason": "no rule allows this"}

decision := {"effect": "allow", "reason": "the role admin may do everything"} if {
	"admin" in roles
	is_string(input.permission.name)
}

roles contains "admin" if {
	input.principal.kind == "user"
	input.principal.issuer == "guest"
	data.callboard.installation.environment == "development"
}
