# METADATA
# title: Who may do what
# description: |
#   What holds when an installation brings no policy of its own. A question is allowed when a rule of
#   allow holds and none of deny does. Roles are data (data.callboard.roles), and who has them too
#   (data.callboard.bindings). A company's own rules are further files of this package.
#
#   Input: {principal: {kind, issuer, id, ref, ownership}, permission: {name, action}, resource}.
#   Every principal on the path of a call is asked about, and all must be allowed.
package callboard.authz

# METADATA
# title: The decision
# description: |
#   effect is allow or deny; rules are the names of what led to it; reason is for people. Resources
#   are asked about in bulk with what this comes to when the resource is not known.
# entrypoint: true
default decision := {"effect": "deny", "rules": [], "reason": "no rule allows this"}

decision := {"effect": "allow", "rules": [rule | some rule in allow], "reason": "a rule allows this"} if {
	some _ in allow
	not denied
}

decision := {"effect": "deny", "rules": [rule | some rule in deny], "reason": "a rule denies this"} if denied

denied if some _ in deny

# What a role may do with anything.
allow contains concat(" ", ["role", role]) if {
	some role in roles
	some pattern in data.callboard.roles[role].permissions
	covers(pattern)
}

# What a role may do with what the principal owns.
allow contains concat(" ", ["owner with role", role]) if {
	some role in roles
	some pattern in data.callboard.roles[role].owned
	covers(pattern)
	some owner in input.resource.owners
	owner in input.principal.ownership
}

# What a plugin may do is what it was granted: that is decided before, and a rule of deny narrows it.
allow contains "granted to the plugin" if {
	input.principal.kind == "plugin"
	is_string(input.permission.name)
}

# Whoever is not known changes nothing, whatever else allows it.
deny contains "nobody is signed in" if {
	input.principal.kind == "none"
	not input.permission.action == "read"
}

roles contains binding.role if {
	known
	some binding in data.callboard.bindings
	some member in binding.members
	member in input.principal.ownership
}

# Nobody vouches for a guest, so what is bound to a user is a guest's during development only.
known if input.principal.kind == "service"

known if {
	input.principal.kind == "user"
	input.principal.issuer != "guest"
}

known if guest_in_development

guest_in_development if {
	input.principal.kind == "user"
	input.principal.issuer == "guest"
	data.callboard.installation.environment == "development"
}

# Every user has the roles that the installation gives to all.
roles contains role if {
	input.principal.kind == "user"
	input.principal.issuer != "guest"
	some role in data.callboard.everybody
}

# Guests are there for trying things out: they are let in during development only.
roles contains role if {
	guest_in_development
	some role in data.callboard.guests
}

# A pattern is the name of a permission, a beginning with ".*", an action as "action:read", or "*".
covers(pattern) if {
	pattern == "*"
	is_string(input.permission.name)
}

covers(pattern) if pattern == input.permission.name

covers(pattern) if pattern == concat(":", ["action", input.permission.action])

covers(pattern) if {
	endswith(pattern, ".*")
	startswith(input.permission.name, trim_suffix(pattern, "*"))
}
